#!/usr/bin/env bash
# Sets up what is missing and shows Sluicegate at work: three releases of a real service.
# Arguments go to `sluice demo`; see `sluice demo --help`.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
trap stop_engine EXIT

use_host_ca
need_packages git ca-certificates debootstrap
need_environment
need_engine
need_trivy
"$venv/bin/sluice" demo "$@"
