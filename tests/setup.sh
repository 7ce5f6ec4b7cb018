#!/bin/sh
# setup.sh -- installs what the tests need, with the system's package manager.
#
# Check and pkg-config for the tests; nc and telnet to talk to the servers. Says
# what it runs. Asks for root's rights only if it has none.
set -eu

run() {
    if [ "$(id -u)" -ne 0 ] && [ "$1" != brew ]; then
        command -v sudo >/dev/null || {
            echo "There is no sudo here. As root: sh tests/setup.sh" >&2
            exit 1
        }
        set -- sudo "$@"
    fi
    echo "+ $*"
    "$@"
}

if command -v apt-get >/dev/null; then # Debian, Ubuntu
    run apt-get update
    run apt-get install -y check pkg-config netcat-openbsd telnet
elif command -v dnf >/dev/null; then # Fedora
    run dnf install -y check-devel pkgconf-pkg-config nmap-ncat telnet
elif command -v pacman >/dev/null; then # Arch
    run pacman -S --needed --noconfirm check pkgconf openbsd-netcat inetutils
elif command -v apk >/dev/null; then # Alpine
    run apk add check-dev pkgconf netcat-openbsd busybox-extras
elif command -v brew >/dev/null; then # macOS
    run brew install check pkg-config telnet
elif command -v pkg >/dev/null; then # FreeBSD
    run pkg install -y gmake check pkgconf
else
    echo "No package manager that this script knows. Please install Check" >&2
    echo "(https://libcheck.github.io/check/) and pkg-config by hand." >&2
    exit 1
fi
pkg-config --exists check && echo "Ready: make test"
