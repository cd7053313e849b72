import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.detect.github.setup import Destination, Setup, check_safe, read_setup
from sluicegate.errors import UsageError

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\n"
WHOLE = """\
stages:
  lint: {uses: ruff}
  test: {uses: pytest}
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  smoke: {uses: command, run: ./smoke, needs: [build]}
  scan: {uses: trivy, needs: [build, test]}
  publish: {uses: publish}
  canary: {uses: canary, environment: production}
environments:
  production: {target: {uses: docker, port: 8000}}
  staging: {target: {uses: docker, port: 8000, host: "ssh://deploy@serve.acme.org"}}
"""
IN_CLUSTERS = """\
environments:
  production:
    target:
      uses: kserve
      cluster: {context: eu}
      namespace: shop
      service: churn
      mode: knative
      counts: {uses: knative, url: "https://prometheus.acme.org"}
  inside:
    target:
      uses: kserve
      cluster: {in_cluster: true}
      namespace: shop
      service: churn
      mode: knative
      counts: {uses: knative, url: "https://prometheus.acme.org"}
"""


def setup(text: str, config: str = "sluicegate.yaml", service: str = "") -> Setup:
    pipeline = parse_pipeline((HEAD + text).encode(), config)
    return read_setup(pipeline, config, service)


def test_code_runs_apart_from_the_scanner_and_both_apart_from_the_recorder() -> None:
    found = setup(WHOLE)
    assert found.test == ("lint", "test")
    assert found.build == ("build", "smoke")
    assert found.scan == ("scan",)
    assert found.image == "ghcr.io/acme/churn"
    assert found.registry == "ghcr.io"
    assert found.destinations == (
        Destination("production", is_here=True),
        Destination("staging", is_here=False),
    )


def test_a_cluster_is_not_here_and_is_known_by_its_context() -> None:
    head, _, _ = WHOLE.partition("environments:")
    found = setup(head + IN_CLUSTERS)
    production, inside = found.destinations
    assert production == Destination(
        "production", is_here=False, in_cluster=True, context="eu"
    )
    assert inside == Destination("inside", is_here=False, in_cluster=True)
    assert [production.is_reached, inside.is_reached] == [True, False]


def test_code_that_would_run_after_the_scan_is_refused() -> None:
    late = WHOLE.replace("  publish:", "  late: {uses: command, run: ./x}\n  publish:")
    with pytest.raises(UsageError, match=r"late runs code .* after the scan"):
        setup(late)


def test_code_after_a_scan_of_the_source_runs_with_the_tests() -> None:
    found = setup("stages: {scan: {uses: trivy, image: false}, test: {uses: pytest}}")
    assert (found.test, found.scan) == (("test",), ("scan",))


TRAINED = """\
stages:
  lint: {uses: ruff}
  data: {uses: command, run: make, outputs: [data.csv]}
  test: {uses: pytest}
  style: {uses: ruff, needs: [lint]}
  train: {uses: train, run: make, inputs: [a], model: [model], needs: [test]}
  modelscan: {uses: modelscan, paths: [model]}
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  scan: {uses: trivy}
"""


def test_a_model_is_trained_in_the_job_that_builds_an_image_of_it() -> None:
    found = setup(TRAINED)
    assert found.test == ("lint", "style")
    assert found.build == ("data", "test", "train", "modelscan", "build")
    assert found.scan == ("scan",)


def test_a_model_of_which_no_image_is_built_is_trained_with_the_tests() -> None:
    found = setup("stages: {train: {uses: train, run: a, inputs: [a], model: [m]}}\n")
    assert (found.test, found.build) == (("train",), ())


@pytest.mark.parametrize(
    ("store", "log", "keeps"),
    [
        ("git:", "refs/heads/sluicegate-audit", True),
        ("git:refs/heads/log", "refs/heads/log", True),
        ("git:origin", "refs/heads/sluicegate-audit", True),
        ("git:origin#refs/heads/log", "refs/heads/log", True),
        ("git:upstream#refs/heads/log", None, True),
        ("git:https://host.example/log.git", None, True),
        ("s3://acme/log", None, True),
        ("dir:.sluicegate/audit", None, False),
    ],
)
def test_the_branch_of_the_log_is_that_of_this_repository_alone(
    store: str, log: str | None, keeps: bool  # noqa: FBT001
) -> None:  # fmt: skip
    found = setup(f'stages: {{lint: {{uses: ruff}}}}\naudit: {{store: "{store}"}}\n')
    assert (found.log, found.keeps_log) == (log, keeps)


def test_one_of_several_is_touched_by_its_folder_and_its_paths() -> None:
    text = 'stages: {lint: {uses: ruff}}\npaths: [../../libs, "../proto/**"]\n'
    found = setup(text, "services/api/sluicegate.yaml", "api")
    assert found.paths == ("services/api/**", "libs/**", "libs", "services/proto/**")
    assert (found.secret, found.key_environment) == (
        "SLUICE_LOG_KEY_API",
        "sluicegate-api",
    )
    assert setup(text, "services/api/sluicegate.yaml").paths == ()


@pytest.mark.parametrize(
    "text",
    ["a b", "${{ github.token }}", "x\ny", "", "-x", "*", "a'b", "é", "a:b", "a#b"],
)
def test_what_a_workflow_would_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a workflow"):
        check_safe(text, "a branch")
