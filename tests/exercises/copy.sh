# copy.sh -- a copy of exercise 0.1, in which nobody's files are in danger.
# shellcheck shell=sh disable=SC2034 # what is set here is for whoever reads this

LC_ALL=C
export LC_ALL
root=$(pwd)
room=tests/exercises
number=0.1
starter=01_blocking/exercises/0.1_reply.c
passed=0 failed=0
copy=$(mktemp -d "${TMPDIR:-/tmp}/exercise.XXXXXX") || exit 1
trap 'cd / && rm -rf "$copy"' EXIT
trap 'exit 1' INT TERM HUP

absolute() {
    for file; do
        case $file in
        /* | -*) printf '%s ' "$file" ;;
        *) printf '%s/%s ' "$root" "$file" ;;
        esac
    done
}
# shellcheck disable=SC2086
COMMON=$(absolute $COMMON) CHECK=$(absolute $CHECK) TRACED=$(absolute $TRACED)
export COMMON CHECK TRACED

# As it is given, in the folder to which we go.
fresh() {
    cd "$root" || exit 1
    rm -rf "$copy/it" && mkdir -p "$copy/it/$room" "$copy/it/${starter%/*}" &&
        cp 01_blocking/*.c "$copy/it/01_blocking" &&
        cp "$starter" "$copy/it/$starter" &&
        cp -R "$room/$number" "$copy/it/$room" &&
        cp "$room"/*.sh "$room/starters.sums" "$copy/it/$room" &&
        ln -s "$root/common" "$root/LESSONS.md" "$copy/it" &&
        ln -s "$root/tests/harness" "$copy/it/tests" &&
        cd "$copy/it" || exit 1
}

# change FILE SED: there must be something to be changed.
change() {
    sed "$2" "$1" >changed
    if cmp -s changed "$1"; then
        failed=$((failed + 1))
        echo "in $1 there is nothing for: $2"
    fi
    cat changed >"$1"
}

# What was found the last time is not true of this time.
proof=build/exercises/proof/$(basename "$0" .sh)
rm -rf "$proof"

# sum WHAT: the last words.
sum() {
    cd "$root" && mkdir -p "$proof" && echo "$passed $failed" >"$proof/result"
    echo "$1: $passed passed, $failed failed"
    [ $failed -eq 0 ]
}
