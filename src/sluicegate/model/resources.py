"""What a stage says that it takes while it runs."""

from dataclasses import dataclass

MS_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Resources:
    """Declared, not measured: GPUs, processors, bytes of memory. None is not said."""

    gpu: int = 0
    cpu: int | None = None
    memory_bytes: int | None = None


def gpu_ms(gpu: int, wall_ms: int) -> int:
    """The time of *gpu* GPUs for *wall_ms* on the clock; both in milliseconds."""
    return gpu * wall_ms
