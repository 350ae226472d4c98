#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds a release, and makes espalier_VERSION_ARCH.deb and espalier-VERSION-Linux-ARCH.tar.gz in
# build/packages. Both bring the LibTorch libraries that they need.
#   --preset NAME   release (default), or dev for a quick try
#   --try           tries both in a clean Debian 12 root (needs root, mmdebstrap)
set -euo pipefail
case "${1:-}" in -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit ;; esac
cd "$(dirname "$0")/.."

say() { printf '\033[1m==\033[0m %s\n' "$*" >&2; }

preset=release
try=no
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset=$2; shift ;;
    --try) try=yes ;;
    *) echo "package.sh: unknown option $1 (known: --preset NAME, --try)" >&2; exit 2 ;;
  esac
  shift
done

scripts/setup.sh
tests=OFF
[ "$preset" = release ] || tests=ON
scripts/build.sh "$preset" -DESPALIER_TESTS=$tests
say "Packing: compressing LibTorch takes some minutes"
cpack --config "build/$preset/CPackConfig.cmake" -B build/packages >&2
rm -rf build/packages/_CPack_Packages
ls -sh build/packages/*.deb build/packages/*.tar.gz
if [ "$try" = yes ]; then
  tests/package/try_packages.sh build/packages/*.deb build/packages/*.tar.gz
fi
