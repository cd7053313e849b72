#!/usr/bin/env bash
# Builds a base image with Python 3 out of this machine's own Debian or Ubuntu packages,
# for places where no image registry answers.
#
#   build.sh NAME [DOCKER]     about 80 s; needs root or sudo, debootstrap and an engine
set -euo pipefail

name=${1:?usage: build.sh NAME [DOCKER]}
docker=${2:-docker}

as_root=()
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || {
    echo "building a base image needs root, or sudo without a password" >&2
    exit 1
  }
  as_root=(sudo -n)
fi
PATH=$PATH:/usr/sbin
command -v debootstrap >/dev/null || {
  echo "debootstrap is missing: apt-get install debootstrap" >&2
  exit 1
}

# The distribution and the mirror this machine itself uses: known to answer, keys there.
# Where apt does not name one, debootstrap knows the distribution's own.
. /etc/os-release
suite=${VERSION_CODENAME:?cannot tell which distribution this is}
case $ID in
  debian) components=main ;;
  ubuntu) components=main,universe ;;
  *)
    echo "do not know how to build a base image of $ID" >&2
    exit 1
    ;;
esac
# shellcheck disable=SC2016 # apt-get expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
  'Created-By: Packages' "Codename: $suite" 'Component: main' 2>/dev/null | head -n 1)

tree=$(mktemp -d)
trap '"${as_root[@]}" rm -rf --one-file-system -- "$tree"' EXIT
log=$tree/../$(basename "$tree").log

"${as_root[@]}" debootstrap --variant=minbase --components="$components" \
  --include=python3-minimal,python3-venv,ca-certificates \
  "$suite" "$tree" ${mirror:+"$mirror"} >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  rm -f -- "$log"
  exit 1
}
rm -f -- "$log"
"${as_root[@]}" tar -C "$tree" --one-file-system \
  --exclude=./var/cache/apt/archives/\*.deb --exclude=./var/lib/apt/lists/\* \
  --exclude=./var/log/\*.log --exclude=./proc/\* --exclude=./sys/\* -c . |
  "$docker" import --change 'CMD ["python3"]' \
    --message "$ID $suite with python3, by debootstrap" - "$name" >/dev/null
