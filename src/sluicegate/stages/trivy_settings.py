"""What a pipeline file may say of a scan with Trivy, and what it may not."""

import enum
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from sluicegate.stages.stage import CommandStage, ProjectPath
from sluicegate.stages.trivy_shell import KEPT


@enum.unique
class Scanner(enum.Enum):
    """What Trivy looks for."""

    VULN = "vuln"
    SECRET = "secret"  # noqa: S105 - Trivy's word
    MISCONFIG = "misconfig"


class TrivySettings(CommandStage):
    """The settings of a scan."""

    uses: Literal["trivy"]
    scanners: tuple[Scanner, ...] = Field(
        tuple(Scanner),
        description="What to look for; licences have a setting of their own.",
    )
    source: bool = Field(default=True, description="Scan the project's folder.")
    image: bool | None = Field(
        None,
        description="Scan the image an earlier stage built; default: if the pipeline"
        " builds one.",
    )
    skip_dirs: tuple[str, ...] = Field(
        (".venv",),
        description="Folders of the project to leave out; wildcards are allowed.",
    )
    licenses: bool | Literal["libraries"] = Field(
        default=False,
        description="Look at the licences of packages; libraries: without those of the"
        " operating system.",
    )
    deny_licenses: tuple[str, ...] = Field(
        (), description="Licences that no package may have, like GPL-*."
    )
    allow_licenses: tuple[str, ...] = Field(
        (), description="The only licences that packages may have, like MIT."
    )
    ignore: ProjectPath | None = Field(
        None,
        description="YAML file of accepted findings, each with a reason and an expiry.",
    )
    vex: tuple[ProjectPath, ...] = Field(
        (), description="OpenVEX or CSAF documents on vulnerabilities that do no harm."
    )
    cache_dir: str | None = Field(
        None, description="Trivy's cache with its database; default: Trivy's own."
    )
    db_repository: str | None = Field(
        None, description="Registry path of the vulnerability database."
    )
    skip_db_update: bool = Field(
        default=False, description="Take the database that is in the cache as it is."
    )
    offline: bool = Field(
        default=False, description="Never use the network; includes skip_db_update."
    )

    @field_validator("deny_licenses", "allow_licenses", "vex")
    @classmethod
    def _no_empty_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in words):
            raise ValueError("must not hold an empty word")
        return words

    @field_validator("vex")
    @classmethod
    def _no_list_in_one_path(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        # Trivy reads "a.json,repo" as two sources, one of them from the network.
        if any(char in path for path in paths for char in ',"'):
            raise ValueError("must not hold a comma or a quote")
        return paths

    @model_validator(mode="after")
    def _must_scan_something(self) -> Self:
        if not (self.source or self.image is not False):
            raise ValueError(
                "source and image are both false: nothing would be scanned"
            )
        if not (self.scanners or self.licenses):
            raise ValueError("scanners is empty: nothing would be looked for")
        return self

    @model_validator(mode="after")
    def _must_use_what_is_given(self) -> Self:
        if (self.deny_licenses or self.allow_licenses) and not self.licenses:
            raise ValueError(
                "licences are listed but not looked at: add `licenses: true`"
            )
        if self.vex and not self.has(Scanner.VULN):
            raise ValueError(
                "vex speaks of vulnerabilities, but vuln is not in scanners"
            )
        return self

    @model_validator(mode="after")
    def _must_not_steer_trivy(self) -> Self:
        for name in self.env:
            if name.startswith("TRIVY_") and name not in KEPT:
                raise ValueError(
                    f"env: {name} would change what is found without a word in the"
                    " evidence; use the settings of this stage"
                )
        return self

    def has(self, scanner: Scanner) -> bool:
        """Whether *scanner* is at work."""
        return scanner in self.scanners

    @property
    def may_scan_image(self) -> bool:
        """Whether an image is scanned, if there is one."""
        return self.image is not False

    @property
    def has_license_list(self) -> bool:
        """Whether the owner has said which licences are welcome."""
        return bool(self.deny_licenses or self.allow_licenses)
