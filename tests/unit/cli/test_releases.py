"""Unit tests of `sluicegate.cli.releases`: the command on a real log and repository."""

import json
import shutil
from pathlib import Path

import pytest
from fakes import START
from fakes_target import release
from released import RUNS, Place

from sluicegate.model.rollout import RolloutResult


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("place"))
    place.begin()
    place.commits["v1"] = place.commit("begin", "churn/a")
    place.commit("of another service", "other")
    place.commit("share \x1b[31mmore\u202e", "shared/a", author="Bo\x07b")
    place.commits["v2"] = place.commit("tune it", "churn/a")
    place.commits["v3"] = place.commit("try it", "churn/a")
    return place


@pytest.fixture
def place(template: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = template.copy(tmp_path)
    place.enter(monkeypatch)
    return place


@pytest.fixture(scope="module")
def story(template: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = template.copy(tmp_path_factory.mktemp("released"))
    place.record("v1", None, RolloutResult.DEPLOYED)
    place.record("v2", None, RolloutResult.DEPLOYED, "staging")
    place.record("v2", "v1", RolloutResult.PROMOTED)
    place.record("v3", "v2", RolloutResult.ROLLED_BACK)
    return place


@pytest.fixture
def released(story: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = story.copy(tmp_path)
    place.enter(monkeypatch)
    return place


def test_releases_are_listed_newest_first_with_what_is_live(released: Place) -> None:
    done = released.sluice("releases")

    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines] == [
        ["RELEASE", "ENVIRONMENT"],
        ["v3", "production"],
        ["●", "v2"],
        ["●", "v2"],
        ["v1", "production"],
    ]
    commit = released.commits["v2"][:12]
    image = release("v2").image.hex[:12]
    when = f"{START:%Y-%m-%d %H:%M}"
    run = (RUNS["v2"] + "P")[-8:]
    assert (
        f"● v2       production   {when}  promoted     {commit}  {image}  {run}"
        in done.stdout.splitlines()
    )
    assert "verified with this machine's key" in done.stderr


def test_one_environment_and_a_number_choose(released: Place) -> None:
    done = released.sluice("releases", "production", "-n", "1", "--json")
    assert [row["name"] for row in json.loads(done.stdout)["releases"]] == ["v3"]

    done = released.sluice("releases", "production", "-n", "1")
    assert "2 older; -n 3 shows all" in done.stderr

    done = released.sluice("releases", "staging", "--json")
    (row,) = json.loads(done.stdout)["releases"]
    assert (row["name"], row["environment"], row["live"]) == ("v2", "staging", True)


def test_a_release_is_shown_with_notes_figures_and_checks(released: Place) -> None:
    done = released.sluice("releases", "show", "v2", "production")

    assert done.exit_code == 0, done.output
    v2, shared = released.commits["v2"], released.git("rev-parse", "HEAD~2")
    image = release("v2").image
    reference = f"registry.example/churn@{image}"
    run = (RUNS["v2"] + "P")[-8:]
    minute = f"{START:%Y-%m-%d %H:%M}"
    expected = [
        "v2 in production: promoted, live",
        f"  commit     {v2} (main)",
        f"  image      {image}",
        f"  published  {reference}",
        f"  when       {minute} to {minute} UTC",
        f"  run        {RUNS['v2']}P",
        f"  before it  v1 (commit {released.commits['v1'][:12]})",
        "  why        v2 was judged",
        "",
        "What changed since v1: 2 commits touch this service",
        f"  {v2[:12]}  tune it (Ann)",
        f"  {shared[:12]}  share \\x1b[31mmore\\u202e (Bo\\x07b)",
        "",
        "Evidence",
        "  ✓ test  212 passed in 3 s",
        "          failed 0 · coverage 0.875",
        "",
        "To check",
        "  log and evidence    sluice audit verify --log kept/audit",
        f"  what happened       sluice audit log --run {run} --log kept/audit",
        f"  commit              git show --no-patch {v2[:12]}",
        f"  image, where built  docker image inspect {image}",
        f"  image, published    docker pull {reference}",
    ]
    assert done.stdout.splitlines() == expected


def test_without_an_environment_the_others_are_named(released: Place) -> None:
    done = released.sluice("releases", "show", "v2")

    assert done.stdout.startswith("v2 in production: promoted, live\n")
    assert "  also in    staging\n" in done.stdout


def test_a_release_that_was_rolled_back_is_shown_with_what_it_had_brought(
    released: Place,
) -> None:
    done = released.sluice("releases", "show", "v3")

    assert "v3 in production: rolled back\n" in done.stdout
    assert "What changed since v2: 1 commit touches this service\n" in done.stdout
    assert "try it (Ann)" in done.stdout


def test_the_first_release_has_nothing_to_be_compared_with(released: Place) -> None:
    done = released.sluice("releases", "show", "v1")

    assert "What changed: nothing to compare with, production was empty" in done.stdout
    assert (
        json.loads(released.sluice("releases", "show", "v1", "--json").stdout)["notes"]
        is None
    )


def test_a_release_that_goes_back_says_what_it_takes_back(place: Place) -> None:
    place.record("v2", None, RolloutResult.DEPLOYED)
    place.record("v1", "v2", RolloutResult.PROMOTED)

    done = place.sluice("releases", "show", "v1")

    assert "What changed since v2: no commit touches this service\n" in done.stdout
    assert "Taken back from v2: 2 commits touch this service\n" in done.stdout


@pytest.mark.parametrize("length", [4, 12, 40])
def test_a_release_may_be_named_by_its_commit(released: Place, length: int) -> None:
    done = released.sluice("releases", "show", released.commits["v3"][:length])

    assert done.stdout.startswith("v3 in production")


def test_json_has_all_of_it(released: Place) -> None:
    document = json.loads(
        released.sluice("releases", "show", "v2", "production", "--json").stdout
    )

    assert document["before"]["name"] == "v1"
    assert (document["result"], document["live"]) == ("promoted", True)
    assert document["reference"].startswith("registry.example/churn@sha256:")
    assert [change["subject"] for change in document["notes"]["added"]] == [
        "tune it",
        "share \x1b[31mmore\u202e",
    ]
    assert document["stages"] == [
        {
            "stage": "test",
            "verdict": "open",
            "reason": "212 passed in 3 s",
            "cached": False,
            "evidence": {"coverage": 0.875, "failed": 0, "passed": 212},
        }
    ]


def test_where_the_repository_is_not_the_log_is_told_all_the_same(
    released: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = released.home / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    done = released.sluice("releases", "show", "v2", "--log", str(released.audit))

    assert done.exit_code == 0, done.output
    assert "What changed: cannot be told" in done.stdout
    assert "is not in a Git repository" in done.stdout
    assert "212 passed in 3 s" in done.stdout


def test_no_key_is_needed(released: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(released.home / "nobody"))
    monkeypatch.setenv("XDG_STATE_HOME", str(released.home / "nobody"))

    done = released.sluice("releases")

    assert done.exit_code == 0
    assert "trust on first use" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prodution",), "no release in 'prodution' (did you mean 'production'?)"),
        (("show", "v22"), "no release 'v22' (did you mean 'v2'?)"),
        (("show", "v1", "staging"), "no release 'v1'"),
        (("show",), "Name the release to show"),
        (("show", "v1", "staging", "x"), "Unexpected argument 'x'"),
        (("production", "x"), "Unexpected argument 'x'"),
    ],
)
def test_a_slip_says_what_was_meant(
    released: Place, arguments: tuple[str, ...], said: str
) -> None:
    done = released.sluice("releases", *arguments)

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_log_without_a_release_says_what_makes_one(place: Place) -> None:
    place.record("v1", "v1", RolloutResult.UNCHANGED)
    shown = json.loads(place.sluice("releases", "--json").stdout)["releases"]
    assert [row["result"] for row in shown] == ["found"]

    shutil.rmtree(place.audit)
    assert place.sluice("releases").exit_code == 5


def test_a_folder_without_a_log_says_what_begins_one(place: Place) -> None:
    done = place.sluice("releases")

    assert done.exit_code == 2
    assert "there is no log in" in done.stderr
    assert not (place.service / "kept").exists()


def test_a_log_that_was_changed_is_not_shown(released: Place) -> None:
    (bundle,) = (released.audit / "tile/entries").rglob("25")
    bundle.write_bytes(bundle.read_bytes().replace(b"v2 was judged", b"v2 was praised"))

    done = released.sluice("releases")

    assert done.exit_code == 5
    assert "v2" not in done.stdout
