"""Start Sluicegate from the Action's own files.

The interpreter is started with ``-I``, so that nothing of the folder it is started in,
of the user's site-packages or of variables is ever imported.
"""  # noqa: INP001 - a script, run by its path

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
runpy.run_module("sluicegate", run_name="__main__", alter_sys=True)
