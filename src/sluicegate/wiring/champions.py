"""The registries of models that a pipeline asks for the model to beat."""

from sluicegate.adapters.masking import Masks
from sluicegate.errors import ExternalError, Interrupted
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.stages.evaluation.champions import MlflowChampion
from sluicegate.stages.evaluation.predictions import MAX_BYTES
from sluicegate.wiring.metric_secrets import Places


def find_champion(
    source: MlflowChampion, places: Places, masks: Masks
) -> Champion | NoChampion:
    """Ask the registry that *source* names; no error shows what *masks* hide.

    Raises:
        ExternalError: it cannot be told, or cannot be read.
        Interrupted: asked to stop.
    """
    from sluicegate.adapters.mlflow import champion  # noqa: PLC0415 - HTTP is slow
    from sluicegate.adapters.mlflow.api import MlflowApi  # noqa: PLC0415 - likewise
    from sluicegate.wiring.metric_prometheus import (  # noqa: PLC0415 - likewise
        open_login,
        open_trust,
    )

    login, trust = open_login(source.auth, places), open_trust(source.tls, places)
    wanted = champion.Wanted(source.model, source.alias, source.predictions, MAX_BYTES)

    def check_stop() -> None:
        if places.machine.stop.is_set():
            raise Interrupted(f"asked to stop while {source.url} was asked")

    api, seconds = MlflowApi(source.url, login, trust), source.timeout.total_seconds()
    try:
        return champion.find_champion(api, wanted, seconds, check_stop)
    except ExternalError as error:
        masks.refresh()  # a token may have been renewed
        hint = None if error.hint is None else masks.text(error.hint)
        raise type(error)(masks.text(str(error)), hint=hint) from None
