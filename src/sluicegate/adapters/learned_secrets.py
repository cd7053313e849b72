"""Secrets that this process learns while it runs: what it fetches, and logs in with."""

import threading
from collections.abc import Callable, Iterable

from sluicegate.adapters.known_secrets import in_json

_SHORTEST = 4  # shorter ones are everywhere
_EVERYTHING: dict[str, None] = {}

OnSecret = Callable[[str], None]
"""Is told each new secret, which is hidden already."""


def everything_learned() -> tuple[str, ...]:
    """What was learned by any part of this process: its last words must not say it."""
    return tuple(_EVERYTHING)


def remember(secrets: Iterable[str]) -> None:
    """Hide *secrets* at least in the last words; `Masks` know them another way."""
    _EVERYTHING.update(dict.fromkeys(secrets))


class LearnedSecrets:
    """All that was learned; it grows and never shrinks. Thread-safe.

    Whatever hides secrets in this process shares one of these, so that a secret that is
    fetched for a stage is hidden by those, too, that were there before it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, None] = {}
        self._listeners: list[OnSecret] = []

    def add(self, secrets: Iterable[str]) -> None:
        """Learn *secrets*, and the texts in those that are JSON.

        What has less than four characters is none.
        """
        found = [each for secret in secrets for each in (secret, *in_json(secret))]
        with self._lock:
            news = dict.fromkeys(
                secret
                for secret in found
                if secret not in self._secrets and len(secret.strip()) >= _SHORTEST
            )
            # A new dictionary: those who read the old one need no lock.
            self._secrets = {**self._secrets, **news}
            _EVERYTHING.update(news)
            listeners = tuple(self._listeners)
        for secret in news:
            for tell in listeners:
                tell(secret)

    def tell(self, on_secret: OnSecret) -> None:
        """Tell *on_secret* each secret that is learned from now on."""
        with self._lock:
            self._listeners.append(on_secret)

    def known(self) -> tuple[str, ...]:
        """The secrets in the order in which they were learned."""
        return tuple(self._secrets)

    def __len__(self) -> int:
        """How many are known."""
        return len(self._secrets)
