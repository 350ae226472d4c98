#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, and opens the window on the built-in example (or on the files given).
# With no display it runs the same job on the command line.
set -euo pipefail
case "${1:-}" in -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit ;; esac
cd "$(dirname "$0")/.."
start=$OLDPWD
for argument in "$@"; do
  case "$argument" in -*) echo "run.sh: unknown option $argument (it takes files)" >&2; exit 2 ;; esac
done

say() { printf '\033[1m==\033[0m %s\n' "$*" >&2; }

has_display=no
if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then has_display=yes; fi

options=()
[ "$has_display" = yes ] || options=(--no-gui)
scripts/setup.sh "${options[@]}"
gui=ON
[ "$has_display" = yes ] || gui=OFF
preset=release
scripts/build.sh "$preset" -DESPALIER_TESTS=OFF -DESPALIER_GUI=$gui
bin=$PWD/build/$preset/bin
cd "$start"
if [ "$has_display" = yes ]; then
  say "Opening the window"
  [ $# -gt 0 ] || set -- --example
  exec "$bin/espalier" "$@"
fi
if [ $# -gt 0 ]; then
  say "There is no display (DISPLAY and WAYLAND_DISPLAY are empty): inspecting $1 on the command line instead."
  exec "$bin/espalier-cli" inspect "$1"
fi
say "There is no display (DISPLAY and WAYLAND_DISPLAY are empty): running the example on the command line instead."
exec "$bin/espalier-cli" demo
