"""The figures in docs/canary.md are those of the last benchmark."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN = "<!-- begin: python benchmarks/canary.py -->\n"
END = "<!-- end -->"


def test_the_page_shows_the_figures_of_the_last_benchmark() -> None:
    page = (ROOT / "docs" / "canary.md").read_text()
    shown = page.partition(BEGIN)[2].partition(END)[0]
    *tables, origin = shown.strip().split("\n\n")
    results = (ROOT / "benchmarks" / "results" / "canary.md").read_text()
    assert len(tables) == 4
    for part in (*tables, origin):
        assert part in results
