"""Unit tests of `sluicegate.config.file`: what a whole file says, right and wrong."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.file import parse_pipeline, read_evidence, read_witnesses
from sluicegate.errors import PipelineFileError
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.command import ShellStage
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.pipeline import AuditSettings, Pipeline

GOOD = """\
schema: sluicegate/v1
name: churn-model_release_v1.0
stages:
  lint: {uses: ruff}
  test: {uses: pytest, gate: ["test.failed == 0", "test.coverage >= 0.80"]}
  build: {uses: docker-build, image: ghcr.io/acme/churn-model}
  scan: {uses: trivy, gate: ["scan.critical == 0", "scan.secrets == 0"]}
  canary: {uses: canary, environment: production, steps: [5, 25, 50]}
environments:
  production:
    target: {uses: docker, port: 8000}
audit: {store: "dir:.sluicegate/audit", retention: 400d}
"""
HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"
LINT = "  lint: {uses: ruff}\n"
BUILD = "  build: {uses: docker-build, image: churn}\n"
CANARY = "  canary: {uses: canary, environment: prod}\n"
PROD = "environments:\n  prod: {target: {uses: docker, port: 8000}}\n"
KINDS = (
    "canary, command, compare, docker-build, docs, hadolint, modelscan, publish,"
    " pytest, ruff, slices, smoke, train, trivy"
)
COMPARE = (
    "{uses: compare, candidate: a.csv, champion: b.csv, metrics: {auc: {margn: 1}}}"
)
LENGTHS = "write a time as a whole number and ms, s, m, h or d, like 10m"
RULES = "or one of cert-in, eu-ai-act, pci-dss, hipaa"
WORD = (
    "a stage's name is a-z, 0-9 and _ (40 at most, a letter first), because "
    "conditions name its evidence, like scan.critical"
)
NO_STAGES = "must hold keys and values: each stage by its name, like lint: {uses: ruff}"
USES = f"'uses' is missing: here it is called 'use' (one of {KINDS})"
A_LIST = "must be a list, like [a, b]"
CANARY_GATE = 'the default: ["canary.promoted == true"]'
FORM = "<project>_<purpose>_v<major>.<minor>, like churn-model_release_v1.0"


def parse(text: str) -> Pipeline:
    return parse_pipeline(text.encode(), "s.yaml")


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(PipelineFileError) as refused:
        parse(text)
    return refused.value.problems


def test_a_good_file_becomes_a_pipeline() -> None:
    pipeline = parse(GOOD)

    assert pipeline.name == "churn-model_release_v1.0"
    assert [(s.name, s.stage.uses, s.needs) for s in pipeline.stages] == [
        ("lint", "ruff", ()),
        ("test", "pytest", ("lint",)),
        ("build", "docker-build", ("test",)),
        ("scan", "trivy", ("build",)),
        ("canary", "canary", ("scan",)),
    ]
    target = pipeline.environments["production"].target
    assert isinstance(target, DockerTarget)
    assert target.port == 8000
    assert pipeline.audit == AuditSettings("dir:.sluicegate/audit", timedelta(days=400))
    canary = pipeline.stage("canary").stage
    assert isinstance(canary, CanaryStage)
    assert canary.steps == (5, 25, 50)


def test_a_written_gate_is_compiled_and_a_missing_one_is_the_default() -> None:
    pipeline = parse(GOOD)

    written = pipeline.stage("scan").gate.conditions
    default = pipeline.stage("canary").gate.conditions

    assert [c.text for c in written] == [
        "scan.db_age_days <= 7",
        "scan.os_unjudged == 0",
        "scan.critical == 0",
        "scan.secrets == 0",
    ]
    assert [c.names for c in default] == [("canary.promoted",)]


def test_the_audit_log_has_defaults() -> None:
    assert parse(HEAD + LINT).audit == AuditSettings("dir:.sluicegate/audit", None)


def test_the_audit_log_may_have_witnesses() -> None:
    text = HEAD + LINT + "audit: {witnesses: witnesses.policy}\n"

    assert parse(text).audit.witnesses == "witnesses.policy"
    assert read_witnesses(text.encode(), "a.yaml") == "witnesses.policy"
    assert read_witnesses((HEAD + LINT).encode(), "a.yaml") is None
    assert read_witnesses(b"audit: {witnesses: [1]}", "a.yaml") is None


@pytest.mark.parametrize(
    "place", ["dir:kept", "s3://acme/kept?mode=governance", "oci:ghcr.io/acme/churn"]
)
def test_evidence_may_be_elsewhere_than_the_log(place: str) -> None:
    text = HEAD + LINT + f"audit: {{evidence: '{place}'}}\n"

    assert parse(text).audit.evidence == place
    assert read_evidence(text.encode(), "a.yaml") == place
    assert read_evidence((HEAD + LINT).encode(), "a.yaml") is None


def test_a_file_that_cannot_be_used_still_says_where_evidence_is() -> None:
    text = "stages: nonsense\naudit: {evidence: 'oci:ghcr.io/acme/churn'}\n"
    assert read_evidence(text.encode(), "a.yaml") == "oci:ghcr.io/acme/churn"


@pytest.mark.parametrize(
    ("text", "limit"),
    [("512KiB", 512 << 10), ("4MiB", 4 << 20), ("64MiB", 64 << 20)],
)
def test_a_git_ref_takes_evidence_up_to_a_limit(text: str, limit: int) -> None:
    audit = parse(HEAD + LINT + f"audit: {{store: 'git:', evidence_limit: {text}}}\n")

    assert audit.audit.evidence_limit == limit


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("180d", 180),
        ("9600h", 400),
        ("cert-in", 180),
        ("eu-ai-act", 184),
        ("pci-dss", 366),
        ("hipaa", 2192),
    ],
)
def test_a_log_is_kept_for_days_or_for_what_a_rule_asks(text: str, days: int) -> None:
    audit = parse(HEAD + LINT + f"audit: {{retention: {text}}}\n").audit

    assert audit.retention == timedelta(days=days)


def test_stages_come_after_what_they_need() -> None:
    text = HEAD + LINT + "  a: {uses: ruff, needs: [b]}\n  b: {uses: ruff, needs: []}\n"

    pipeline = parse(text)

    assert [stage.name for stage in pipeline.stages] == ["lint", "b", "a"]
    assert pipeline.stage("b").needs == ()


def test_a_gate_may_judge_what_is_upstream() -> None:
    gate = 'gate: ["lint.findings == 0 && x.exit_code == 0"]'
    text = (
        HEAD
        + LINT
        + f"  mid: {{uses: pytest}}\n  x: {{uses: command, run: a, {gate}}}\n"
    )

    (condition,) = parse(text).stage("x").gate.conditions

    assert condition.names == ("lint.findings", "x.exit_code")


def test_a_stage_may_declare_the_evidence_it_writes() -> None:
    text = HEAD + (
        "  eval:\n"
        "    uses: command\n"
        "    run: [make, eval]\n"
        "    evidence: {file: eval.json, fields: {auc: number}}\n"
        "    gate: [eval.exit_code == 0, eval.auc >= 0.9]\n"
    )

    stage = parse(text).stage("eval")

    assert isinstance(stage.stage, ShellStage)
    assert stage.stage.run == ("make", "eval")
    assert [c.names for c in stage.gate.conditions] == [
        ("eval.exit_code",),
        ("eval.auc",),
    ]


def test_layout_and_comments_do_not_change_the_definition_but_a_gate_does() -> None:
    moved = "# a comment\n" + GOOD.replace("name: churn", "name:    churn")
    other = GOOD.replace("0.80", "0.81")

    assert parse(moved).definition == parse(GOOD).definition
    assert parse(other).definition != parse(GOOD).definition


HEADER_PROBLEMS = [
    ("name: churn_release_v1.0\nstages:\n" + LINT, ["1: 'schema' is missing"]),
    (
        GOOD.replace("/v1", "/v2"),
        ["1: schema: must be 'sluicegate/v1', not \"sluicegate/v2\""],
    ),
    (
        GOOD.replace("churn-model_", ""),
        [f'2: name: must be {FORM}, not "release_v1.0"'],
    ),
    (
        GOOD.replace("_v1.0", "_v1"),
        [f'2: name: must be {FORM}, not "churn-model_release_v1"'],
    ),
    (
        GOOD.replace("_v1.0", "_v1.01"),
        [f'2: name: must be {FORM}, not "churn-model_release_v1.01"'],
    ),
    (
        GOOD.replace("churn-model_release_v1.0", "5"),
        ['2: name: must be text: put it in quotes, like "5"'],
    ),
    ("schema: sluicegate/v1\nname: a_b_v1.0\n", ["1: 'stages' is missing"]),
    (HEAD, [f"3: stages: {NO_STAGES}"]),
    (
        HEAD.replace("stages:", "stages: {}"),
        ["3: stages: there must be at least one stage"],
    ),
    (
        HEAD.replace("stages:", "stages: [lint]"),
        [f"3: stages: {NO_STAGES}"],
    ),
    (HEAD + LINT + "stage: 1\n", ["5: unknown key 'stage' (did you mean 'stages'?)"]),
    (
        HEAD + LINT + "windows: []\n",
        ["5: 'windows' is said of an environment: write it there"],
    ),
    (
        HEAD + LINT + "audit: {store: 's3:bucket'}\n",
        [
            (
                "5: audit.store: store 's3:bucket' is not supported: dir:PATH, git:REF "
                "or s3://BUCKET/PREFIX"
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {store: 's3://Acme/churn'}\n",
        [
            (
                "5: audit.store: not the name of a bucket: 'Acme'; s3://BUCKET/PREFIX, "
                'like s3://acme-audit/churn-model, not "s3://Acme/churn"'
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {store: 's3://acme/churn?mode=worm'}\n",
        [
            (
                "5: audit.store: not a mode of retention: 'worm'; compliance, "
                'governance, bucket-default, none, not "s3://acme/churn?mode=worm"'
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {store: 'git:audit#main'}\n",
        [
            (
                "5: audit.store: 'main' is not the full name of a Git ref; write "
                "git:refs/heads/sluicegate-audit or "
                "git:https://host/log.git#refs/heads/sluicegate-audit, not "
                '"git:audit#main"'
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {store: 'git:https://me:hunter22@host/log.git'}\n",
        [
            (
                "5: audit.store: looks like a credential, and this file is no place "
                "for one: leave it out, since Git asks its credential helper for it, "
                "and the tools of a bucket their own variables"
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {store: 'dir:'}\n",
        ["5: audit.store: must name a folder, like dir:.sluicegate/audit"],
    ),
    (
        HEAD + LINT + "audit: {evidence: 'git:origin'}\n",
        [
            (
                "5: audit.evidence: must be dir:PATH, s3://BUCKET/PREFIX or "
                'oci:HOST/PATH, not "git:origin"'
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {evidence: 'oci:acme/churn'}\n",
        [
            (
                "5: audit.evidence: not a repository of a registry: 'acme/churn'; "
                "oci:HOST/PATH, like oci:ghcr.io/acme/churn-model, without a tag, not "
                '"oci:acme/churn"'
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {store: 'git:', evidence_limit: 65MiB}\n",
        ['5: audit.evidence_limit: must be at most 64MiB, not "65MiB"'],
    ),
    (
        HEAD + LINT + "audit: {store: 'git:', evidence_limit: 4194304}\n",
        ["5: audit.evidence_limit: must be a size, like 4MiB or 512KiB, not 4194304"],
    ),
    (
        HEAD + LINT + "audit: {evidence_limit: 4MiB}\n",
        [
            (
                "5: audit.evidence_limit: only evidence that is kept in a Git ref, "
                'together with its log, has a limit, not "4MiB"'
            )
        ],
    ),
    (
        HEAD
        + LINT
        + "audit: {store: 'git:', evidence: 'dir:x', evidence_limit: 4MiB}\n",
        [
            (
                "5: audit.evidence_limit: only evidence that is kept in a Git ref, "
                'together with its log, has a limit, not "4MiB"'
            )
        ],
    ),
    (
        HEAD + LINT + "audit: {retention: 179d}\n",
        ['5: audit.retention: must be at least 180d, not "179d"'],
    ),
    (
        HEAD + LINT + "audit: {retention: 40000d}\n",
        ['5: audit.retention: must be at most 36500d, not "40000d"'],
    ),
    (
        HEAD + LINT + "audit: {retention: 400}\n",
        [f"5: audit.retention: {LENGTHS}, {RULES}, not 400"],
    ),
    (
        HEAD + LINT + "audit: {retention: gdpr}\n",
        [f'5: audit.retention: {LENGTHS}, {RULES}, not "gdpr"'],
    ),
    (
        HEAD + LINT + "audit: {retension: 400d}\n",
        ["5: audit: unknown key 'retension' (did you mean 'retention'?)"],
    ),
]

STAGE_PROBLEMS = [
    (
        "  lint: {uses: ruf}\n",
        ["4: stages.lint.uses: unknown kind 'ruf' (did you mean 'ruff'?)"],
    ),
    (
        "  lint: {uses: zzz}\n",
        [f"4: stages.lint.uses: unknown kind 'zzz' (one of {KINDS})"],
    ),
    (
        "  lint: {use: ruff}\n",
        [f"4: stages.lint: {USES}"],
    ),
    ("  lint: {}\n", [f"4: stages.lint: 'uses' is missing (one of {KINDS})"]),
    (
        "  lint: {uses: 3}\n",
        [f"4: stages.lint.uses: must be the kind of the stage (one of {KINDS})"],
    ),
    (
        f"  compare: {COMPARE}\n",
        ["4: stages.compare.metrics.auc: unknown key 'margn' (did you mean 'margin'?)"],
    ),
    (
        "  test: pytest\n",
        ["4: stages.test: must say what it uses, like {uses: pytest}"],
    ),
    ("  lint:\n", ["4: stages.lint: must say what it uses, like {uses: ruff}"]),
    (
        "  unit-tests: {uses: pytest}\n",
        [f"4: stages.unit-tests: {WORD}: write unit_tests"],
    ),
    ("  Lint: {uses: ruff}\n", [f"4: stages.Lint: {WORD}: write lint"]),
    (f"  {'a' * 41}: {{uses: ruff}}\n", [f"4: stages.{'a' * 41}: {WORD}"]),
    (
        "  import: {uses: ruff}\n",
        [
            (
                "4: stages.import: 'import' means something else in conditions: take "
                "another name"
            )
        ],
    ),
    (LINT + LINT, ["5: key 'lint' is already given in line 4"]),
    (
        "  lint:\n    uses: ruff\n    timout: 3m\n",
        ["6: stages.lint: unknown key 'timout' (did you mean 'timeout'?)"],
    ),
    (
        "  lint: {uses: ruff, timeout: 90}\n",
        [f"4: stages.lint.timeout: {LENGTHS}, not 90"],
    ),
    (
        "  lint: {uses: ruff, timeout: 0s}\n",
        ['4: stages.lint.timeout: must be more than zero, not "0s"'],
    ),
    (
        "  lint: {uses: ruff, timeout: 999999999d}\n",
        ['4: stages.lint.timeout: must be at most 3650d, not "999999999d"'],
    ),
    (
        "  lint: {uses: ruff, approvals: 2}\n",
        ["4: stages.lint: 'approvals' is said of an environment: write it there"],
    ),
    ("  build: {uses: docker-build}\n", ["4: stages.build: 'image' is missing"]),
    (
        "  x: {uses: command, run: 5}\n",
        ["4: stages.x.run: must be text or a list, like [a, b]"],
    ),
    (
        "  x: {uses: command, run: [5]}\n",
        ['4: stages.x.run.0: must be text: put it in quotes, like "5"'],
    ),
    (
        "  x: {uses: command, run: a, env: {PORT: 8000, ON: true}}\n",
        [
            '4: stages.x.env.PORT: must be text: put it in quotes, like "8000"',
            '4: stages.x.env.ON: must be text: put it in quotes, like "true"',
        ],
    ),
    (
        "  scan: {uses: trivy, scanners: [secrt]}\n",
        [
            (
                "4: stages.scan.scanners.0: must be 'vuln', 'secret' or 'misconfig', "
                "not \"secrt\" (did you mean 'secret'?)"
            )
        ],
    ),
    (
        "  scan: {uses: trivy, source: yes}\n",
        ['4: stages.scan.source: must be true or false, not "yes"'],
    ),
]

GRAPH_PROBLEMS = [
    (
        LINT + "  a: {uses: ruff, needs: [lnt]}\n",
        ["5: stages.a.needs.0: unknown stage 'lnt' (did you mean 'lint'?)"],
    ),
    (
        LINT + "  a: {uses: ruff, needs: lint}\n",
        ['5: stages.a.needs: must be a list, like [a, b]: write ["lint"]'],
    ),
    (
        "  a: {uses: ruff, needs: [a]}\n",
        ["4: stages.a.needs.0: a stage cannot need itself"],
    ),
    (
        LINT + "  a: {uses: ruff, needs: [lint, lint]}\n",
        ["5: stages.a.needs.1: 'lint' is already given"],
    ),
    (
        "  a: {uses: ruff, needs: [c]}\n  b: {uses: ruff}\n  c: {uses: ruff}\n",
        ["4: stages.a.needs: stages a, b, c wait for each other"],
    ),
]

GATE_PROBLEMS = [
    (
        "  lint: {uses: ruff, gate: [lint.finding == 0]}\n",
        [
            (
                "4: stages.lint.gate.0: 'lint.finding == 0': unknown evidence "
                "'lint.finding' (did you mean 'lint.findings'?)"
            )
        ],
    ),
    (
        (
            "  lint:\n    uses: ruff\n    gate:\n    - lint.findings == 0\n    - "
            "lint.findings = 1\n"
        ),
        [
            (
                "8: stages.lint.gate.1: 'lint.findings = 1': token recognition error "
                "at: "
                "'= ' (column 15); compare with =="
            )
        ],
    ),
    (
        "  lint: {uses: ruff, gate: ['true']}\n",
        ["4: stages.lint.gate.0: 'true': reads no evidence, so it would judge nothing"],
    ),
    (
        "  lint: {uses: ruff, gate: [true]}\n",
        ['4: stages.lint.gate.0: must be text: put it in quotes, like "true"'],
    ),
    (
        "  lint: {uses: ruff, gate: lint.findings == 0}\n",
        [f'4: stages.lint.gate: {A_LIST}: write ["lint.findings == 0"]'],
    ),
    (
        BUILD + CANARY.replace("}", ", gate: []}") + PROD,
        [
            (
                f"5: stages.canary.gate: an empty gate never opens; leave it out for "
                f"{CANARY_GATE}"
            )
        ],
    ),
    (
        "  lint: {uses: ruff, gate: [test.failed == 0]}\n  test: {uses: pytest}\n",
        [
            (
                "4: stages.lint.gate.0: 'test.failed == 0': test.failed is not there "
                "yet: "
                "add 'test' to the stage's needs"
            )
        ],
    ),
    (
        "  lint: {uses: ruff, gate: [\"lint.findings != '0'\"]}\n",
        [
            (
                "4: stages.lint.gate.0: \"lint.findings != '0'\": "
                "'!=' does not go with (integer, text) (column 15)"
            )
        ],
    ),
    # A stage that cannot be read has problems of its own, enough for one look.
    (
        "  lint: {uses: ruf}\n  test: {uses: pytest, gate: [lint.findings == 0]}\n",
        ["4: stages.lint.uses: unknown kind 'ruf' (did you mean 'ruff'?)"],
    ),
]

CANARY_PROBLEMS = [
    (
        BUILD + CANARY,
        [
            (
                "5: stages.canary.environment: unknown environment 'prod': add it "
                "under environments"
            )
        ],
    ),
    (
        BUILD + CANARY.replace("prod", "prd") + PROD,
        [
            (
                "5: stages.canary.environment: unknown environment 'prd' (did you mean "
                "'prod'?)"
            )
        ],
    ),
    (
        BUILD + "  canary: {uses: canary}\n",
        ["5: stages.canary: 'environment' is missing"],
    ),
    (
        LINT + CANARY + PROD,
        [
            (
                "5: stages.canary: needs a stage that builds the image first (uses: "
                "docker-build)"
            )
        ],
    ),
    (
        BUILD + BUILD.replace("build:", "other:") + CANARY + PROD,
        ["6: stages.canary: which image? other and build both build one"],
    ),
    (
        BUILD + CANARY.replace("}", ", steps: [0, 50, 50, 25, 100]}") + PROD,
        [
            "5: stages.canary.steps.0: must be between 1 and 90 percent, not 0",
            "5: stages.canary.steps.2: must rise: 50 comes after 50",
            "5: stages.canary.steps.3: must rise: 25 comes after 50",
            (
                "5: stages.canary.steps.4: must be between 1 and 90 percent, not 100:"
                " the rest comes with the promotion"
            ),
        ],
    ),
    (
        BUILD + CANARY.replace("}", ", steps: []}") + PROD,
        ["5: stages.canary.steps: must not be empty"],
    ),
    (
        BUILD
        + CANARY.replace("}", ", block: 999999999d, deadline: 999999999d}")
        + PROD,
        [
            '5: stages.canary.block: must be at most 3650d, not "999999999d"',
            '5: stages.canary.deadline: must be at most 3650d, not "999999999d"',
        ],
    ),
    (
        BUILD
        + CANARY.replace(
            "}", ", steps: [5, 25], block: 90s, step_blocks: 2,\n    deadline: 359s}"
        )
        + PROD,
        [
            (
                "6: stages.canary.deadline: a deadline of 359s is too short:"
                " steps x step_blocks x block takes 2 x 2 x 90s = 6m"
            )
        ],
    ),
    (
        BUILD + CANARY.replace("}", ", block: 21m}") + PROD,
        [
            (
                "5: stages.canary: a deadline of 1h is too short:"
                " steps x step_blocks x block takes 3 x 1 x 21m = 63m"
            )
        ],
    ),
    (
        BUILD
        + CANARY.replace("}", ", on_deadline: rollbak, judge: {alpha: 1, rati: 2}}")
        + PROD,
        [
            (
                "5: stages.canary.on_deadline: must be 'rollback', 'hold' or "
                "'promote', "
                "not \"rollbak\" (did you mean 'rollback'?)"
            ),
            "5: stages.canary.judge.alpha: must be less than 0.5, not 1",
            "5: stages.canary.judge: unknown key 'rati' (did you mean 'ratio'?)",
        ],
    ),
    (
        BUILD
        + CANARY
        + "environments:\n  prod:\n    target: {uses: docker, port: 0}\n"
        + "    approvals: {count: 1}\n",
        [
            "8: environments.prod.target.port: must be at least 1, not 0",
            "9: environments.prod.approvals: 'from' is missing: who may say yes?",
        ],
    ),
    (
        BUILD + CANARY + PROD.replace("docker", "k8s"),
        [
            (
                "7: environments.prod.target: unknown uses 'k8s' (one of argo-rollouts,"
                " docker, kserve, kubernetes)"
            )
        ],
    ),
    (
        LINT + "environments:\n  Prod X: {target: {uses: docker, port: 80}}\n",
        [
            (
                "6: environments.Prod X: the name must be text of the form "
                "^[a-z][a-z0-9_-]{0,39}$"
            )
        ],
    ),
    (
        BUILD + CANARY + PROD.replace("port: 8000", "port: '8000'"),
        ['7: environments.prod.target.port: must be a whole number, not "8000"'],
    ),
    (
        BUILD + CANARY + PROD.replace("port: 8000", "port: true"),
        ["7: environments.prod.target.port: must be a whole number, not true"],
    ),
]


SCAN = "  scan: {uses: trivy}\n"
SCAN_PROBLEMS = [
    (
        LINT + SCAN.replace("}", ", image: true}"),
        [
            (
                "5: stages.scan: needs a stage that builds the image first"
                " (uses: docker-build), or set image: false"
            )
        ],
    ),
    (
        BUILD + "  scan: {uses: trivy, needs: []}\n",
        [
            (
                "5: stages.scan: needs a stage that builds the image first"
                " (uses: docker-build), or set image: false"
            )
        ],
    ),
    (
        BUILD
        + BUILD.replace("build:", "other:")
        + "  scan:\n    uses: trivy\n    needs: [other]\n",
        [
            (
                "8: stages.scan.needs: which image? other and build both build one;"
                " need only one of them, or set image: false"
            )
        ],
    ),
    # What the file calls image_id is no image.
    (
        "  x: {uses: command, run: a, evidence: {file: e, fields: {image_id: text}}}\n"
        + SCAN.replace("}", ", image: true}"),
        [
            (
                "5: stages.scan: needs a stage that builds the image first"
                " (uses: docker-build), or set image: false"
            )
        ],
    ),
    # A stage that cannot be read may have been meant to build it.
    (
        "  build: {uses: docker-build}\n" + SCAN,
        ["4: stages.build: 'image' is missing"],
    ),
]


def check(text: str, expected: list[str]) -> None:
    assert list(problems(text)) == [f"s.yaml:{problem}" for problem in expected]


@pytest.mark.parametrize(("text", "expected"), HEADER_PROBLEMS)
def test_the_frame_of_the_file_is_checked(text: str, expected: list[str]) -> None:
    check(text, expected)


@pytest.mark.parametrize(("stages", "expected"), STAGE_PROBLEMS)
def test_every_stage_is_checked(stages: str, expected: list[str]) -> None:
    check(HEAD + stages, expected)


@pytest.mark.parametrize(("stages", "expected"), GRAPH_PROBLEMS)
def test_the_graph_is_checked(stages: str, expected: list[str]) -> None:
    check(HEAD + stages, expected)


@pytest.mark.parametrize(("stages", "expected"), GATE_PROBLEMS)
def test_every_gate_is_checked(stages: str, expected: list[str]) -> None:
    check(HEAD + stages, expected)


@pytest.mark.parametrize(("stages", "expected"), CANARY_PROBLEMS)
def test_every_canary_is_checked(stages: str, expected: list[str]) -> None:
    check(HEAD + stages, expected)


@pytest.mark.parametrize(("stages", "expected"), SCAN_PROBLEMS)
def test_every_scan_is_checked(stages: str, expected: list[str]) -> None:
    check(HEAD + stages, expected)


@pytest.mark.parametrize("image", ["", ", image: false"])
def test_a_scan_of_the_source_alone_needs_no_image(image: str) -> None:
    pipeline = parse(HEAD + SCAN.replace("}", f"{image}}}"))

    assert pipeline.stage("scan").needs == ()


def test_a_deadline_may_end_with_the_last_block() -> None:
    canary = CANARY.replace("}", ", block: 20m, deadline: 1h}")

    stage = parse(HEAD + BUILD + canary + PROD).stage("canary").stage

    assert isinstance(stage, CanaryStage)
    assert stage.deadline == timedelta(hours=1)


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    text = (
        "schema: sluicegate/v1\n"
        "name: churn\n"
        "stages:\n"
        "  lint: {uses: ruf}\n"
        "  test: {uses: pytest, gate: [test.faild == 0]}\n"
        "audit: {retention: 1d}\n"
        "typo: 1\n"
    )

    lines = [int(problem.split(":")[1]) for problem in problems(text)]

    assert lines == [2, 4, 5, 6, 7]


def test_nothing_is_a_pipeline_unless_it_was_all_understood() -> None:
    for line in range(len(GOOD.splitlines())):
        lines = GOOD.splitlines(keepends=True)
        lines.insert(
            line,
            f"{lines[line][: len(lines[line]) - len(lines[line].lstrip())]}zz: 1\n",
        )
        assert problems("".join(lines))


def test_a_key_cannot_draw_on_the_terminal() -> None:
    text = HEAD + '  "\\e[2J\\ns.yaml:1: all is well": {uses: ruff}\n'

    (problem,) = problems(text)

    assert problem.isprintable()


def test_more_problems_than_anybody_mends_are_not_looked_for() -> None:
    wanted = ", ".join(f"x{number}" for number in range(50_000))

    with pytest.raises(PipelineFileError) as refused:
        parse(HEAD + f"  lint: {{uses: ruff, needs: [{wanted}]}}\n")

    assert len(refused.value.problems) == 100
    assert refused.value.hint == "there are more problems than these"


def test_stages_and_conditions_are_counted() -> None:
    many = "".join(f"  s{number}: {{uses: ruff}}\n" for number in range(301))
    gate = ", ".join(["lint.findings == 0"] * 51)

    assert problems(HEAD + many) == (
        "s.yaml:3: stages: there may be at most 300 stages",
    )
    assert problems(HEAD + f"  lint: {{uses: ruff, gate: [{gate}]}}\n") == (
        "s.yaml:4: stages.lint.gate: a gate has at most 50 conditions",
    )


WORDS = st.sampled_from(
    [
        *("schema", "sluicegate/v1", "name", "churn_release_v1.0", "stages", "lint"),
        *("uses", "ruff", "pytest", "command", "canary", "docker", "run", "env"),
        *("gate", "lint.findings==0", "environment", "environments", "prod", "port"),
        *("target", "steps", "judge", "audit", "retention", "400d", "needs"),
        *("5", "0.5", "true", "~"),
    ]
)
TREES = st.recursive(
    WORDS,
    lambda nodes: (
        st.lists(nodes, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(WORDS, nodes), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=80) | TREES.map(str.encode))
def test_no_bytes_raise_anything_but_the_error_that_is_named(data: bytes) -> None:
    with suppress(PipelineFileError):
        parse_pipeline(data, "s.yaml")


@given(TREES)
def test_no_stage_raises_anything_but_the_error_that_is_named(tree: str) -> None:
    with suppress(PipelineFileError):
        parse(HEAD + f"  lint: {tree}\n" + PROD)


@given(TREES, st.sampled_from(["gate", "needs", "timeout", "env", "paths"]))
def test_no_setting_raises_anything_but_the_error_that_is_named(
    tree: str, key: str
) -> None:
    with suppress(PipelineFileError):
        parse(HEAD + f"  lint: {{uses: ruff, {key}: {tree}}}\n")
