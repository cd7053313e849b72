"""Build a Trivy vulnerability database from the advisories of PyPI's safety-db.

Only facts are taken over (package, CVE, vulnerable versions), no texts. The advisories
carry no severity: the few below are those of the GitHub Advisory Database, everything
else is UNKNOWN.

    python build.py safety_db-2021.7.17-py2.py3-none-any.whl CACHE [UPDATED-AT]

Source of the layout:
    https://github.com/aquasecurity/trivy-db, pkg/db and pkg/vulnsrc/ghsa; Trivy 0.59.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

SOURCE = "pip::GitHub Security Advisory Pip"
SEVERITY = {  # GitHub Advisory Database
    "CVE-2019-20477": "CRITICAL",
    "CVE-2020-14343": "CRITICAL",
    "CVE-2020-1747": "CRITICAL",
    "CVE-2020-28493": "MEDIUM",
    "CVE-2021-33503": "HIGH",
}
LEVEL = {"UNKNOWN": 0, "LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}
GO = shutil.which("go") or "/usr/lib/go-1.19/bin/go"


def build(wheel: Path, cache: Path, updated: datetime) -> None:
    """Write ``CACHE/db``, with *updated* as the time the database was made."""
    folder = cache / "db"
    folder.mkdir(parents=True)
    environ = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    program = Path(__file__).with_name("main.go")
    subprocess.run(
        [GO, "run", str(program), str(folder / "trivy.db")],
        input=json.dumps(records(wheel)).encode(),
        env=environ,
        check=True,
    )
    metadata = {
        "Version": 2,
        "NextUpdate": (updated + timedelta(days=3650)).isoformat(),
        "UpdatedAt": updated.isoformat(),
        "DownloadedAt": updated.isoformat(),
    }
    (folder / "metadata.json").write_text(json.dumps(metadata))


def records(wheel: Path) -> list[dict[str, object]]:
    """The advisories as records of Trivy's database."""
    with zipfile.ZipFile(wheel) as archive:
        advisories = json.loads(archive.read("safety_db/insecure_full.json"))
    found: list[dict[str, object]] = [
        {
            "path": ["data-source"],
            "key": SOURCE,
            "value": {
                "ID": "ghsa",
                "Name": "advisories of safety-db, for tests",
                "URL": "https://github.com/pyupio/safety-db",
            },
        }
    ]
    for package, entries in advisories.items():
        if package.startswith("$"):
            continue
        for entry in entries:
            for cve in re.findall(r"CVE-\d{4}-\d{4,7}", entry["cve"] or ""):
                found += _records_of(package, cve, entry["specs"])
    return found


def _records_of(package: str, cve: str, specs: list[str]) -> list[dict[str, object]]:
    severity = SEVERITY.get(cve, "UNKNOWN")
    name = package.lower().replace("_", "-")
    patched = [spec[1:] for spec in specs if re.fullmatch(r"<[0-9.]+", spec)]
    return [
        {
            "path": [SOURCE, name],
            "key": cve,
            "value": {"PatchedVersions": patched, "VulnerableVersions": specs},
        },
        {
            "path": ["vulnerability"],
            "key": cve,
            "value": {
                "Title": f"{cve} in {SOURCE}",
                "Severity": severity,
                "VendorSeverity": {"ghsa": LEVEL[severity]},
            },
        },
    ]


if __name__ == "__main__":
    when = sys.argv[3] if len(sys.argv) > 3 else datetime.now(UTC).isoformat()
    build(Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(when))
