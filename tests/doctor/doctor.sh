#!/bin/sh
# doctor.sh -- what this machine has for which part of the course.
#
#   doctor.sh            one screen; status 0 if lessons 0 to 4 can be done
#   doctor.sh need NAME  if NAME is missing: says so and what helps here, in one
#                        line, and fails; other commands ask this
#
# A line for each thing: ok, or what is not; and the one command that helps on
# this system. Nothing is changed, and nothing is installed. CC and MAKE are
# those that make was given.

set -u
unset CDPATH
locale=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
root=$(cd "$(dirname "$0")/../.." >/dev/null && pwd)
lessons=0  # 1: something that lessons 0 to 4 need is missing
packages='' # that would help

have() { command -v "$1" >/dev/null 2>&1; }

# -- what helps here ----------------------------------------------------------

# The command that installs, and the package of NAME, for this system.
installer() {
    for pair in apt-get:'apt-get install' dnf:'dnf install' pacman:'pacman -S' \
        apk:'apk add' brew:'brew install' pkg:'pkg install' pkg_add:pkg_add \
        pkgin:'pkgin install'; do
        have "${pair%%:*}" || continue
        manager=${pair%%:*} install=${pair#*:}
        if [ "$manager" = brew ] || [ "$(id -u)" -eq 0 ]; then return; fi
        if have sudo; then install="sudo $install"; else
            install="as root: $install"
        fi
        return
    done
    manager='' install=''
}

package() {
    case $manager/$1 in
    apt-get/cc) echo gcc libc6-dev ;;
    */cc) echo gcc ;;
    apt-get/check | apk/check-dev | pacman/check) echo check pkg-config ;;
    dnf/check) echo check-devel pkgconf-pkg-config ;;
    apk/check) echo check-dev pkgconf ;;
    */check) echo check pkg-config ;;
    apt-get/nc | apk/nc) echo netcat-openbsd ;;
    pacman/nc) echo openbsd-netcat ;;
    dnf/nc) echo nmap-ncat ;;
    */nc) echo netcat ;;
    apt-get/ss | apk/ss) echo iproute2 ;;
    dnf/ss) echo iproute ;;
    */ss) echo lsof ;;
    brew/python3) echo python ;;
    apt-get/man) echo man-db manpages-dev ;;
    dnf/man) echo man-db man-pages ;;
    pacman/man) echo man-db man-pages ;;
    apk/man) echo mandoc man-pages ;;
    */readelf | */addr2line) echo binutils ;;
    *) echo "$1" ;;
    esac
}

# The one command; nothing if we know none.
remedy() {
    [ -n "$install" ] || { echo "install $1 with your system's packages"; return; }
    echo "$install $(package "$1")"
}

# -- what is missing, for whom ------------------------------------------------

wanted_by() {
    case $1 in
    python3) echo "some sessions of the lessons are in Python" ;;
    strace) echo "shows the system calls in the lessons" ;;
    ss) echo "shows who listens and who is connected" ;;
    lsof) echo "shows what a process has open" ;;
    man) echo "explains each call: man 2 poll" ;;
    valgrind) echo "for make valgrind" ;;
    pandoc) echo "for make book" ;;
    esac
}

is_there() {
    case $1 in
    check) pkg-config --exists check 2>/dev/null ;;
    ss) have ss || { [ "$(uname)" != Linux ] && have lsof; } ;; # Linux' own
    man) man -w 2 poll >/dev/null 2>&1 ;;
    *) have "$1" ;;
    esac
}

need() {
    if [ "$1" = check ]; then is_there check; else have "$1"; fi && return
    installer
    case $1 in
    check) echo "The tests need Check and pkg-config. This helps: make setup" ;;
    *) echo "there is no $1 here; this helps: $(remedy "$1")" ;;
    esac
    return 1
}

# -- one screen ---------------------------------------------------------------

line() { printf '  %-5s %-12s %.59s\n' "$1" "$2" "$3" | sed 's/ *$//'; }
# This would be installed: all of it with one command, at the end.
want() { packages="$packages $(package "$1")"; }
ok() { line ok "$1" "$2"; }

# lacks NAME WHAT HELPS, for something that lessons 0 to 4 can do without.
lacks() { line -- "$1" "$2${3:+: $3}"; }

# The same for what they need.
misses() {
    line no "$1" "$2${3:+: $3}"
    lessons=1
}

first_line() { "$@" 2>&1 </dev/null | sed -n '1p' | cut -c 1-60; }

# By what it is needed for: it must find the headers, too. What it makes is asked
# for the port.
look_at_compiler() {
    cc=${CC:-cc}
    # shellcheck disable=SC2086 # CC may have options
    if $cc -o "$tmp/port" "$root/tests/doctor/port.c" 2>"$tmp/why"; then
        ok compiler "$(first_line $cc --version)"
    elif have "${cc%% *}"; then
        misses compiler "$cc fails: $(sed -n 1p "$tmp/why")"
    else
        misses compiler "there is no $cc"
        want cc
    fi
}

