"""Code scanning: SARIF documents, within GitHub's limits."""

import gzip
import json
import zlib
from base64 import b64decode
from binascii import Error
from uuid import UUID

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.routes.shapes import Json
from fake_github.routing import route
from fake_github.state import Sarif

MOST_BYTES = 10 * 1024 * 1024  # compressed
MOST_RUNS = 20
MOST_RESULTS = 25_000  # in one run
MOST_RULES = 25_000
MOST_TAGS = 20


@route("code-scanning/upload-sarif", security_events="write")
def upload(call: Call) -> Answer:
    repository = call.repository
    if not repository.code_scanning:
        message = "Code scanning is not enabled for this repository."
        raise Refused(403, message)
    if call.body["commit_sha"] not in repository.commits:
        raise Refused(404, "commit not found")
    if not call.body["ref"].startswith("refs/"):
        raise Refused(400, "ref must be a full reference")
    document = _unpack(call.body["sarif"])
    _check_limits(document)
    number = str(UUID(int=call.state.take_number()))
    made = Sarif(
        id=number,
        commit_sha=call.body["commit_sha"],
        ref=call.body["ref"],
        document=document,
        login=call.login,
        created_at=call.state.now(),
    )
    repository.sarifs.append(made)
    url = call.link("code-scanning/sarifs", number)
    return Answer(202, {"id": number, "url": url})


@route("code-scanning/get-sarif", security_events="read")
def get(call: Call) -> Answer:
    number = call.path["sarif_id"]
    if all(known.id != number for known in call.repository.sarifs):
        raise not_found()
    url = f"{call.link('code-scanning/analyses')}?sarif_id={number}"
    return Answer(200, {"processing_status": "complete", "analyses_url": url})


def _unpack(text: str) -> Json:
    try:
        packed = b64decode(text, validate=True)
        if len(packed) > MOST_BYTES:
            raise Refused(413, "Payload Too Large")
        document = json.loads(gzip.decompress(packed))
    except (Error, OSError, EOFError, ValueError, zlib.error) as error:
        raise Refused(
            400, f"the sarif is not base64 of gzip of JSON: {error}"
        ) from error
    if not isinstance(document, dict) or document.get("version") != "2.1.0":
        raise Refused(400, "the sarif is not version 2.1.0")
    return document


def _check_limits(document: Json) -> None:
    runs = document.get("runs", [])
    if len(runs) > MOST_RUNS:
        raise Refused(400, f"too many runs: {len(runs)}")
    for run in runs:
        if len(run.get("results", [])) > MOST_RESULTS:
            raise Refused(400, f"too many results: {len(run['results'])}")
        rules = run["tool"]["driver"].get("rules", [])
        if len(rules) > MOST_RULES:
            raise Refused(400, f"too many rules: {len(rules)}")
        for rule in rules:
            if len(rule.get("properties", {}).get("tags", [])) > MOST_TAGS:
                raise Refused(400, f"too many tags: {rule.get('id')}")
