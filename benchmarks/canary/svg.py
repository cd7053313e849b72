"""Just enough SVG for the plots of this benchmark, on light pages and on dark ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK = "#767c85"
COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#d55e00", "#e69f00", "#cc79a7", "#999999")


@dataclass
class Drawing:
    """Shapes in the order in which they are drawn. Units are pixels."""

    width: int
    height: int
    title: str
    shapes: list[str] = field(default_factory=list)

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        colour: str = INK,
        *,
        dashed: bool = False,
    ) -> None:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        (x1, y1), (x2, y2) = start, end
        self.shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' stroke="{colour}"{dash}/>'
        )

    def path(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.shapes.append(
            f'<polyline points="{joined}" fill="none" stroke="{colour}"'
            ' stroke-width="1.2"/>'
        )

    def dot(
        self,
        at: tuple[float, float],
        colour: str,
        *,
        radius: float = 2.5,
        opacity: float = 1.0,
    ) -> None:
        """A disc; of opacity 0 only its rim."""
        rim = f' stroke="{colour}" stroke-width="1.5"' if opacity == 0 else ""
        self.shapes.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius}" fill="{colour}"'
            f' fill-opacity="{opacity}"{rim}/>'
        )

    def text(
        self,
        at: tuple[float, float],
        words: str,
        *,
        anchor: str = "start",
        colour: str = INK,
        size: int = 12,
    ) -> None:
        self.shapes.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" fill="{colour}"'
            f' text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'
        )

    def render(self) -> str:
        """The whole document."""
        shapes = "\n".join(self.shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}"'
            f' height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
            f' font-family="sans-serif" role="img">\n<title>{escape(self.title)}'
            f"</title>\n{shapes}\n</svg>\n"
        )
