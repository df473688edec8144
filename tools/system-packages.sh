#!/bin/bash
# Installs the Debian packages that pip cannot bring, if they are missing and apt may be used.
# Otherwise says so in one line and goes on: what does not need them still works.
#   tools/system-packages.sh run|test
set -euo pipefail

case "${1:-}" in
  run) packages=(libportaudio2) ;;
  test) packages=(libportaudio2 jackd2) ;;
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
