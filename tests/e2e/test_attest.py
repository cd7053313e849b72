"""``sluice attest`` on a log in a folder, with registries old and new."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from evidence_homes import OciHome, OneLogin, open_repository
from in_toto_statements import check
from published_release import COMMIT, OTHER_RUN, RUN, Shop, log_in, put_image
from referring_registry import NAME, ReferringRegistry
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # no __all__
from sigstore_models.bundle.v1 import Bundle

from sluicegate.adapters.registries.artifact import referrers_tag
from sluicegate.adapters.registries.repository import RegistryAccess, Repository
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.tlog.note import parse_vkey
from sluicegate.tlog.public_key import fingerprint

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ALL = [
    *("lint svr", "test test-result", "test svr", "build provenance", "build svr"),
    *("scan vulns", "scan svr", "publish release", "publish svr"),
]


def key_of(shop: Shop) -> SSlibKey:
    """The log's key, as `sluice audit keys show` gives it to others."""
    pem = shop.sluice("audit", "keys", "show", "--pem").stdout
    document = json.loads(shop.sluice("audit", "keys", "show", "--json").stdout)
    name = fingerprint(parse_vkey(document["current"]))
    return SSlibKey.from_crypto(load_pem_public_key(pem.encode()), keyid=name)


def opened(line: Mapping[str, Any], key: SSlibKey) -> dict[str, Any]:
    """The statement in an envelope, verified by others."""
    envelope = Envelope.from_dict(dict(line))
    assert set(envelope.verify([key], 1)) == {key.keyid}
    assert envelope.payload_type == "application/vnd.in-toto+json"
    statement: dict[str, Any] = json.loads(envelope.payload)
    check(statement)
    return statement


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path)
    made.begin()
    made.enter(monkeypatch)
    return made


@pytest.fixture
def registry(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReferringRegistry]:
    with ReferringRegistry().listening() as registry:
        shop.repository = f"{registry.host}/{NAME}"
        log_in(monkeypatch, shop.root / "docker", registry.host, "pw")
        access = RegistryAccess(OneLogin("pw"), lambda _: True, lambda _: None)
        put_image(Repository(shop.repository, access))
        yield registry


def test_a_release_is_attested_in_statements_that_others_verify(shop: Shop) -> None:
    served = shop.publish()

    done = shop.sluice("attest")

    assert done.exit_code == 0, done.output
    assert f"image    {shop.repository}@{served.digest}" in done.stdout
    key = key_of(shop)
    lines = Path("v1.0.0.intoto.jsonl").read_text().splitlines()
    statements = [opened(json.loads(line), key) for line in lines]
    assert [statement["subject"][0] for statement in statements] == [
        {"name": shop.repository, "digest": {"sha256": served.digest.hex}}
    ] * len(ALL)
    for each in ALL:
        assert each.split()[1] in done.stdout
    damaged = Envelope.from_dict(json.loads(lines[0]))
    damaged.payload += b" "
    with pytest.raises(VerificationError):
        damaged.verify([key], 1)


def test_a_folder_gets_each_statement_and_the_proof_of_its_entry(shop: Shop) -> None:
    shop.publish()

    shop.sluice("attest", "v1.0.0", "-o", "out")

    names = sorted(path.name for path in Path("out").iterdir())
    assert names[: len(ALL)] == [
        f"{n:03d}-{each.replace(' ', '-')}.json" for n, each in enumerate(ALL)
    ]
    key = key_of(shop)
    for path in Path("out").glob("*.json"):
        ours = opened(json.loads(path.read_text()), key)["predicate"]["sluicegate_log"]
        proof = Path("out") / f"entry-{ours['index']}.tlog-proof"
        said = shop.sluice("audit", "verify", "--proof", str(proof), "--json")
        proven = json.loads(said.stdout)
        assert proven["leaf_hash"] == ours["leafHash"]["sha256"]
        assert proven["entry"]["event_id"] == ours["eventId"]


def test_the_file_of_a_project_is_where_git_ignores_it(shop: Shop) -> None:
    shop.publish(ref="refs/tags/team/v1")
    Path(".sluicegate").mkdir()

    done = shop.sluice("attest", "team/v1")

    place = Path(".sluicegate/attestations/team-v1.intoto.jsonl")
    assert f"written  {place}" in done.stdout
    assert len(place.read_text().splitlines()) == len(ALL)
    assert not list(Path().glob("*.jsonl"))


def test_the_same_release_gives_the_same_bytes_however_long_the_log_is(
    shop: Shop,
) -> None:
    shop.publish()
    first = shop.sluice("attest", "-o", "-").stdout_bytes
    shop.publish(OTHER_RUN, "refs/heads/main", commit="d" * 40)

    assert shop.sluice("attest", "v1.0.0", "-o", "-").stdout_bytes == first
    assert shop.sluice("attest", "--run", RUN[-5:], "-o", "-").stdout_bytes == first
    assert shop.sluice("attest", COMMIT[:7], "-o", "-").stdout_bytes == first
    assert shop.sluice("attest", "-o", "-").stdout_bytes != first


