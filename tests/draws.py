"""What a sampled test draws by: the seed of the whole run, printed with what failed."""

import os
import random

SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().getrandbits(32))
"""That of scripts/test.sh, which is the commit's, or one of its own."""


def begin_draw() -> random.Random:
    """Begin to draw, and print how it is drawn again."""
    print(f"SLUICE_SEED={SEED}")
    return random.Random(SEED)
