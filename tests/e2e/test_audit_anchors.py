"""Runs of a project whose log has witnesses: they never hold a run up."""

import socket
from pathlib import Path

from cli_project import CliProject
from fakes_witness import FakeWitness, serve_fake

from sluicegate.tlog.note import format_vkey, parse_vkey

PIPELINE = """\
schema: sluicegate/v1
name: demo_release_v1.0
stages:
  hello: {uses: command, run: "true"}
audit: {witnesses: witnesses.policy}
"""
NOBODY = "http://127.0.0.1:9"


def policy(*witnesses: tuple[FakeWitness, str]) -> str:
    lines = [
        f"witness {fake.name} {format_vkey(fake.key)} {url}" for fake, url in witnesses
    ]
    names = " ".join(fake.name for fake, _ in witnesses)
    return "\n".join([*lines, f"group all all {names}", "quorum all", ""])


def test_an_anchor_is_pending_until_the_witnesses_answer(tmp_path: Path) -> None:
    one, two = FakeWitness("w1", []), FakeWitness("w2", [])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        text = policy((one, hanging), (two, NOBODY))
        files = {"sluicegate.yaml": PIPELINE, "witnesses.policy": text}
        project = CliProject.make(tmp_path, files)
        done = project.sluice("run", check=0)
    assert "warning: anchor pending: 0 of 2 witnesses, since 20" in done.stderr

    vkey = project.document("audit", "keys", "show", check=0)["current"]
    one.keys = two.keys = [parse_vkey(vkey)]
    with serve_fake(one) as first, serve_fake(two) as second:
        project.commit({"witnesses.policy": policy((one, first), (two, second))}, "up")
        done = project.sluice("run", check=0)
        assert "anchor" not in done.stderr
        hold = ("audit", "hold", "place", "--scope", "all", "--reason", "a case")
        done = project.sluice(*hold, check=0)
        assert "anchor" not in done.stderr
        document = project.document("audit", "witness", "--dry-run", check=0)
    assert document["reached"]
    assert [each["why"] for each in document["witnesses"]] == [None, None]
    for change in (("hold", "place", "--scope", "all"), ("keys", "rotate")):
        done = project.sluice("audit", *change, "--reason", "x", check=0)
        assert "anchor pending: 0 of 2 witnesses, since" in done.stderr
    done = project.sluice("audit", "witness", check=4)
    assert "cannot be reached" in done.stdout
    assert f"reached for the first {document['size']} entries" in done.stdout


def test_a_policy_that_cannot_be_read_is_told_and_changes_no_verdict(
    tmp_path: Path,
) -> None:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE})

    done = project.sluice("run", check=0)

    assert "anchor pending: cannot read the witness policy" in done.stderr
    assert "witnesses.policy" in done.stderr


def test_a_witness_that_has_seen_more_is_told_and_changes_no_verdict(
    tmp_path: Path,
) -> None:
    """One witness alone, mistaken or malicious, must not be able to stop releases."""
    fake = FakeWitness("w1", [])
    with serve_fake(fake) as url:
        files = {"sluicegate.yaml": PIPELINE, "witnesses.policy": policy((fake, url))}
        project = CliProject.make(tmp_path, files)
        project.sluice("run", check=0)
        key = project.document("audit", "keys", "show", check=0)["current"]
        fake.keys = [parse_vkey(key)]
        assert project.document("audit", "witness", check=0)["reached"]
        assert fake.last is not None
        fake.last = type(fake.last)(fake.last.origin, 10_000, bytes(32))

        done = project.sluice("run", check=0)
        assert "it has seen 10000 entries of this log" in done.stderr
        done = project.sluice("audit", "witness", check=5)
        assert "ALARM: the witness w1: it has seen 10000 entries" in done.stdout
