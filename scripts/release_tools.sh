#!/usr/bin/env bash
# Installs what a release is built and published with, each wheel checked by its hash.
#
#   scripts/release_tools.sh FOLDER
#
# FOLDER becomes a virtual environment. In a job of GitHub Actions it is put on PATH of
# the steps after this one.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 1 ] || {
  echo "usage: $0 FOLDER" >&2
  exit 2
}
python3 -I -m venv "$1"
"$1/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input \
  --only-binary :all: --require-hashes --requirement "$root/scripts/release-tools.lock"
if [ -n "${GITHUB_PATH:-}" ]; then
  (cd "$1/bin" && pwd) >>"$GITHUB_PATH"
fi
