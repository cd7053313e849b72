"""What a person who opens the branch of a log finds there beside it."""

from collections.abc import Mapping

_README = """\
# An audit log

This branch is the audit log of a project's releases, written by Sluicegate: one commit
for each batch of entries. It shares no history with the code. Do not merge it, edit it,
or push to it; `sluice audit verify` finds every change.

| file | |
| --- | --- |
| `checkpoint` | the signed state of the log: name, number of entries, root hash |
| `tile/entries/` | the entries, 256 to a file |
| `tile/0/` and up | the hash tree over them |
| `evidence/` | reports that entries name by their SHA-256 |

The format is C2SP tlog-tiles, https://c2sp.org/tlog-tiles.
"""
# Whoever checks the branch out gets the bytes, whatever Git does to line ends there.
_ATTRIBUTES = "* -text -diff -merge\n"

WELCOME: Mapping[str, bytes] = {
    ".gitattributes": _ATTRIBUTES.encode(),
    "README.md": _README.encode(),
}
"""Files by name. They are no part of the log."""
