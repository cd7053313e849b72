"""The settings of a code host, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from host_setups import LOG_BRANCH, SETTINGS
from typing_extensions import override

from sluicegate.model.host_settings import HostSettings
from sluicegate.ports.code_host_settings import CodeHostSettings


@dataclass
class FakeSettings(CodeHostSettings):
    """A repository that is set up well; ``asked`` is which branches were asked for."""

    settings: HostSettings = SETTINGS
    asked: list[list[str]] = field(default_factory=list)

    @override
    def read(self, branches: Sequence[str]) -> HostSettings:
        self.asked.append(list(branches))
        asked = dict.fromkeys(branches, LOG_BRANCH)
        return replace(self.settings, branches={**self.settings.branches, **asked})
