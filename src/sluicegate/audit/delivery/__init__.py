"""The figures of delivery, folded from the log. docs/delivery-metrics.md defines them.

`read_facts` goes through the log once; the other modules count what it has found.
"""
