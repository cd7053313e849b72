"""What files of a model are: recognised by their bytes alone, in a process of its own.

``python -I -m sluicegate.model_files ORDERS`` reads, and loads nothing: no file is
unpickled, imported, unpacked to disk or given to a library that would. It needs nothing
beyond the standard library.
"""
