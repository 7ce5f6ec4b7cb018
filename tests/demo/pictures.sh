#!/bin/sh
# pictures.sh -- are the pictures that are kept still true, and can they be read?
#
#   make check-pictures      O=build/x/ in the environment as for make
#
# They must tell what a fresh demo shows: who waits, who is answered, in which
# order. Milliseconds do not count. pictures.awk looks at them as a reader with a
# telephone would; what it must notice is tried on spoilt copies.

set -u
LC_ALL=C
export LC_ALL
O=${O:-}
export O
unset SERVER CONNECT BUSY SELECTOR
here=tests/demo
blocking=./${O}01_blocking/server
case $O in /*) blocking=${O}01_blocking/server ;; esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/pictures.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0

verdict() { # NAME FAULT: FAULT is empty if there is none
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'pictures.sh: %s: %s\n' "$1" "$2"
    fi
}

# What a picture tells: all its words but those that are quiet, in which there are
# no numbers, and which no longer depend on where lines end or on whose system
# says what.
told() {
    sed -n 's/^<title[^>]*>//p; s/^<desc[^>]*>//p; /class="quiet/d; s/^<text[^>]*>//p' "$1" |
        sed 's/<.*//; s/[0-9][0-9]*/N/g; s/Operation timed out/Connection timed out/' |
        tr -s '\n' ' '
}

well_formed() {
    if command -v xmllint >/dev/null; then
        xmllint --noout "$1" 2>&1
    elif command -v python3 >/dev/null; then
        python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1" 2>&1 | tail -1
    fi
}
command -v xmllint >/dev/null || command -v python3 >/dev/null ||
    echo "skipped: the pictures are well-formed, as there is no xmllint and no python3 here"

# draw NAME STAGE: beside the others, as the demo mostly waits.
draw() { sh $here/draw.sh "$2" "$dir/$1.svg" >"$dir/$1.said" 2>&1 & }
for stage in 01 02 03 04; do draw $stage $stage; done
SERVER=$blocking draw starving 02
SERVER="$blocking #<script>&\"é' and so on, until nobody has room for it" draw odd 01
SERVER=./none draw none 02
wait

for stage in 01 02 03 04; do
    if grep -q ': left out$' "$dir/$stage.said"; then
        echo "skipped: the picture of $stage, as this system has no silent peer"
        continue
    fi
    fault=
    [ -f "$dir/$stage.svg" ] || fault="the demo has failed: $(cat "$dir/$stage.said")"
    [ -n "$fault" ] || told "$dir/$stage.svg" >"$dir/now"
    told $here/$stage.svg >"$dir/kept"
    [ -n "$fault" ] || cmp -s "$dir/now" "$dir/kept" ||
        fault="make pictures renews it. It tells
$(cat "$dir/kept")
and the demo
$(cat "$dir/now")"
    verdict "$here/$stage.svg shows what the demo does" "$fault"
done

fault=$(told $here/02.svg | cmp -s - "$dir/now" && echo "they do")
told "$dir/starving.svg" >"$dir/now"
told $here/02.svg >"$dir/kept"
cmp -s "$dir/now" "$dir/kept" && fault="they do not"
verdict "two servers that differ have pictures that differ" "$fault"
fault=
grep -q '>waits<' "$dir/starving.svg" && grep -q 'class="red">Not as the lesson says' "$dir/starving.svg" ||
    fault="it does not"
verdict "a picture of one's own server says what was not as the lesson says" "$fault"
fault=
if [ -f "$dir/none.svg" ] || ! grep -q 'was not written' "$dir/none.said"; then fault="there is one"; fi
verdict "there is no picture of what did not start" "$fault"

if awk 'BEGIN { exit log(1) != 0 }' 2>/dev/null; then
    awk -f tests/harness/svg.awk -f tests/bench/curves.awk tests/bench/measured.tsv >"$dir/measured.svg"
    fault=$(cmp "$dir/measured.svg" tests/bench/measured.svg 2>&1)
    verdict "tests/bench/measured.svg shows what measured.tsv holds" "${fault:+make pictures renews it: $fault}"
fi

for svg in "$here"/0?.svg tests/bench/measured.svg "$dir/starving.svg" "$dir/odd.svg"; do
    verdict "$svg is well-formed" "$(well_formed "$svg")"
    verdict "$svg can be read" "$(awk -f $here/pictures.awk "$svg" 2>&1)"
done

# spoil COMMAND-OF-SED WORDS: such a copy must be found fault with, in these words.
spoil() {
    sed "$1" $here/01.svg >"$dir/spoilt.svg"
    fault=$(awk -f $here/pictures.awk "$dir/spoilt.svg")
    case $fault in
    *"$2"*) fault= ;;
    *) fault="nobody says '$2'${fault:+, but $fault}" ;;
    esac
    verdict "a picture spoilt by $1" "$fault"
}
spoil 's/font-size="12"/font-size="10"/' 'is too small'
spoil 's/x="98"/x="40"/' 'leaves the picture'
spoil 's/>answered</>is answered at long last</' 'leaves the picture'
spoil '/>asks again</{p;}' "lies upon 'asks again'"
spoil 's/<desc.*/<desc id="story"><\/desc>/' 'not told in words'
spoil 's/ role="img"//' 'not say that it is an image'
spoil 's/ aria-labelledby="[a-z ]*"//' 'not say where its words are'
spoil 's/prefers-color-scheme/prefers-contrast/' 'in the dark'
spoil 's/#59636e/#b0b6bc/' 'quiet are hard to see'
spoil 's/#9198a1/#505860/' 'hard to see upon ground in the dark'
spoil 's/class="red"/class="crimson"/' 'nobody says what crimson'
spoil 's/<text.*text>/<path d="M0 0" class="ink"\/>/' 'hardly a word'

echo "pictures: $passed passed, $failed failed"
[ $failed -eq 0 ]
