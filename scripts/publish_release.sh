#!/usr/bin/env bash
# Publishes a release on GitHub, once and for ever.
#
#   scripts/publish_release.sh TAG NOTES FOLDER
#
# A draft gets the notes and every file of FOLDER and is published then: an immutable
# release takes nothing afterwards. Run again after it failed half way it begins anew with
# the draft; what is published already is left alone and must be the same, byte for byte.
# Needs gh, GH_TOKEN (contents: write) and GH_REPO.
set -euo pipefail

die() {
  echo "error: $1" >&2
  [ -z "${GITHUB_ACTIONS:-}" ] || echo "::error::$1"
  exit 1
}

[ $# -eq 3 ] || {
  echo "usage: $0 TAG NOTES FOLDER" >&2
  exit 2
}
tag=$1 notes=$2 folder=$3
[[ $tag =~ ^v[0-9]+\.[0-9]+\.[0-9]+((a|b|rc)[0-9]+)?$ ]] || die "this is no tag of a release"
[ -s "$notes" ] || die "there are no notes"

# One line for each file: its name and its digest, sorted.
here() { (cd "$folder" && sha256sum -- *) | sed 's/^\([0-9a-f]*\)  \(.*\)$/\2 sha256:\1/' | sort; }
there() { gh api "repos/$GH_REPO/releases/tags/$tag" --jq '.assets[] | .name + " " + .digest' | sort; }

state=$(gh release view "$tag" --json isDraft --jq .isDraft 2>/dev/null || echo none)
case $state in
  none | true)
    [ "$state" = none ] || gh release delete "$tag" --yes # half of one that failed
    kind=()
    [[ ! $tag =~ (a|b|rc)[0-9]+$ ]] || kind=(--prerelease --latest=false)
    gh release create "$tag" --draft --verify-tag --title "$tag" --notes-file "$notes" \
      "${kind[@]}" "$folder"/*
    gh release edit "$tag" --draft=false
    ;;
  false) echo "$tag is published already" ;;
  *) die "gh says neither whether $tag is published nor that it is not there" ;;
esac

[ "$(here)" = "$(there)" ] || die "what is published as $tag is not what was built"
immutable=$(gh api "repos/$GH_REPO/releases/tags/$tag" --jq .immutable)
[ "$immutable" = true ] ||
  die "$tag can still be changed: turn immutable releases on (docs/releasing.md)"
