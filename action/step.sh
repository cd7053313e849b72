#!/usr/bin/env bash
# The one step of the Action: makes sure of an environment of its own, and becomes it.
#
# Texts of users are in variables alone and are never put into a command. The secrets are
# in no variable of any program but the last, which takes them and wipes them; this shell
# is gone by then.
set -euo pipefail
export CDPATH=

log_key=${SLUICE_LOG_KEY:-} token=${SLUICE_GITHUB_TOKEN:-}
unset SLUICE_LOG_KEY SLUICE_GITHUB_TOKEN

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
home=${SLUICE_ACTION_HOME:-${RUNNER_TEMP:-}/sluicegate-action}

# fail MESSAGE HINT: neither holds a word of a user's.
fail() {
  printf 'error: %s\n hint: %s\n' "$1" "$2" >&2
  printf '::error title=Sluicegate could not be set up::%s: %s\n' "$1" "$2"
  [ -z "${GITHUB_OUTPUT:-}" ] ||
    printf '%s\n' verdict=broken decision=stop reason-code=setup-failed >>"$GITHUB_OUTPUT"
  exit 4
}

# Prints the first Python that is new enough. From the root, so that nothing in the
# workspace can be one, or choose one.
find_python() {
  cd /
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    "$candidate" -I -c 'import sys
if sys.version_info < (3, 11): sys.exit(1)
print(sys.executable)' 2>/dev/null && return 0
  done
  return 1
}

[ -n "${SLUICE_ACTION_HOME:-}${RUNNER_TEMP:-}" ] ||
  fail "RUNNER_TEMP is not set" "this is a step of GitHub Actions; elsewhere use the command sluice"
python=$(find_python) ||
  fail "there is no Python 3.11 or newer on this runner" \
    "use ubuntu-24.04 or newer, or a step with actions/setup-python before this one"
environment=$("$python" -I "$here/install.py" "$home" "${SLUICE_INPUT_EXTRAS:-}") ||
  fail "the environment of the Action could not be made" "the lines above say why"

[ -z "$log_key" ] || export SLUICE_LOG_KEY="$log_key"
[ -z "$token" ] || export SLUICE_GITHUB_TOKEN="$token"
exec "$environment/bin/python" -I "$here/launch.py" github step
