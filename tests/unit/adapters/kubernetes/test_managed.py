import pytest

from sluicegate.adapters.kubernetes.objects import HTTP_ROUTE, Obj
from sluicegate.adapters.kubernetes.values import Json, Step, by

CONTAINERS = ("spec", "template", "spec", "containers")


def managed(name: str, fields: Json) -> Json:
    return {
        "manager": name,
        "operation": "Update",
        "time": "2026-11-23T05:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


OBJECT = Obj(
    HTTP_ROUTE,
    {
        "metadata": {
            "name": "web",
            "managedFields": [
                managed("flux", {"f:spec": {"f:rules": {}, "f:hostnames": {}}}),
                managed(
                    "ann",
                    {
                        "f:metadata": {"f:annotations": {".": {}, "f:a": {}}},
                        "f:spec": {
                            "f:template": {
                                "f:spec": {
                                    "f:containers": {
                                        'k:{"name":"app"}': {
                                            ".": {},
                                            "f:image": {},
                                            "f:ports": {
                                                'k:{"port":80,"protocol":"TCP"}': {}
                                            },
                                        }
                                    }
                                }
                            }
                        },
                    },
                ),
                managed("empty", {}),
            ],
        }
    },
)


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        (("spec", "rules"), ["flux"]),
        (("spec", "rules", 0, "backendRefs"), ["flux"]),  # atomic: owned as a whole
        (("spec",), ["flux", "ann"]),
        (("spec", "parentRefs"), []),
        (("metadata", "annotations", "a"), ["ann"]),
        (("metadata", "annotations", "b"), []),
        ((*CONTAINERS, by(name="app"), "image"), ["ann"]),
        ((*CONTAINERS, by(name="app"), "env"), []),
        ((*CONTAINERS, by(name="side"), "image"), []),
        (
            (*CONTAINERS, by(name="app"), "ports", by(port=80, protocol="TCP")),
            ["ann"],
        ),
    ],
)
def test_owners_are_found_by_path(path: tuple[Step, ...], owners: list[str]) -> None:
    assert [each.name for each in OBJECT.managers_of(*path)] == owners


def test_a_manager_has_its_operation_and_time() -> None:
    flux = OBJECT.managers[0]
    assert (flux.operation, flux.subresource) == ("Update", "")
    assert flux.time is not None
    assert flux.time.year == 2026
