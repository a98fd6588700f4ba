#!/bin/sh
# Builds the Debian package from this tree into DIRECTORY; the tree itself stays as it is.
#   deb.sh DIRECTORY
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
output=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/flashd"
tar -C "$root" --exclude=__pycache__ -cf - .gitignore ARCHITECTURE.md CHANGELOG.md CONTRIBUTING.md \
    README.md config constraints.txt debian docs flashd packaging pyproject.toml systemd | tar -C "$work/flashd" -xf -
cd "$work/flashd"
WHEELS="$root/build/wheels" DEB_BUILD_OPTIONS=noautodbgsym \
    dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes
mv "$work"/flashd_*.deb "$output"
