#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, and runs all tests but the slow ones.
#   --all           the slow ones as well
#   --preset NAME   dev (default), release, asan or tsan; asan runs the core tests, tsan that of the jobs
set -euo pipefail
case "${1:-}" in -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit ;; esac
cd "$(dirname "$0")/.."

preset=dev
selection=(-LE slow)
while [ $# -gt 0 ]; do
  case "$1" in
    --all) selection=() ;;
    --preset) preset=$2; shift ;;
    *) echo "test.sh: unknown option $1 (known: --all, --preset NAME)" >&2; exit 2 ;;
  esac
  shift
done
case "$preset" in
  asan) selection=(-L core "${selection[@]}") ;;
  tsan) selection=(-R '^tst_jobs$') ;;
esac

scripts/setup.sh
werror=OFF
[ "${CI:-}" != true ] || werror=ON
scripts/build.sh "$preset" -DESPALIER_WERROR=$werror
if grep "are left out" "build/$preset/configure.log" >&2 && [ "${CI:-}" = true ]; then
  echo "test.sh: in CI no test may be left out" >&2
  exit 1
fi
ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" "${selection[@]}"
