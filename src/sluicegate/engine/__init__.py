"""The run as a pure machine, and the loop that carries out its effects."""