def test_statements_are_attached_as_bundles_that_others_read(
    shop: Shop, registry: ReferringRegistry
) -> None:
    served = shop.publish()

    document = json.loads(shop.sluice("attest", "--push", "--json").stdout)

    attached = [each["attached"][0]["manifest"] for each in document["statements"]]
    assert set(registry.referrers(str(served.digest))) == set(attached)
    assert not any(path.suffix == ".jsonl" for path in Path().iterdir())
    key = key_of(shop)
    for each, name in zip(document["statements"], attached, strict=True):
        manifest = json.loads(registry.manifests[name][1])
        assert manifest["artifactType"] == BUNDLE
        about = manifest["annotations"]
        assert about["dev.sigstore.bundle.predicateType"] == each["predicate_type"]
        raw = registry.blobs[manifest["layers"][0]["digest"]]
        assert Bundle.from_json(raw).verification_material.public_key is not None
        bundle = json.loads(raw)
        statement = opened(bundle["dsseEnvelope"], key)
        assert statement["predicateType"] == each["predicate_type"]
        assert statement["subject"][0]["digest"] == {"sha256": served.digest.hex}


def test_pushing_again_attaches_nothing(
    shop: Shop, registry: ReferringRegistry
) -> None:
    shop.publish()
    assert "attached 9 to" in shop.sluice("attest", "--push").stdout
    before = dict(registry.manifests)
    shop.publish(OTHER_RUN, "refs/tags/v2", commit="d" * 40, stages=[])

    again = shop.sluice("attest", "v1.0.0", "--push").stdout

    assert "attached 0 to what was published, 9 were there" in again
    assert registry.manifests == before


def test_what_a_tag_leads_to_makes_no_difference(
    shop: Shop, registry: ReferringRegistry
) -> None:
    served = shop.publish()
    other = json.dumps({"schemaVersion": 2, "layers": [], "mediaType": "x"}).encode()
    registry.manifests["v1.0.0"] = ("application/vnd.oci.image.manifest.v1+json", other)

    shop.sluice("attest", "--push")

    assert len(registry.referrers(str(served.digest))) == len(ALL)
    assert registry.referrers(str(Digest.of(other))) == []


@pytest.mark.parametrize("options", [(), ("--push",), ("--unsigned",)])
def test_a_log_that_does_not_verify_is_not_attested(
    shop: Shop, registry: ReferringRegistry, options: tuple[str, ...]
) -> None:
    served = shop.publish()
    bundles = shop.audit.glob("tile/entries/000.p/*")
    bundle = max(bundles, key=lambda path: int(path.name))
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b"run.started", b"run.starteD"))

    done = shop.sluice("attest", *options)

    assert done.exit_code == 5, done.output
    assert registry.referrers(str(served.digest)) == []
    assert not any(path.suffix == ".jsonl" for path in Path().iterdir())


def test_a_log_whose_entries_contradict_each_other_is_not_attested(
    shop: Shop, registry: ReferringRegistry
) -> None:
    """Signed and whole, but a result was taken from an attempt that never was."""
    (lint, *_) = shop.stages()
    served = shop.publish(stages=[replace(lint, cached=f"{OTHER_RUN}/lint/1")])

    done = shop.sluice("attest", "--push")

    assert done.exit_code == 5, done.output
    assert "takes over the result" in done.stderr
    assert "nothing was attested" in done.stderr
    assert registry.referrers(str(served.digest)) == []


def test_a_log_that_was_rolled_back_is_not_attested(shop: Shop) -> None:
    shop.publish()
    for path in [p for p in shop.audit.rglob("*") if p.is_file()]:
        path.rename(path.with_name(f"{path.name}.old"))
    copy = {p: p.read_bytes() for p in shop.audit.rglob("*.old")}
    for path, data in copy.items():
        path.with_name(path.name.removesuffix(".old")).write_bytes(data)
    shop.publish(OTHER_RUN, commit="d" * 40)
    for path, data in copy.items():
        path.with_name(path.name.removesuffix(".old")).write_bytes(data)

    assert shop.sluice("attest").exit_code == 5


def test_evidence_that_was_changed_is_not_attested(shop: Shop) -> None:
    shop.publish()
    for path in (shop.audit.parent / "evidence").rglob("*"):
        if path.is_file():
            path.write_bytes(b"{}")

    done = shop.sluice("attest")

    assert done.exit_code == 5, done.output
    assert "was changed" in done.stderr
    assert not Path("v1.0.0.intoto.jsonl").exists()


def test_nobody_signs_without_the_logs_key(shop: Shop) -> None:
    shop.publish()
    for path in (shop.home / "config/sluicegate/keys").iterdir():
        path.unlink()

    done = shop.sluice("attest")
    plain = shop.sluice("attest", "--unsigned", "-o", "plain.jsonl")

    assert done.exit_code == 2, done.output
    assert "its private half is not on this machine" in done.stderr
    assert not Path("v1.0.0.intoto.jsonl").exists()
    assert "signed   not" in plain.stdout
    lines = Path("plain.jsonl").read_text().splitlines()
    assert len(lines) == len(ALL)
    for line in lines:
        check(json.loads(line))


