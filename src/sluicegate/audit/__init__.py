"""The audit log: append, verify, record.

`open_log` opens a project's log or begins it, `recorder.Recorder` records a run,
`history` reads runs back, `verify.verify` checks a log from outside.
"""

from sluicegate.audit.opening import open_log

__all__ = ["open_log"]
