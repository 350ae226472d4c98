#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what Espalier needs on Debian 12 and is not there yet, and says what and why. Running it again is quick.
#   --no-gui     leave out Qt and QCustomPlot (a machine without a display: only espalier-cli is built)
#   --coverage   also fetch what the slow coverage test and its benchmark use: torchvision, Torch-Pruning
set -euo pipefail
case "${1:-}" in -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit ;; esac

say() { printf '\033[1m==\033[0m %s\n' "$*" >&2; }

gui=yes
coverage=no
for argument in "$@"; do
  case "$argument" in
    --no-gui) gui=no ;;
    --coverage) coverage=yes ;;
    *) echo "setup.sh: unknown option $argument (known: --no-gui, --coverage)" >&2; exit 2 ;;
  esac
done

# package | why
packages=(
  "g++|the C++20 compiler"
  "cmake|configures the build"
  "ninja-build|runs the build"
  "ccache|makes the next build quick"
  "nlohmann-json3-dev|plan, recipe and report files"
  "libcli11-dev|the command line"
  "libspdlog-dev|the log"
  "libfmt-dev|the log"
  "zlib1g-dev|gzip'ed datasets"
  "libturbojpeg0-dev|image folders: JPEG"
  "libpng-dev|image folders: PNG"
  "libssl-dev|SHA-256 of model files"
  "libprotobuf-dev|ONNX files"
  "protobuf-compiler|makes classes of onnx.proto"
  "libonnx-dev|onnx.proto, the official description of ONNX files"
  "python3|writes test models, finds LibTorch"
  "python3-venv|a place of its own for LibTorch"
)
if [ "$gui" = yes ]; then
  packages+=(
    "qt6-base-dev|the window and the tests"
    "libgl-dev|needed by Qt's headers"
    "libqcustomplot-dev|the plots"
    "fonts-dejavu-core|a font, where the system has none"
    "desktop-file-utils|the tests check the menu entry"
    "appstream|the tests check what software centres show"
    "shared-mime-info|the tests check the kinds of files"
    "man-db|the tests check the manual pages"
  )
fi

install_packages() {
  local missing=() entry name
  for entry in "${packages[@]}"; do
    name=${entry%%|*}
    if ! dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed'; then
      say "Will install $name: ${entry#*|}"
      missing+=("$name")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || { say "Debian packages: all there"; return; }
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup.sh: run as root, or install: ${missing[*]}" >&2; exit 1; }
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

torch_version=2.13.0
venv="${XDG_DATA_HOME:-$HOME/.local/share}/espalier/venv"

# Whether a Python has a torch that can be built with: its headers, and recent enough.
has_torch() {
  [ -x "$1" ] && "$1" - 2>/dev/null <<'PYTHON'
import importlib.util, pathlib, re, sys
root = pathlib.Path(importlib.util.find_spec("torch").submodule_search_locations[0])
version = re.search(r"__version__ = '(\d+)\.(\d+)", (root / "version.py").read_text())
usable = (root / "include/torch/csrc/jit/api/module.h").exists() and tuple(map(int, version.groups())) >= (2, 4)
sys.exit(not usable)
PYTHON
}

install_torch() {
  if [ -n "${LIBTORCH:-}" ]; then say "LibTorch: \$LIBTORCH = $LIBTORCH"; return; fi
  local python
  for python in "${VIRTUAL_ENV:-/nonexistent}/bin/python3" "$(command -v python3)"; do
    if has_torch "$python"; then say "LibTorch: the torch of $python"; return; fi
  done
  if has_torch "$venv/bin/python3"; then say "LibTorch: $venv"; return; fi
  say "Will install torch $torch_version into $venv: it brings LibTorch with its headers."
  say "This is a large download (0.2 GB for a CPU build, several GB where pip picks the CUDA build), once for all copies"
  say "of Espalier. To use a LibTorch you have, stop now and set LIBTORCH=DIR or activate its virtual environment."
  python3 -m venv "$venv"
  "$venv/bin/python3" -m pip install --quiet --disable-pip-version-check "torch==$torch_version" numpy pytest >&2
}

# A folder of its own, outside of every virtual environment: a CUDA torchvision beside a CPU torch confuses others.
install_coverage() {
  local python=python3 candidate folder minor
  for candidate in "${VIRTUAL_ENV:-/nonexistent}/bin/python3" "$(command -v python3)" "$venv/bin/python3"; do
    if has_torch "$candidate"; then python=$candidate; break; fi
  done
  folder="${ESPALIER_TORCHVISION:-${XDG_DATA_HOME:-$HOME/.local/share}/espalier/coverage}"
  if [ -d "$folder/torchvision" ] && [ -d "$folder/torch_pruning" ]; then say "torchvision: $folder"; return; fi
  minor=$("$python" -c 'import torch; print(torch.__version__.split(".")[1])')
  say "Will install torchvision 0.$((minor + 15)) and Torch-Pruning 1.6.1, for one test and one benchmark, into $folder"
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder" \
    "torchvision==0.$((minor + 15)).*" pillow "torch-pruning==1.6.1" >&2
}

# Tests run what was exported with these; those that need them are skipped where they are not there.
install_judges() {
  local python=python3 candidate
  for candidate in "${VIRTUAL_ENV:-/nonexistent}/bin/python3" "$(command -v python3)" "$venv/bin/python3"; do
    if has_torch "$candidate"; then python=$candidate; break; fi
  done
  if "$python" -c 'import onnxruntime, onnx, safetensors' 2>/dev/null; then say "onnxruntime, onnx, safetensors: all there"; return; fi
  if [ "$python" != "$venv/bin/python3" ]; then
    say "For the tests of exported files: $python -m pip install onnxruntime onnx safetensors"
    return
  fi
  say "Will install onnxruntime, onnx and safetensors into $venv: the tests run exported files with them"
  "$python" -m pip install --quiet --disable-pip-version-check "onnxruntime>=1.17" "onnx>=1.14" "safetensors>=0.4" >&2
}

install_packages
install_torch
install_judges
[ "$coverage" = no ] || install_coverage
