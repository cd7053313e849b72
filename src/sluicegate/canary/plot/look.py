"""Colours and sizes of the picture: read at 640 pixels, by day and by night.

The colours of the lines are told apart by those who see few of them, too; the lines
differ in their dashes as well.

Source:
    M. Okabe, K. Ito, "Color Universal Design", https://jfly.uni-koeln.de/color/.
"""

WIDTH = 640
LEFT, RIGHT = 52.0, 520.0
LINES = 6
"""At most so many metrics are drawn."""

STYLE = """
.bg{fill:#fff}
text{fill:#24292f;font:12px system-ui,-apple-system,"Segoe UI",sans-serif}
.head{font-size:15px;font-weight:600}
.quiet{fill:#57606a;font-size:11px}
.percent{font-size:11px}
.end{text-anchor:end}
.mid{text-anchor:middle}
.axis,.grid,.abort,.promote,.mark,.m{fill:none;stroke-width:1}
.axis{stroke:#8c959f}
.grid{stroke:#d8dee4}
.abort{stroke:#cf222e;stroke-width:1.5;stroke-dasharray:6 3}
.promote{stroke:#1a7f37;stroke-width:1.5;stroke-dasharray:6 3}
text.abort{fill:#cf222e;stroke:none}
text.promote{fill:#1a7f37;stroke:none}
text.hold{fill:#9a6700}
.mark{stroke:#24292f;stroke-width:1.5}
.dot{fill:#24292f}
.share{fill:#afb8c1;fill-opacity:.55}
.pause{fill:#bf8700;fill-opacity:.18}
.drift{fill:#8250df;fill-opacity:.16}
.gap{fill:#6e7781;fill-opacity:.18}
.m{stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.m0{stroke:#0072b2}
.m1{stroke:#d55e00;stroke-dasharray:7 4}
.m2{stroke:#009e73;stroke-dasharray:2 4}
.m3{stroke:#aa4488;stroke-dasharray:9 3 2 3}
.m4{stroke:#8a6d00;stroke-dasharray:4 3}
.m5{stroke:#3399cc;stroke-dasharray:12 4}
@media (prefers-color-scheme:dark){
.bg{fill:#0d1117}
text{fill:#e6edf3}
.quiet{fill:#9198a1}
.axis{stroke:#656c76}
.grid{stroke:#2a313c}
.abort{stroke:#f85149}
.promote{stroke:#3fb950}
text.abort{fill:#f85149}
text.promote{fill:#3fb950}
text.hold{fill:#d29922}
.mark{stroke:#e6edf3}
.dot{fill:#e6edf3}
.share{fill:#656c76}
.pause{fill-opacity:.28}
.drift{fill-opacity:.3}
.gap{fill-opacity:.34}
.m0{stroke:#56b4e9}
.m1{stroke:#ff8c3a}
.m2{stroke:#2fd6a5}
.m3{stroke:#e08fc4}
.m4{stroke:#e3c34a}
.m5{stroke:#9fd8ff}
}
""".strip()
