"""Unit tests of `sluicegate.report.secrets.uses`."""

import json

from sluicegate.config.file import parse_pipeline
from sluicegate.report.secrets.uses import uses_document, uses_text
from sluicegate.stages.secrets.settings import Secrets

FILE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  train: {uses: command, run: x}
  canary: {uses: canary, environment: production, needs: []}
  build: {uses: docker-build, image: a, needs: []}
environments: {production: {target: {uses: docker, port: 80}}}
secrets:
  providers:
    vault:
      uses: openbao
      address: https://vault.acme.org
      auth: {method: jwt, role: churn}
    aws:
      uses: aws-secrets-manager
      region: eu-central-1
      role: arn:aws:iam::123456789012:role/churn
    here: {uses: environment}
    spare: {uses: github}
  use:
    DB: {from: vault, path: churn/db, field: url, version: 7, stages: [train]}
    KEY: {from: aws, path: churn/key, stages: [train], environments: [production]}
    HF_TOKEN: {from: here, path: HF, stages: [train, build]}
"""


def secrets() -> Secrets:
    text = FILE.replace("needs: []}\n  build", "needs: [build]}\n  build")
    return parse_pipeline(text.encode(), "f").secrets


def test_a_line_says_of_a_secret_who_keeps_it_and_who_gets_it() -> None:
    assert uses_text(secrets()).splitlines() == [
        "variable  from                  stages        environments",
        "DB        vault:churn/db#url@7  train         any run",
        "KEY       aws:churn/key         train         production",
        "HF_TOKEN  here:HF               train, build  any run",
        "",
        "vault: openbao at https://vault.acme.org, mount secret",
        (
            "aws: aws-secrets-manager in eu-central-1, as"
            " arn:aws:iam::123456789012:role/churn"
        ),
        "here: environment",
        "spare: github (no secret is read from it)",
    ]


def test_a_file_without_secrets_is_said_to_have_none() -> None:
    assert uses_text(Secrets()).startswith("the pipeline file names no secret: ")
    assert json.loads(uses_document(Secrets())) == {"secrets": [], "providers": []}


def test_a_document_says_the_same() -> None:
    document = json.loads(uses_document(secrets()))

    assert document["secrets"][0] == {
        "variable": "DB",
        "provider": "vault",
        "uses": "openbao",
        "path": "churn/db",
        "field": "url",
        "version": "7",
        "stages": ["train"],
        "environments": [],
    }
    assert [each["variable"] for each in document["secrets"]] == [
        *("DB", "KEY", "HF_TOKEN"),
    ]
    assert document["providers"][1] == {"name": "aws", "uses": "aws-secrets-manager"}
