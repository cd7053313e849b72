"""What the core needs from the outside world, one Protocol per need.

A port speaks the model's language, takes and returns model values, and names
the errors it may raise. `adapters` implements ports; `wiring` chooses adapters.
"""
