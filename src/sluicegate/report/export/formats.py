"""All forms of export. A new one is a module and a line here."""

from collections.abc import Mapping

from sluicegate.report.export.csv_rows import CSV
from sluicegate.report.export.in_toto import IN_TOTO
from sluicegate.report.export.logged import Format

FORMATS: Mapping[str, Format] = {each.name: each for each in (IN_TOTO, CSV)}
"""By the names that ``sluice audit export --format`` takes."""
