"""What people type besides the request, where a repository has several services."""

import pytest

from sluicegate.config.github.service_input import find_service

SEVERAL = """\
jobs:
  approve-api:
    if: inputs.service == 'api'
    steps:
      - with:
          command: approve
          config: services/api/sluicegate.yaml
  rollout-api:
    needs: approve-api
  approve-embed:
    if: inputs.service == 'embed'
    steps:
      - with:
          command: approve
          config: services/embed/sluicegate.yaml
"""


@pytest.mark.parametrize(
    ("config", "service"),
    [
        ("services/api/sluicegate.yaml", "api"),
        ("services/embed/sluicegate.yaml", "embed"),
        ("services/embed/sluicegateXyaml", ""),
        ("embed/sluicegate.yaml", ""),
        ("sluicegate.yaml", ""),
    ],
)
def test_a_service_is_called_what_the_job_for_its_pipeline_file_asks_for(
    config: str, service: str
) -> None:
    assert find_service(SEVERAL, config) == service


def test_a_workflow_for_one_pipeline_asks_for_no_service() -> None:
    one = SEVERAL.replace("    if: inputs.service == 'api'\n", "").split("  rollout")[0]
    assert find_service(one, "services/api/sluicegate.yaml") == ""


def test_a_name_that_a_shell_could_read_otherwise_is_none() -> None:
    odd = SEVERAL.replace("'api'", "'a; rm -r .'")
    assert find_service(odd, "services/api/sluicegate.yaml") == ""
