"""What is run on another host, through its user's login shell: POSIX shell.

Needed there are flock(1) of util-linux and timeout(1), sync(1) of coreutils, or those
of BusyBox. What a script says of itself is its standard output; any exit code but 0 is
an error, described on standard error.
"""

import shlex
from typing import IO

SURVEY = r"""
set -eu
denied= found=
own=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/docker.sock
for each in "${DOCKER_HOST-}" "unix://$own" unix:///var/run/docker.sock; do
  path=${each#unix://}
  if [ -z "$each" ] || [ "$path" = "$each" ] || ! [ -S "$path" ]; then continue; fi
  if [ -w "$path" ]; then found=$path; break; fi
  denied=$path
done
lacks=
for each in flock timeout sync mv; do
  command -v "$each" >/dev/null || lacks="$lacks $each"
done
printf 'user=%s:%s\n' "$(id -u)" "$(id -g)"
printf 'name=%s\n' "$(id -un)"
printf 'state=%s\n' "${XDG_STATE_HOME:-$HOME/.local/state}"
printf 'docker=%s\ndenied=%s\nlacks=%s\nready=\n' "$found" "$denied" "$lacks"
exec cat >/dev/null
"""
"""Tells what the host has, and lasts as long as its standard input."""

READ = r"""
set -eu
[ -e "$1/$2" ] || { echo absent; exit 0; }
echo found
exec cat -- "$1/$2"
"""
"""FOLDER NAME: `absent`, or `found` and a line further on what the file holds."""

REPLACE = r"""
set -eu
umask 077
mkdir -p -- "$(dirname -- "$1/$2")"
cd -- "$1"
exec 8>>writing
flock -w 30 8
found=
[ ! -e fence ] || found=$(cat fence)
[ "$found" = "$3" ] || { echo fenced; exit 0; }
cat >"$2.new"
[ "$(wc -c <"$2.new")" -eq "$4" ] || { echo "only a part of it came" >&2; exit 1; }
sync "$2.new"
mv -f -- "$2.new" "$2"
sync "$(dirname -- "$2")"
echo replaced
"""
"""FOLDER NAME FENCE LENGTH, and the file's content: `replaced`, or `fenced`.

Comparing the fence and renaming is one act: who writes waits for who does.
"""

REMOVE = r"""
set -eu
folder=$1
shift
for each; do rm -f -- "$folder/$each"; done
"""
"""FOLDER NAME..."""

LOCK = r"""
set -eu
umask 077
mkdir -p -- "$1"
cd -- "$1"
exec 9>>lock
flock -n 9 || { printf 'busy\n'; exec cat lock; }
printf '%s' "$2" >lock
echo mine
while timeout "$3" sh -c 'read -r beat'; do :; done 9>&-
"""
"""FOLDER WHO SECONDS: `mine`, and holds the lock; or `busy`, and who has it.

It is held as long as lines come on standard input, at least one every SECONDS: a
connection that is cut without a word would hold it for hours.
"""


_MARK = "--- sluicegate ---"


def command(script: str, *arguments: str) -> str:
    """The command line that runs *script* with *arguments*, in any login shell."""
    marked = f"echo '{_MARK}'\n{script}"
    return shlex.join(("sh", "-c", marked, "sluice", *arguments))


def skip_greeting(output: IO[bytes]) -> bool:
    """Read up to where the script begins to speak; whether it does.

    What comes before is a login shell's own: many greet, and their words must not be
    taken for the script's.
    """
    return any(line.strip() == _MARK.encode() for line in output)
