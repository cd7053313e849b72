"""docs/secrets-aws.md and docs/secrets-github.md show what is printed."""

import json
import re
from pathlib import Path

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.model.secret_access import SecretPlace
from sluicegate.report.secrets.policy_aws import aws_policies
from sluicegate.report.secrets.policy_text import Workload
from sluicegate.stages.secrets.aws import AwsProvider

DOCS = Path(__file__).parents[2] / "docs"
AWS = (DOCS / "secrets-aws.md").read_text("utf-8")
GITHUB = (DOCS / "secrets-github.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [str(each) for each in found]


@pytest.mark.parametrize(
    "text",
    [
        each
        for page in (AWS, GITHUB)
        for each in blocks(page, "yaml")
        if each.startswith("schema:")
    ],
)
def test_every_file_of_the_pages_can_be_used(text: str) -> None:
    assert parse_pipeline(text.encode(), "the page").secrets.use


def test_the_policies_of_the_page_are_those_that_are_printed() -> None:
    provider = parse_pipeline(blocks(AWS, "yaml")[0].encode(), "x").secrets.providers
    settings = provider["aws"]
    assert isinstance(settings, AwsProvider)
    about = Workload("acme/churn", "7001", "acme", "500", "refs/heads/main")
    places = (SecretPlace("churn/database", "url"),)
    permissions, trust, _ = aws_policies("aws", settings, places, about, ["production"])
    statement, condition = blocks(AWS, "json")

    assert json.loads(permissions.text)["Statement"] == [json.loads(statement)]
    (trusted,) = json.loads(trust.text)["Statement"]
    assert {"Condition": trusted["Condition"]} == json.loads(f"{{{condition}}}")


def test_every_key_of_the_provider_is_on_the_page() -> None:
    for name in AwsProvider.model_fields.keys() - {"uses"}:
        assert f"| `{name}` |" in AWS
