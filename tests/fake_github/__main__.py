"""The fake GitHub as a process, for programs that bring their own client.

    PYTHONPATH=tests python -m fake_github --port 0 --state FILE [--git FOLDER]

It prints its address as its first line, reads the state from FILE if there is one, and
writes it there after each request that changes something, whole or not at all. At its
end (SIGTERM or SIGINT) it lists violations on stderr and exits 1 if there are any.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from fake_github.server import serve
from fake_github.state import State
from fake_github.state_file import read_state, write_state


def main() -> int:
    parser = argparse.ArgumentParser(prog="fake_github")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--git", type=Path, help="the repository's git folder")
    options = parser.parse_args()
    file: Path | None = options.state
    state = read_state(file) if file is not None and file.exists() else State()
    if options.git is not None:
        state.repository.git_dir = options.git
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    save = None if file is None else lambda: write_state(file, state)
    with serve(state, port=options.port, changed=save) as github:
        print(github.url, flush=True)
        ended.wait()
    for violation in github.violations:
        print(violation, file=sys.stderr)
    return 1 if github.violations else 0


if __name__ == "__main__":
    sys.exit(main())
