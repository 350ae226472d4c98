#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# try_packages.sh DEB ARCHIVE: installs the .deb in a fresh, minimal Debian 12 root with nothing but what it depends on,
# starts the programs there as a user without rights would, and removes it again. Then the archive is unpacked there and
# tried likewise, with the libraries that are left. Needs root and mmdebstrap; the root is removed afterwards.
#
# Where Xvfb and xdotool are installed, the window has to appear there with the example's name; ESPALIER_TRY_PICTURES
# names a folder for pictures of it (needs ImageMagick). Elsewhere the window only has to stay, without a display.
set -euo pipefail

[ $# -eq 2 ] || { echo "try_packages.sh: give a .deb and a .tar.gz" >&2; exit 2; }
deb=$(realpath "$1")
archive=$(realpath "$2")
# What is mounted in the root is seen by this script and what it starts alone, and goes with it.
[ -n "${ESPALIER_TRY_ALONE:-}" ] || ESPALIER_TRY_ALONE=yes exec unshare --mount "$0" "$deb" "$archive"

root=$(mktemp -d "${TMPDIR:-/tmp}/espalier-root.XXXXXX")
server=
pictures=${ESPALIER_TRY_PICTURES:-}
[ -z "$pictures" ] || mkdir -p "$pictures"
patience=60  # seconds until a window is there, on a busy machine
page=$(dirname "$0")/../../docs/install-and-packages.md

say() { printf '\033[1m==\033[0m %s\n' "$*" >&2; }
fail() { echo "try_packages.sh: $*" >&2; exit 1; }

clean_up() {
  [ -z "$server" ] || kill "$server"
  if mountpoint -q "$root/proc"; then umount "$root/proc"; fi
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT

make_root() {
  say "Installing $(basename "$deb") in a clean root"
  mmdebstrap --quiet --variant=minbase --include="$deb" \
    --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount bookworm "$root"
  mount -t proc proc "$root/proc"  # by which the loader of libraries and the programs know where they are
  install --directory --owner=65534 --mode=700 "$root/home/somebody"
  say "Installed: $(dpkg-query --admindir="$root/var/lib/dpkg" -W -f='${Installed-Size}' espalier) KiB of its own"
}

enter() {
  exec chroot --userspec=65534:65534 "$root" \
    /usr/bin/env -i HOME=/home/somebody XDG_RUNTIME_DIR=/home/somebody PATH="$programs:/usr/bin:/bin" "$@"
}
inside() { (enter "$@"); }

start_server() {
  if ! command -v Xvfb >/dev/null || ! command -v xdotool >/dev/null; then
    say "Xvfb or xdotool is not there: the window is tried without a display"
    return
  fi
  local number
  exec {number}< <(exec Xvfb -displayfd 1 -screen 0 1440x900x24 -nolisten tcp -ac 2>/dev/null)
  server=$!
  read -r -u "$number" DISPLAY
  export DISPLAY=:$DISPLAY
}

see_window() {
  timeout "$patience" xdotool search --sync --onlyvisible --name '^lenet5' >/dev/null || fail "no window appeared"
  sleep 3  # until all of it is drawn
  [ -z "$pictures" ] || import -window root "$pictures/$1.png"
}

# Starts what the menu entry does, with the example, and ends it as a session that ends does.
try_window() {
  local command platform=offscreen window code=0
  command=$(sed -n 's/^Exec=//p' "$1")
  [ -z "$server" ] || platform=xcb
  enter DISPLAY="${DISPLAY:-}" QT_QPA_PLATFORM=$platform ${command/ %f/} --example &
  window=$!
  if [ -n "$server" ]; then see_window "$2"; else sleep 10; fi
  kill "$window" || fail "the window ended by itself"
  wait "$window" || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 143 ] || fail "the window ended with $code"
}

# try_programs MENU_ENTRY NAME
try_programs() {
  say "$2: the command line"
  inside espalier-cli --version
  inside sh -c 'rm -rf ~/* ~/.[a-z]* && cd && espalier-cli demo --epochs 1 && ls espalier-demo/*.pt'
  say "$2: the window"
  try_window "$1" "$2"
}

# The package knows what it needs; the page has to tell those who unpack the archive.
check_page() {
  local name
  for name in $(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/,/ /g'); do
    case "$name" in libc6|libgcc-s1|libstdc++6|zlib1g) continue ;; esac  # every system has these
    grep -qw -- "$name" "$page" || fail "docs/install-and-packages.md does not name $name"
  done
}

make_root
start_server
programs=/usr/bin
entry=usr/share/applications/org.espalier.Espalier.desktop
[ -e "$root/usr/share/mime/application/x-espalier-session.xml" ] || fail "the kinds of files are not known"
try_programs "$root/$entry" deb

say "Removing it leaves nothing"
chroot "$root" dpkg --purge espalier >/dev/null
leftovers=$(find "$root/usr" "$root/etc" -iname '*espalier*')
[ -z "$leftovers" ] || fail "left behind: $leftovers"

say "Unpacking $(basename "$archive") there"
check_page
place="/home/somebody else's/programs"
mkdir -p "$root$place"
tar --extract --file="$archive" --directory="$root$place" --strip-components=1 --no-same-owner
programs=$place/bin
try_programs "$root$place/${entry#usr/}" archive
say "Done"
