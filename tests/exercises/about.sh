# about.sh -- what is said of an exercise in $room/NUMBER/about.
# shellcheck shell=sh disable=SC2154 # room is set by whoever reads this

# field NUMBER NAME: its text, each in one line.
field() {
    awk -v name="$2:" '
        found && /^[ \t]/ { sub(/^[ \t]+/, " "); text = text $0; next }
        found { print text; found = 0 }
        $1 == name { text = $0; sub(/^[^:]*: */, "", text); found = 1 }
        END { if (found) print text }' "$room/$1/about"
}
