"""How long a login to Vault may last."""

from datetime import timedelta

import pytest

from sluicegate.adapters.secrets.vault_session import Session, check_lease, show_span
from sluicegate.adapters.secrets.vault_wire import Place
from sluicegate.errors import PermanentError

_PLACE = Place("Vault", "https://vault.example.org:8200")
_MOST = timedelta(minutes=15)


def _session(lease: timedelta | None) -> Session:
    return Session("s.a-token", ("p",), lease, is_batch=False)


@pytest.mark.parametrize("seconds", [1, 899, 900])
def test_a_login_may_last_as_long_as_is_allowed(seconds: int) -> None:
    check_lease(_session(timedelta(seconds=seconds)), _MOST, _PLACE, "role prod")


@pytest.mark.parametrize(
    ("lease", "lasts"),
    [
        (timedelta(seconds=901), "901s"),
        (timedelta(days=32), "768h"),
        (None, "for ever"),
    ],
)
def test_one_that_lasts_longer_is_refused(lease: timedelta | None, lasts: str) -> None:
    with pytest.raises(
        PermanentError, match=f"a login that lasts {lasts}, and"
    ) as error:
        check_lease(_session(lease), _MOST, _PLACE, "role prod")
    assert "token_ttl=15m and token_max_ttl=15m" in (error.value.hint or "")


def test_a_token_is_never_shown() -> None:
    assert "s.a-token" not in repr(_session(_MOST))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (90, "90s"), (3600, "1h"), (5400, "90m")],
)
def test_a_span_is_written_as_vault_reads_it(seconds: int, said: str) -> None:
    assert show_span(timedelta(seconds=seconds)) == said
