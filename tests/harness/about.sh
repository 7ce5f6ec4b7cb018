# about.sh -- what is said of an exercise or a case in $room/NUMBER/about, and how.
# shellcheck shell=sh disable=SC2154 # room and state are set by whoever reads this

say() { printf '%s\n' "$*"; }

# Lines of at most 78 characters; what continues one is indented as it is.
wrapped() {
    awk '{
        match($0, /^ */)
        indent = substr($0, 1, RLENGTH)
        while (length($0) > 78) {
            at = 79
            while (at > RLENGTH + 1 && substr($0, at, 1) != " ") at--
            if (at <= RLENGTH + 1) break # one long word
            print substr($0, 1, at - 1)
            $0 = indent substr($0, at + 1)
        }
        print
    }'
}

# field NUMBER NAME: its text, each in one line.
field() {
    awk -v name="$2:" '
        found && /^[ \t]/ { sub(/^[ \t]+/, " "); text = text $0; next }
        found { tell() }
        $1 == name { text = $0; sub(/^[^:]*: */, "", text); found = 1 }
        END { if (found) tell() }
        function tell() { sub(/^ /, "", text); print text; found = 0 }' "$room/$1/about"
}

# The next of the three hints for NUMBER, from 1 to 3 and from 1 again, in
# $shown; which it was is kept in $state.
next_hint() {
    shown=0
    [ ! -f "$state/$1.hints" ] || read -r shown <"$state/$1.hints"
    shown=$((shown % 3 + 1))
    mkdir -p "$state" && say $shown >"$state/$1.hints"
}

# sum_up FOLDER NUMBER...: what FOLDER/NUMBER/result says, "PASSED FAILED", of
# all of them. What has no result has failed.
sum_up() {
    folder=$1 passed=0 failed=0
    shift
    for n; do
        if read -r p f <"$folder/$n/result"; then
            passed=$((passed + p)) failed=$((failed + f))
        else
            failed=$((failed + 1))
        fi
    done
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
}
