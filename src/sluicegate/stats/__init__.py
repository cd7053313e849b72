"""Statistics of the gates: pure, with the standard library alone.

Every function says its source and its bounds. Probabilities are fractions of one,
levels of confidence are one-sided unless a name says otherwise.
"""
