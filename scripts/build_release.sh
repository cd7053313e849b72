#!/usr/bin/env bash
# Builds the source distribution and the wheel of the commit that is checked out.
#
#   scripts/build_release.sh FOLDER
#
# Nothing but that commit goes in, whatever else lies in the work tree: the wheel is built
# from the source distribution, that from an archive of the commit, both with the time of
# the commit and with tools that are pinned by hash. So everybody gets the same bytes who
# has the commit. Needs git, and uv on PATH (scripts/release-tools.lock).
set -euo pipefail
umask 022

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 1 ] || {
  echo "usage: $0 FOLDER" >&2
  exit 2
}
mkdir -p -- "$1"
folder=$(cd "$1" && pwd)
if [ -n "$(ls -A "$folder")" ]; then
  echo "error: $1 is not empty: only what is built may be in it" >&2
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct HEAD)
export SOURCE_DATE_EPOCH

git -C "$root" archive HEAD | tar -x -C "$work"
# `sluice init --github` pins workflows to it.
git -C "$root" rev-parse HEAD >"$work/src/sluicegate/COMMIT"
uv build --quiet --out-dir "$folder" --build-constraints "$work/scripts/release-tools.lock" \
  --require-hashes --no-create-gitignore "$work"
(cd "$folder" && sha256sum -- *.tar.gz *.whl)
