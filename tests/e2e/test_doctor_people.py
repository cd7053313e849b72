"""What `sluice doctor` says of approvals, with real keys and a real `ssh-keygen`."""

import shutil
from pathlib import Path

from cli_project import CliProject
from ssh_people import Person, needs_ssh

pytestmark = needs_ssh

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
people: {ann: [ann@acme.org], eve: [eve@acme.org]}
environments:
  production:
    target: {uses: docker, port: 8000}
    approvals: {count: 2, from: [ann, eve]}
"""


def test_the_doctor_says_who_has_no_key_and_what_to_add(tmp_path: Path) -> None:
    ann = Person.make(tmp_path / "keys", "ann")
    signers = ann.line(name="ann@acme.org")
    files = {"sluicegate.yaml": PIPELINE, ".github/allowed_signers": signers}
    project = CliProject.make(tmp_path, files)
    (tmp_path / "bin").mkdir()
    for name in ("git", "ssh-keygen"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or "")
    project.environ["PATH"] = str(tmp_path / "bin")

    said = project.sluice("doctor", check=4).stdout

    assert "eve may approve production, and has no key in .github/allowed" in said
    assert '-> add there, at refs/heads/main: eve@acme.org namespaces="sl' in said
    assert "never enough: 1 more, but nobody who may is left" in said
    assert said.splitlines()[-1].endswith("approvals of production, requester")
    assert project.git("status", "--porcelain", "--ignored") == ""
    assert list(project.home.iterdir()) == []
