#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# build.sh PRESET [CMAKE ARGUMENT ...]: configures and builds one preset into build/PRESET.
set -euo pipefail
case "${1:-}" in -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit ;; esac
cd "$(dirname "$0")/.."

preset=${1:-}
case "$preset" in
  "" | -*) echo "build.sh: unknown option '$preset' (give a preset: dev, release, asan, tsan)" >&2; exit 2 ;;
esac
shift
printf '\033[1m==\033[0m Configuring and building build/%s\n' "$preset" >&2
mkdir -p "build/$preset"
if ! cmake --preset "$preset" "$@" >"build/$preset/configure.log" 2>&1; then
  cat "build/$preset/configure.log" >&2
  exit 1
fi
cmake --build --preset "$preset" >&2