look_at_make() {
    for make in "${MAKE:-make}" gmake; do
        case $(first_line "$make" --version) in
        GNU*) ok "${make##*/}" "$(first_line "$make" --version)" && return ;;
        esac
    done
    misses make "there is none of GNU's"
    want gmake
}

look_at_check() {
    if is_there check; then ok Check "$(pkg-config --modversion check)"; else
        misses Check "no tests, no exercises"
        want check
    fi
}

# The four that are common end in different ways.
look_at_nc() {
    case $(nc -h 2>&1 </dev/null | tr '\n' ' ') in
    *Ncat*) ok nc "Ncat: passes the end of your input on" ;;
    *BusyBox*) ok nc "BusyBox: passes the end of your input on" ;;
    *OpenBSD* | *' -N'*) ok nc "OpenBSD's: -N passes the end of your input on" ;;
    *) if have nc; then
        lacks nc "another one, without -N"
    else
        misses nc "nobody to talk to the servers"
    fi
        want nc ;;
    esac
}

look_at_tools() {
    for tool in ss lsof man python3 valgrind pandoc; do
        if is_there $tool; then
            ok $tool ""
        else
            lacks $tool "$(wanted_by $tool)"
            want $tool
        fi
    done
}

# A program may be watched by its parent, or by nobody.
look_at_strace() {
    scope=/proc/sys/kernel/yama/ptrace_scope
    [ "$(uname)" = Linux ] || { lacks strace "not on $(uname); see appendix D"; return; }
    if ! have strace; then
        lacks strace "$(wanted_by strace)"
        want strace
    elif ! strace -o /dev/null true 2>/dev/null; then
        lacks strace "is not allowed to work here (a container?)"
    elif [ -r $scope ] && [ "$(cat $scope)" != 0 ] && [ "$(id -u)" -ne 0 ]; then
        ok strace "of what it starts itself; strace -p needs sudo (ptrace_scope)"
    else
        ok strace ""
    fi
}

look_at_limits() {
    # shellcheck disable=SC3045 # where it is unknown it is not looked at
    descriptors=$(ulimit -n 2>/dev/null || echo unlimited)
    if [ "$descriptors" = unlimited ] || [ "$descriptors" -ge 64 ]; then
        ok descriptors "$descriptors for each program"
    else
        misses descriptors "only $descriptors for each program" "ulimit -n 1024"
    fi
}

# Who has port 5000 of this machine, whatever he does there, as far as we may
# know. A socket that is only bound is shown by none of these.
holder() {
    if have ss; then
        ss -Htanp 'sport = :5000' 2>/dev/null | grep -v TIME-WAIT | sed -n \
            's/^\([^ ]*\).*users:(("\([^"]*\)",pid=\([0-9]*\).*/\2 (\3, \1)/p; t
            s/^\([^ ]*\) .*/another user (\1)/p'
    elif have lsof; then
        lsof -nP -iTCP:5000 2>/dev/null |
            sed -n '2s/^\([^ ]*\) *\([0-9]*\).*/\1 (\2)/p'
    fi | sed -n 1p
}

look_at_port() {
    if [ ! -x "$tmp/port" ]; then
        lacks 'port 5000' "not known without a compiler"
    elif why=$("$tmp/port" 5000); then
        ok 'port 5000' free
    else
        case $why in
        *' in use') who=$(holder)
            why="held by ${who:-a socket that is only bound}" ;;
        esac
        lacks 'port 5000' "$why" "make run-02 PORT=6000"
    fi
}

look_at_surroundings() {
    case $locale in
    *[Uu][Tt][Ff]*) ok locale "$locale" ;;
    *) lacks locale "not UTF-8: some signs of the lessons look odd" ;;
    esac
    case $root in
    *[[:space:]\$\'\"]*) ok path "'$root', an unusual one" ;;
    *) ok path "$root" ;;
    esac
}

screen() {
    tmp=$(mktemp -d "${TMPDIR:-/tmp}/doctor.XXXXXX") || exit 1
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 1' INT TERM HUP
    installer
    echo "What is here for the course. ok: there; --: something is done without it;"
    echo "no: lessons 0 to 4 need it."
    echo
    look_at_compiler
    look_at_make
    look_at_check
    look_at_nc
    look_at_limits
    look_at_port
    look_at_strace
    look_at_tools
    look_at_surroundings
    echo
    if [ $lessons -eq 0 ]; then
        echo "Lessons 0 to 4 can be done here. Begin with LESSONS.md."
    else
        echo "Lessons 0 to 4 cannot all be done here yet: see the lines with 'no'."
    fi
    if [ -n "$packages" ]; then
        echo "What is missing comes with"
        echo "${install:-Install with your packages:}$packages" | fold -s -w 76 |
            sed '$!s/ *$/ \\/; s/^/  /'
    fi
    return $lessons
}

case ${1:-} in
'') screen ;;
need) need "${2:?}" ;;
*) echo "usage: doctor.sh [need NAME]" >&2 && exit 2 ;;
esac
