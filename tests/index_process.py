"""A process that indexes a log: `python index_process.py LOG VKEY INDEX [DIE_AFTER]`.

It adds few entries at a time, and is killed after so many additions if told so. It ends
with how many entries of one stage it finds.
"""

import os
import signal
import sys
from pathlib import Path

from sluicegate.adapters.sqlite_index import SqliteIndex
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit import indexing
from sluicegate.audit.query import Query
from sluicegate.audit.reader import LogReader
from sluicegate.audit.search import Search
from sluicegate.tlog.note import parse_vkey


def main(folder: str, vkey: str, path: str, die_after: str = "0") -> None:
    indexing._BATCH = 64
    left = int(die_after)

    def count_down(_done: int, _total: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    log = LogReader(DirectoryLog(Path(folder)), parse_vkey(vkey))
    search = Search(log, SqliteIndex(Path(path), vkey), count_down)
    print(sum(1 for _ in search.find(Query(stage="lint"))))


if __name__ == "__main__":
    main(*sys.argv[1:])
