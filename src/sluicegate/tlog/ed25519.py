"""Ed25519 public keys that must not be trusted, though they have the right length.

Under a point of small order anybody can forge, a point in a second encoding is the same
key under another id, and what is no point never verifies anything.

Source:
    RFC 8032 section 5.1.3 (decoding); the points of order 1, 2, 4 and 8 in "Taming the
    many EdDSAs", https://eprint.iacr.org/2020/1244, table 1.
"""

from functools import lru_cache

PUBLIC_SIZE = 32
SIGNATURE_SIZE = 64

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SMALL_ORDER_Y = (
    0,
    1,
    _P - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)


@lru_cache(64)  # the same few keys verify everything
def explain_weakness(public: bytes) -> str | None:
    """What is wrong with a public key, or None if nothing is."""
    if len(public) != PUBLIC_SIZE:
        return f"it has {len(public)} bytes, not {PUBLIC_SIZE}"
    y = int.from_bytes(public, "little") & ((1 << 255) - 1)
    if y % _P in _SMALL_ORDER_Y:
        return "it is a point of small order, under which anybody can sign"
    if y >= _P:
        return "it is not in its canonical form"
    if not _is_on_curve(y):
        return "it is no point of the curve"
    return None


def _is_on_curve(y: int) -> bool:
    """Whether ``x² = (y² - 1) / (d y² + 1)`` has a solution, by Euler's criterion."""
    above, below = (y * y - 1) % _P, (_D * y * y + 1) % _P
    return (
        pow(above * below, (_P - 1) // 2, _P) == 1
    )  # the quotient's, as below² is one
