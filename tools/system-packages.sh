#!/bin/bash
# Installs the Debian packages that pip cannot bring, if they are missing and apt may be used.
# Otherwise says so in one line and goes on: what does not need them still works.
#   tools/system-packages.sh run|test
set -euo pipefail

# What Qt needs for a window under X11, and a font for where there is none.
window=(libgl1 libegl1 libxkbcommon0 libfontconfig1 libglib2.0-0 libdbus-1-3 libxcb-cursor0 libxkbcommon-x11-0
  libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-render-util0 libxcb-image0 fonts-dejavu-core)

case "${1:-}" in
  run) packages=(libportaudio2 "${window[@]}") ;;
  test) packages=(libportaudio2 jackd2 "${window[@]}" xvfb xauth) ;;
  *) echo "usage: $0 run|test" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null 2>&1; }

if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  echo "Installing ${missing[*]} with apt ..."
  apt update || true # an old package list may still do
  ! apt install --no-install-recommends "${missing[@]}" || exit 0
fi
echo "Missing system packages: please install them yourself (Debian: apt-get install ${missing[*]}); going on without." >&2
