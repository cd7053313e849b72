"""The canary judge beside its peers' rules, on simulated releases.

`cli` is the way in; ``python benchmarks/canary.py --help`` says what it does. The peers
(`argo`, `flagger`, `kayenta`) are re-implementations of their *verdict rules* alone, in
pure Python and from their sources at the commits named there; nothing of how they talk
to a cluster or to a metrics store is modelled beyond "it answers" and "it does not".
"""
