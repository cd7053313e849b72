"""How Trivy is started: alone with its cache, and without what could steer it. Pure.

Every option of Trivy is also a variable: ``TRIVY_IGNORE_STATUS=fixed`` in the
environment empties a report, and nothing in it says so. All of them are taken away,
known or not, but for those that say where things come from.

Trivy 0.59 holds its database locked for as long as a scan runs, and another Trivy waits
for it without end; a download writes the files in place, under whoever reads them. One
lock for each cache makes scans follow each other, each with its download and the age of
its database, and the wait has an end. Without ``flock`` (macOS) Trivy's own lock is all
there is.
"""

import shlex
from dataclasses import dataclass
from datetime import timedelta

KEPT = (
    "TRIVY_CACHE_DIR",
    "TRIVY_DB_REPOSITORY",
    "TRIVY_JAVA_DB_REPOSITORY",
    "TRIVY_DOCKER_HOST",
    "TRIVY_INSECURE",
    "TRIVY_NON_SSL",
    "TRIVY_USERNAME",
    "TRIVY_PASSWORD",
    "TRIVY_REGISTRY_TOKEN",
)
"""Variables that say where databases and images come from, not what is found."""

LOCKED = "another scan on this machine kept Trivy's cache"
"""The words with which a scan ends that has waited for too long."""

_CLEAN = f"""\
for name in $(env | sed -n 's/^\\(TRIVY_[A-Za-z0-9_]*\\)=.*/\\1/p'); do
  case $name in {"|".join(KEPT)}) ;; *) unset "$name" ;; esac
done
export TRIVY_DISABLE_TELEMETRY=true TRIVY_SKIP_VERSION_CHECK=true
"""

# The file stays open, and so locked, until the program ends that is started last.
_ALONE = f"""\
if command -v flock >/dev/null; then
  mkdir -p "${{lock%/*}}" && exec 9>"$lock" || exit
  flock -n 9 || {{
    echo 'another scan on this machine uses the cache of Trivy: waiting for it' >&2
    flock -w "$seconds" 9 || {{ echo "{LOCKED} for $seconds s" >&2; exit 1; }}
  }}
fi
"""


def clean(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Start *argv* without the variables that could steer Trivy."""
    return ("sh", "-c", f'{_CLEAN}exec "$@"', "sluicegate", *argv)


@dataclass(frozen=True, slots=True)
class Cache:
    """Trivy's cache: how to have it alone, bring it up to date, and say what it holds.

    ``lock`` is the path of a file, ``patience`` how long to wait for it. ``about`` is
    the path of the file for what ``version`` says. No ``update`` leaves it as it is.
    """

    lock: str
    patience: timedelta
    version: tuple[str, ...]
    about: str
    update: tuple[str, ...] = ()

    def use(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Start *argv* when nobody else uses the cache, and it is up to date."""
        seconds = max(1, int(self.patience.total_seconds()))
        script = [
            f"lock={shlex.quote(self.lock)} seconds={seconds}",
            _CLEAN + _ALONE,
            *([f"{shlex.join(self.update)} || exit"] if self.update else []),
            f"{shlex.join(self.version)} >{shlex.quote(self.about)}",
            'exec "$@"',
        ]
        return ("sh", "-c", "\n".join(script), "sluicegate", *argv)
