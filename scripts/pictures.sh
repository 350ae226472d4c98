#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copies the pictures that the documentation shows from where the tests have drawn them (build/PRESET/screenshots) into
# docs/images, in 255 colours, which makes them three times smaller. Needs ImageMagick.
#   --preset NAME   dev (default)
# Before it: scripts/test.sh. Pictures whose test needs a model that is not here stay as they are, and are named.
set -euo pipefail
case "${1:-}" in -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit ;; esac
cd "$(dirname "$0")/.."

preset=dev
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset=$2; shift ;;
    *) echo "pictures.sh: unknown option $1 (known: --preset NAME)" >&2; exit 2 ;;
  esac
  shift
done
command -v convert >/dev/null || { echo "pictures.sh: ImageMagick is not installed (apt install imagemagick)" >&2; exit 1; }

grep -oh 'images/[A-Za-z0-9-]*\.png' README.md docs/*.md | sort -u | while read -r picture; do
  name=${picture#images/}
  drawn=build/$preset/screenshots/$name
  if [ ! -f "$drawn" ]; then
    echo "pictures.sh: $name was not drawn" >&2
    continue
  fi
  convert "$drawn" +dither -colors 255 -define png:compression-level=9 -strip "PNG8:docs/images/$name"
done
