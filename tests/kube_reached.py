"""Clusters as the adapter reaches them: a kubeconfig, who we are, and how patiently."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kube_api import Cluster, Login

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.login import Identity
from sluicegate.adapters.kubernetes.opening import Surroundings, open_context
from sluicegate.adapters.kubernetes.patience import Patience
from sluicegate.adapters.kubernetes.values import Fields, Json
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.ports.clock import Clock

SOON = Patience(attempt=5.0, first=2.0, later=2.0, step=0.02, longest=0.1, poll=0.1)
"""Tries again at once, and gives up soon."""


@dataclass
class Reach:
    """How a test reaches clusters; *told* is what a person was told."""

    folder: Path
    clock: Clock | None = None
    patience: Patience = SOON
    environ: Mapping[str, str] = field(
        default_factory=lambda: {"PATH": os.environ["PATH"]}
    )
    stop: threading.Event = field(default_factory=threading.Event)
    told: list[str] = field(default_factory=list)

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            environ=self.environ,
            runner=SubprocessRunner(self.stop, self.environ),
            clock=self.clock or SystemClock(self.stop),
            folder=self.folder,
            account=self.folder / "account",
            patience=self.patience,
        )

    def open(
        self,
        kubeconfig: Path,
        *,
        namespace: str = "shop",
        act_as: Identity | None = None,
    ) -> Api:
        """The context ``test`` of *kubeconfig*."""
        return open_context(
            self.around,
            (kubeconfig,),
            "test",
            namespace,
            act_as=act_as,
            tell=self.told.append,
        )

    @contextmanager
    def by(self, kubeconfig: Path) -> Iterator[Api]:
        """As `open`, and closed at the end."""
        api = self.open(kubeconfig)
        try:
            yield api
        finally:
            api.close()

    @contextmanager
    def to(self, cluster: Cluster, login: Login | None = None) -> Iterator[Api]:
        """*cluster*, as its administrator or by *login*."""
        path = cluster.kubeconfig(self.folder / "kubeconfig", login=login)
        with self.by(path) as api:
            yield api


def deployment(image: str = "shop:1", replicas: int = 1) -> Fields:
    """What a Deployment ``web`` is to be."""
    labels = {"app": "web"}
    return {
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        }
    }


def annotate(**marks: str) -> dict[str, Json]:
    """Annotations to set."""
    return {"metadata": {"annotations": marks}}


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Do *act* in a thread; what it raises fails the test."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    for error in errors:
        raise error
