#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# try_deb.sh DEB: installs a package in a fresh, minimal Debian 12 root with nothing but what it depends on, and starts the
# programs there as a user without rights would. Needs root and mmdebstrap; the root is removed afterwards.
set -euo pipefail

deb=$(realpath "$1")
root=$(mktemp -d "${TMPDIR:-/tmp}/espalier-root.XXXXXX")
trap 'rm -rf "$root"' EXIT

say() { printf '\033[1m==\033[0m %s\n' "$*" >&2; }

say "Installing $(basename "$deb") in a clean root"
mmdebstrap --quiet --variant=minbase --include="$deb" --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount \
  bookworm "$root"
inside() { chroot --userspec=65534:65534 "$root" /usr/bin/env -i HOME=/tmp PATH=/usr/bin:/bin "$@"; }

say "espalier-cli"
inside espalier-cli --version
inside sh -c 'cd /tmp && espalier-cli demo --epochs 1'

say "The menu entry"
command=$(sed -n 's/^Exec=//p' "$root/usr/share/applications/org.espalier.Espalier.desktop")
code=0
inside QT_QPA_PLATFORM=offscreen timeout --signal=TERM 4 ${command/ %f/} --example || code=$?
[ "$code" -eq 124 ] || { echo "try_deb.sh: the window ended by itself with $code" >&2; exit 1; }
inside ls -d /usr/share/mime/application/x-espalier-session.xml 2>/dev/null || say "No shared-mime-info there: not indexed"

say "Removing it leaves nothing"
chroot "$root" dpkg --purge espalier
leftovers=$(find "$root/usr" "$root/etc" -iname '*espalier*')
[ -z "$leftovers" ] || { echo "try_deb.sh: left behind: $leftovers" >&2; exit 1; }
say "Done"
