"""The canary judge beside its peers and the limits, on simulated releases.

    python benchmarks/canary.py [--quick [--seed N]] [--check] [--scale 1]
                                [--processes 2] [--work FILE] [--releases 1000]
                                [--out benchmarks/results/canary.json]
                                [--docs docs/canary.md]

The package `canary` beside this file does it all.
"""

from canary.cli import main

if __name__ == "__main__":
    main()
