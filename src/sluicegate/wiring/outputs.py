"""Files that a command is asked to write."""

from sluicegate.adapters.exported_files import fill_folder, write_lines_to

__all__ = ["fill_folder", "write_lines_to"]
