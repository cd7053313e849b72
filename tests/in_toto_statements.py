"""In-toto statements as others read them, by their published definitions.

The statement, SLSA provenance and test results are read with the protobuf classes that
in-toto publishes; vulnerabilities, verification results and releases, which it does not
publish for Python, with messages built here of the fields that their pages name.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)
from in_toto_attestation.predicates.provenance.v1 import (  # type: ignore[import-untyped]
    provenance_pb2,
)
from in_toto_attestation.predicates.test_result.v0 import (  # type: ignore[import-untyped]
    test_result_pb2,
)
from in_toto_attestation.v1 import (  # type: ignore[import-untyped]
    resource_descriptor_pb2,
    statement_pb2,
)
from in_toto_attestation.v1.statement import (  # type: ignore[import-untyped]
    Statement as Published,
)

TYPES = descriptor_pb2.FieldDescriptorProto
RESOURCE = ".in_toto_attestation.v1.ResourceDescriptor"
TIME, STRUCT = ".google.protobuf.Timestamp", ".google.protobuf.Struct"
MESSAGES: Mapping[str, Mapping[str, str]] = {
    # https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/vulns_02.md
    "Vulns": {"scanner": "Scanner", "metadata": "ScanMetadata"},
    "Scanner": {
        "uri": "text",
        "version": "text",
        "db": "Database",
        "result": "*Result",
    },
    "Database": {"uri": "text", "version": "text", "lastUpdate": TIME},
    "Result": {"id": "text", "severity": "*Severity", "annotations": f"*{STRUCT}"},
    "Severity": {"method": "text", "score": "text"},
    "ScanMetadata": {"scanStartedOn": TIME, "scanFinishedOn": TIME},
    # …/svr.md, version 0.2
    "Verification": {
        "verifier": "Verifier",
        "timeCreated": TIME,
        "properties": "*text",
    },
    "Verifier": {"id": "text", "policies": f"*{RESOURCE}"},
    # …/release.md, version 0.1
    "Release": {"purl": "text", "releaseId": "text"},
}
NEEDED: Mapping[str, Sequence[str]] = {
    "https://slsa.dev/provenance/v1": (
        "buildDefinition.buildType",
        "buildDefinition.externalParameters",
        "runDetails.builder.id",
    ),
    "https://in-toto.io/attestation/test-result/v0.1": ("result", "configuration"),
    "https://in-toto.io/attestation/vulns/v0.2": (
        "scanner.uri",
        "scanner.db.lastUpdate",
        "scanner.result",
        "metadata.scanStartedOn",
        "metadata.scanFinishedOn",
    ),
    "https://in-toto.io/attestation/svr/v0.2": (
        "verifier.id",
        "verifier.policies",
        "timeCreated",
        "properties",
    ),
    "https://in-toto.io/attestation/release/v0.1": ("purl",),
}


def _build_messages() -> Any:  # noqa: ANN401 - protobuf's
    file = descriptor_pb2.FileDescriptorProto(
        name="predicates.proto", package="predicates", syntax="proto3"
    )
    for imported in (timestamp_pb2, struct_pb2, resource_descriptor_pb2):
        file.dependency.append(imported.DESCRIPTOR.name)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            plain = kind.removeprefix("*")
            label = TYPES.LABEL_REPEATED if plain != kind else TYPES.LABEL_OPTIONAL
            made = message.field.add(
                name=field, json_name=field, number=number, label=label
            )
            if plain == "text":
                made.type = TYPES.TYPE_STRING
            else:
                made.type = TYPES.TYPE_MESSAGE
                made.type_name = plain if "." in plain else f".predicates.{plain}"
    pool = descriptor_pool.Default()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"predicates.{name}")
        )
        for name in MESSAGES
    }


BUILT = _build_messages()
CLASSES: Mapping[str, Any] = {
    "https://slsa.dev/provenance/v1": provenance_pb2.Provenance,
    "https://in-toto.io/attestation/test-result/v0.1": test_result_pb2.TestResult,
    "https://in-toto.io/attestation/vulns/v0.2": BUILT["Vulns"],
    "https://in-toto.io/attestation/svr/v0.2": BUILT["Verification"],
    "https://in-toto.io/attestation/release/v0.1": BUILT["Release"],
}


def check(statement: Mapping[str, Any]) -> None:
    """Read a statement as others do; unknown keys but our own are refused."""
    message = json_format.ParseDict(statement, statement_pb2.Statement())
    Published.copy_from_pb(message).validate()
    predicate = dict(copy.deepcopy(statement["predicate"]))
    for ours in ("sluicegate_log", "sluicegate_verdict", "sluicegate_evidence"):
        predicate.pop(ours, None)
    kind = statement["predicateType"]
    json_format.ParseDict(predicate, CLASSES[kind]())
    for path in NEEDED[kind]:
        place = predicate
        for key in path.split("."):
            assert key in place, f"{kind} needs {path}"
            place = place[key]