def test_after_a_rotation_the_new_key_signs(shop: Shop) -> None:
    shop.publish()
    old = key_of(shop)
    rotated = shop.sluice(
        "audit", "keys", "rotate", "--reason", "old", "--overlap", "0"
    )
    assert rotated.exit_code == 0, rotated.output

    lines = shop.sluice("attest", "-o", "-").stdout.splitlines()

    new = key_of(shop)
    assert new.keyid != old.keyid
    assert len([opened(json.loads(line), new) for line in lines]) == len(ALL)


def test_what_is_not_signed_is_not_attached(shop: Shop) -> None:
    shop.publish()

    done = shop.sluice("attest", "--unsigned", "--push")

    assert done.exit_code == 2
    assert "signed statements only" in done.stderr


def test_a_gate_that_did_not_open_is_not_attested_as_one_that_did(shop: Shop) -> None:
    lint = shop.finished("lint", verdict=Verdict.CLOSED, violations=3)
    shop.publish(stages=[lint])

    shop.sluice("attest", "--unsigned")

    (closed, *_) = map(json.loads, Path("v1.0.0.intoto.jsonl").read_text().splitlines())
    assert closed["predicate"]["sluicegate_verdict"] == "closed"
    assert closed["predicate"]["properties"] == []


def test_a_result_that_was_taken_is_attested_by_the_run_that_found_it_out(
    shop: Shop,
) -> None:
    found = [replace(end, inputs={"tree": "same"}) for end in shop.stages()]
    shop.publish(OTHER_RUN, commit="d" * 40, stages=found)
    taken = [replace(end, cached=f"{OTHER_RUN}/{end.stage}/1") for end in found]
    served = shop.publish(stages=taken)

    shop.sluice("attest", "--run", RUN, "--unsigned")

    lines = Path("v1.0.0.intoto.jsonl").read_text().splitlines()
    statements = [json.loads(line) for line in lines]
    assert len(statements) == len(ALL)
    [built] = [x for x in statements if "provenance" in x["predicateType"]]
    build = built["predicate"]["buildDefinition"]
    assert build["resolvedDependencies"][0]["digest"] == {"gitCommit": "d" * 40}
    assert built["subject"][0]["digest"] == {"sha256": served.digest.hex}
    ours = built["predicate"]["sluicegate_log"]
    entries = {n: json.loads(shop.sluice("audit", "show", str(n), "--raw").stdout)
               for n in (ours["index"], ours["reusedBy"]["index"])}  # fmt: skip
    assert [entry["run_id"] for entry in entries.values()] == [OTHER_RUN, RUN]


def test_a_registry_without_the_api_gets_its_list_over_a_cut_and_a_second_try(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's docker-registry, which asks who one is, and is stopped and started."""
    home = OciHome(shop.root)
    try:
        here = open_repository(home.registry, "acme/model")
        shop.repository = here.name
        log_in(
            monkeypatch,
            shop.root / "docker",
            home.registry.host,
            home.registry.password,
        )
        served = shop.publish()
        missing = shop.sluice("attest", "--push")
        assert missing.exit_code == 4, missing.output
        assert "does not serve" in missing.stderr
        assert put_image(here) == served.digest

        done = [shop.sluice("attest", "--push").stdout for _ in range(2)]

        assert "attached 9 to what was published, 0 were there" in done[0]
        assert "attached 0 to what was published, 9 were there" in done[1]
        listed = here.manifest(referrers_tag(served.digest))
        assert listed is not None
        found = json.loads(listed.data)["manifests"]
        assert {each["artifactType"] for each in found} == {BUNDLE}
        assert len(found) == len(ALL)
    finally:
        home.close()


def test_openssl_verifies_a_signature_with_the_key_that_is_shown(shop: Shop) -> None:
    """The commands of docs/attest.md, with nothing of ours."""
    shop.publish()
    shop.sluice("attest", "-o", "one.jsonl")
    line = json.loads(Path("one.jsonl").read_text().splitlines()[0])
    Path("key.pem").write_text(shop.sluice("audit", "keys", "show", "--pem").stdout)
    envelope = Envelope.from_dict(line)
    Path("signed").write_bytes(envelope.pae())
    (signature,) = envelope.signatures.values()
    Path("sig").write_bytes(bytes.fromhex(signature.signature))

    said = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin",
         "-in", "signed", "-sigfile", "sig"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert said.returncode == 0, said.stderr
    assert "Successfully" in said.stdout


def test_a_release_and_a_run_are_not_both_named(shop: Shop) -> None:
    assert shop.sluice("attest", "v1", "--run", "x").exit_code == 2
    assert shop.sluice("attest", "-o", "-", "--json").exit_code == 2
    assert shop.sluice("attest").exit_code == 2  # there is no log


def test_pem_and_json_are_not_both_shown(shop: Shop) -> None:
    assert shop.sluice("audit", "keys", "show", "--pem", "--json").exit_code == 2
