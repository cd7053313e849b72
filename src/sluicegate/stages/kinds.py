"""The one table of stage kinds. What is not listed here does not exist."""

from collections.abc import Mapping
from types import MappingProxyType

from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.command import ShellStage
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.docs import DocsStage
from sluicegate.stages.hadolint import HadolintStage
from sluicegate.stages.modelscan import ModelscanStage
from sluicegate.stages.publish import PublishStage
from sluicegate.stages.pytest import PytestStage
from sluicegate.stages.ruff import RuffStage
from sluicegate.stages.slices import SlicesStage
from sluicegate.stages.smoke import SmokeStage
from sluicegate.stages.stage import Stage
from sluicegate.stages.train import TrainStage
from sluicegate.stages.trivy import TrivyStage

KINDS: Mapping[str, type[Stage]] = MappingProxyType(
    {
        "ruff": RuffStage,
        "pytest": PytestStage,
        "hadolint": HadolintStage,
        "train": TrainStage,
        "docker-build": DockerBuildStage,
        "trivy": TrivyStage,
        "smoke": SmokeStage,
        "compare": CompareStage,
        "slices": SlicesStage,
        "modelscan": ModelscanStage,
        "docs": DocsStage,
        "publish": PublishStage,
        "canary": CanaryStage,
        "command": ShellStage,
    }
)
"""Every kind that ``uses:`` may name."""
