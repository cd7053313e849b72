#!/usr/bin/env bash
# Sets up what is missing and runs every check: lint, types, layers, tests with real parts.
#
#   scripts/test.sh [--full] [PYTEST ARGUMENT...]
#
# --full runs every case of the exhaustive tests instead of a sample, and then the canary
# judge beside its peers on the whole matrix of simulated releases, which takes an hour;
# cells that are done already are kept, by commit, so that it can be taken up again.
#
# What is sampled is drawn by SLUICE_SEED, which is the commit's unless it is set: the same
# commit is always tried in the same way, and the next one in another.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
trap stop_engine EXIT

if [ "${1:-}" = --full ]; then
  shift
  export SLUICE_FULL=1
fi
export SLUICE_REQUIRE_ALL=1 # a test that skips for want of a part is a failure here

use_host_ca
need_packages git ca-certificates debootstrap strace openssh-client openssl perl \
  shellcheck \
  golang-go golang-golang-x-mod-dev golang-github-coreos-bbolt-dev
need_environment
need_engine
need_trivy
need_hadolint
need_openbao
need_registry
need_prometheus
need_sshd
need_witness
need_busybox
need_base_image

cd "$root"
say "ruff"
ruff check
ruff format --check
say "mypy"
mypy
say "import-linter"
lint-imports
if [ -z "${SLUICE_SEED:-}" ]; then
  commit=$(git rev-parse --short=8 HEAD)
  SLUICE_SEED=$((16#${commit:0:8}))
fi
export SLUICE_SEED
say "pytest (SLUICE_SEED=$SLUICE_SEED)"
# Much of a test's time is waiting, for containers and for traffic: one worker more than
# there are cores. In the order of the folders, the slow files come first (reordered,
# those with the fewest tests come last, and the longest of them are waited for alone).
pytest --numprocesses=$(($(nproc) + 1)) --dist=loadfile --no-loadscope-reorder \
  --hypothesis-seed="$SLUICE_SEED" "$@" </dev/null

if [ -n "${SLUICE_FULL:-}" ] && [ $# -eq 0 ]; then
  say "the canary judge beside its peers"
  mkdir -p "$cache"
  python benchmarks/canary.py --check --work "$cache/canary-$(git rev-parse HEAD).jsonl"
fi
