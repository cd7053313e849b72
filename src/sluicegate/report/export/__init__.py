"""The log in the forms of other programs: one module a form, listed in `formats`. Pure.

What is exported is read out of verified entries and changes none of their digests. An
export is a copy: it proves nothing by itself, so each part of it names the entry it
stems from, by index and leaf hash, and the state of the log that has the entry.
"""
