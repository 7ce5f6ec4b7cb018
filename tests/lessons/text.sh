#!/bin/sh
# text.sh [EXERCISES] -- has LESSONS.md the shape of a course? All that can be told of the text
# without running anything; lessons.sh does the rest.
#
# Every lesson has its parts in their order; every prediction an answer, folded,
# which is not given away before; three questions from before; its minutes. The
# words of appendix E are linked where they first stand. Every exercise is there,
# in its lesson. Links, anchors and pictures exist. Git ignores what the reader
# saves. It is no longer than it was.
#
# LESSONS is another text to check, EXERCISES where its exercises are. A line for
# each problem; the last line says how many checks passed and failed.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
text=${LESSONS:-$root/LESSONS.md}
exercises=${1:-$root/tests/exercises}
parts=$root/tests/lessons
tmp=$(mktemp -d "${TMPDIR:-/tmp}/text.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
most_lines=3150 most_bytes=136824

# problem_unless WHAT COMMAND...: as "LINE|PROBLEM", in line 1.
problem_unless() {
    what=$1
    shift
    if "$@"; then what=; fi
    echo "1|$what"
}

length() {
    lines=$(wc -l <"$text") bytes=$(wc -c <"$text")
    problem_unless "$((lines)) lines, not $most_lines" [ "$lines" -le $most_lines ]
    problem_unless "$((bytes)) bytes, not $most_bytes" [ "$bytes" -le $most_bytes ]
}

# What the reader saves is none of the repository's files.
saved() {
    sed -n 's/^<!-- save \(.*\) -->$/\1/p' "$text" | sort -u |
        while read -r file; do
            problem_unless "not in .gitignore: /$file" \
                grep -qxF "/$file" "$root/.gitignore"
        done
}

# Each exercise stands in the lesson that it names, with its minutes, once; and no
# other does.
exercises() {
    sed -n 's/^[0-9]*|exercise|//p' "$tmp/minutes" | sort >"$tmp/told"
    for about in "$exercises"/*/about; do
        number=${about%/about}
        echo "${number##*/} $(sed -n 's/^minutes: *//p' "$about")" \
            "$(sed -n 's/^lesson: *//p' "$about")"
    done | sort >"$tmp/there"
    comm -23 "$tmp/told" "$tmp/there" |
        sed 's/^/1|not so below tests\/exercises, or twice: exercise /'
    comm -13 "$tmp/told" "$tmp/there" |
        sed 's/^/1|missing, or not so in the text: exercise /'
    problem_unless "there are no exercises" [ -s "$tmp/there" ]
}

# Of the file, or of this text.
links() {
    awk -f "$parts/links.awk" "$text" | sort -t'|' -k2 -u |
        while IFS='|' read -r line kind target; do
            problem=
            case $target in
            http://* | https://*) ;;
            '#'*) grep -q "<a id=\"${target#?}\"></a>" "$text" ||
                problem="no such anchor: $target" ;;
            *) [ -s "$root/$target" ] || problem="no such $kind: $target" ;;
            esac
            echo "$line|$problem"
        done
    sed -n 's/.*<a id="\([^"]*\)"><\/a>.*/\1/p' "$text" | sort | uniq -d |
        sed 's/^/1|an anchor that is there twice: /'
}

awk -f "$parts/minutes.awk" "$text" >"$tmp/minutes"
{
    awk -f "$parts/shape.awk" "$text"
    awk -f "$parts/words.awk" -f "$parts/answers.awk" "$text"
    grep -v '|exercise|' "$tmp/minutes"
    exercises
    awk -f "$parts/terms.awk" "$text"
    awk -f "$parts/words.awk" -f "$parts/notes.awk" "$text"
    links
    saved
    length
} | sort -n >"$tmp/results"
sed -n 's/^\([0-9]*\)|\(..*\)/LESSONS.md:\1: \2/p' "$tmp/results"
failed=$(grep -c '|.' "$tmp/results")
echo "$(grep -c '|$' "$tmp/results") passed, $failed failed"
[ "$failed" -eq 0 ]
