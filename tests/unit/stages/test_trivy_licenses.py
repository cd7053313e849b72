"""Unit tests of `sluicegate.stages.trivy_licenses`."""

import pytest

from sluicegate.stages.trivy_licenses import (
    Policy,
    count_licenses,
    find_licenses,
    tells_licenses,
)
from sluicegate.stages.trivy_report import License, Package, Result, TrivyReport

MIT = Policy(allow=("MIT", "BSD-*"))
NO_GPL = Policy(deny=("GPL-*",))


@pytest.mark.parametrize(
    ("expression", "by_allowing", "by_denying"),
    [
        ("MIT", False, False),
        ("mit", False, False),
        ("BSD-3-Clause", False, False),
        ("GPL-3.0-only", True, True),
        ("gpl-2.0", True, True),
        ("Apache-2.0", True, False),
        ("MIT OR GPL-3.0-only", False, False),
        ("GPL-2.0 or GPL-3.0", True, True),
        ("MIT AND GPL-3.0-only", True, True),
        ("MIT and BSD-2-Clause", False, False),
        ("MIT AND BSD-2-Clause OR GPL-2.0", False, False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True, True),
        ("(MIT OR GPL-3.0-only) AND MIT", True, True),
        ("(MIT)", False, False),
        ("", True, False),
        ("see the file LICENSE", True, False),
        ("MIT OR", True, False),
    ],
)
def test_a_license_is_held_against_the_list(
    expression: str, *, by_allowing: bool, by_denying: bool
) -> None:
    assert MIT.denies(expression) is by_allowing
    assert NO_GPL.denies(expression) is by_denying


def test_what_is_denied_is_denied_though_it_is_allowed() -> None:
    assert Policy(deny=("GPL-3*",), allow=("*",)).denies("GPL-3.0-only")
    assert not Policy(deny=("GPL-3*",), allow=("*",)).denies("GPL-2.0-only")


def report(*results: Result) -> TrivyReport:
    return TrivyReport(
        SchemaVersion=2, ArtifactName="x", ArtifactType="filesystem", Results=results
    )


SYSTEM = Result(
    Target="OS Packages",
    Class="license",
    Licenses=[License(PkgName="dash", Name="GPL-2.0-only", Category="restricted")],
)
DASH = Result(
    Target="debian",
    Class="os-pkgs",
    Packages=[Package(Name="dash", Licenses=["GPL-2.0-only"]), Package(Name="odd")],
)
PYTHON = Result(
    Target="Python",
    Class="license",
    Licenses=[
        License(PkgName="a", Name="MIT", Category="notice"),
        License(PkgName="a", Name="MIT", Category="notice"),
        License(PkgName="b", Name="AGPL-3.0-only", Category="forbidden"),
        License(PkgName="c", Name="strange", Category="something new"),
    ],
)
INSTALLED = Result(
    Target="Python",
    Class="lang-pkgs",
    Packages=[Package(Name="a", Version="1", Licenses=["MIT"])],
)
WANTED = Result(
    Target="requirements.txt",
    Class="lang-pkgs",
    Packages=[
        Package(Name="a", Version="1"),
        Package(Name="a", Version="2", Licenses=[""]),
    ],
)


def test_each_license_of_each_package_is_counted_once_by_category() -> None:
    everything = [report(SYSTEM, DASH, PYTHON, INSTALLED), report(PYTHON, WANTED)]
    part = count_licenses(find_licenses(everything, Policy()), Policy(), everything)

    assert part.fields == {
        "licenses_forbidden": 1,
        "licenses_restricted": 1,
        "licenses_reciprocal": 0,
        "licenses_notice": 1,
        "licenses_permissive": 0,
        "licenses_unencumbered": 0,
        "licenses_unknown": 1,
        "licenses_missing": 2,
    }
    assert part.words == ("4 licences (1 forbidden, 2 packages without one)",)
    assert [one.rule for one in part.findings] == ["AGPL-3.0-only"]


def test_the_system_can_be_left_out() -> None:
    everything, policy = [report(SYSTEM, DASH)], Policy(libraries_only=True)
    part = count_licenses(find_licenses(everything, policy), policy, everything)

    assert part.fields["licenses_restricted"] == part.fields["licenses_missing"] == 0


def test_what_a_list_denies_is_a_finding_each() -> None:
    everything = [report(SYSTEM, PYTHON)]
    part = count_licenses(find_licenses(everything, MIT), MIT, everything)

    assert part.fields["licenses_denied"] == 3
    assert [one.rule for one in part.findings] == [
        "GPL-2.0-only",
        "AGPL-3.0-only",
        "strange",
    ]
    assert part.findings[0].message.startswith("denied: dash is under GPL-2.0-only")


def test_a_report_without_a_section_on_licenses_says_nothing_of_them() -> None:
    assert tells_licenses([report(SYSTEM), report(PYTHON)])
    assert not tells_licenses([report(SYSTEM), report(INSTALLED)])
