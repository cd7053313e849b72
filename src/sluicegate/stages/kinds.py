"""The one table of stage kinds. What is not listed here does not exist."""

from collections.abc import Mapping
from types import MappingProxyType

from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.command import ShellStage
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.hadolint import HadolintStage
from sluicegate.stages.publish import PublishStage
from sluicegate.stages.pytest import PytestStage
from sluicegate.stages.ruff import RuffStage
from sluicegate.stages.stage import Stage
from sluicegate.stages.trivy import TrivyStage

KINDS: Mapping[str, type[Stage]] = MappingProxyType(
    {
        "ruff": RuffStage,
        "pytest": PytestStage,
        "hadolint": HadolintStage,
        "docker-build": DockerBuildStage,
        "trivy": TrivyStage,
        "publish": PublishStage,
        "canary": CanaryStage,
        "command": ShellStage,
    }
)
"""Every kind that ``uses:`` may name."""
