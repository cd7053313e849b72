"""What an attempt took, for people: as far as it is worth a word."""

from sluicegate.model.command import ResourceUsage
from sluicegate.report.duration import format_duration

_CPU_MS = 1000
_MEMORY_BYTES = 64 << 20
_STORAGE_BYTES = 10 << 20
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024
_TENTHS_BELOW = 9.95  # what would be written "10.0 GiB" is written "10 GiB"


def format_bytes(number: int) -> str:
    """Write a number of bytes: ``812 B``, ``1.5 KiB``, ``209 MiB``."""
    value, unit = float(number), _UNITS[0]
    for unit in _UNITS:
        if round(value) < _STEP or unit == _UNITS[-1]:
            break
        value /= _STEP
    is_whole = unit == _UNITS[0] or value >= _TENTHS_BELOW
    return f"{value:.0f} {unit}" if is_whole else f"{value:.1f} {unit}"


def describe_usage(usage: ResourceUsage) -> str:
    """Beside the time on the clock: what was measured and is not next to nothing.

    Returns:
        Like ``9.8 s of CPU, 209 MiB of memory, 50 MiB written``; "" for little.
    """
    parts = []
    if (usage.cpu_ms or 0) >= _CPU_MS:
        parts.append(f"{format_duration(usage.cpu_ms or 0)} of CPU")
    if (usage.max_rss_bytes or 0) >= _MEMORY_BYTES:
        parts.append(f"{format_bytes(usage.max_rss_bytes or 0)} of memory")
    if (usage.read_bytes or 0) >= _STORAGE_BYTES:
        parts.append(f"{format_bytes(usage.read_bytes or 0)} read")
    if (usage.write_bytes or 0) >= _STORAGE_BYTES:
        parts.append(f"{format_bytes(usage.write_bytes or 0)} written")
    if usage.gpu_busy_ms is not None:
        parts.append(f"GPU busy for {format_duration(usage.gpu_busy_ms)}")
    if usage.gpu_memory_bytes is not None:
        parts.append(f"{format_bytes(usage.gpu_memory_bytes)} of GPU memory")
    return ", ".join(parts)


def usage_document(usage: ResourceUsage) -> dict[str, int]:
    """What was measured, for machines, by the names of the audit log."""
    measured = {
        "wall_ms": usage.wall_ms,
        "cpu_ms": usage.cpu_ms,
        "max_rss_bytes": usage.max_rss_bytes,
        "read_bytes": usage.read_bytes,
        "write_bytes": usage.write_bytes,
        "gpu_busy_ms": usage.gpu_busy_ms,
        "gpu_memory_bytes": usage.gpu_memory_bytes,
    }
    return {name: value for name, value in measured.items() if value is not None}
