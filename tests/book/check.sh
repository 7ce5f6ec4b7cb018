#!/bin/sh
# check.sh BOOK -- can the book be used as it is meant?
#
# Nothing in it leads nowhere, and nothing has to be fetched. In a browser, on a
# screen of 360 and of 1280 points, light and dark, measure.js finds nothing. On
# paper the answers are at the end, and not before. The browser's part is
# skipped, with a line, where there is none. A small book with faults shows that
# each of these is noticed. make book-check runs this.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL
book=$(cd "$(dirname "$1")" && pwd)/${1##*/}
cd "$(dirname "$0")/../.." || exit 1
room=tests/book
tmp=$(mktemp -d "${TMPDIR:-/tmp}/check.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0

# expect WHAT PROBLEMS: there should be none.
expect() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'check.sh: %s:\n' "$1"
        printf '%s\n' "$2" | sed 's/^/    /'
    fi
}

# notices PROBLEM PROBLEMS: it must be one of them.
notices() {
    case $2 in
    *"$1"*) passed=$((passed + 1)) ;;
    *) expect "it does not notice '$1', but" "${2:-nothing}" ;;
    esac
}

# -- the file -----------------------------------------------------------------

# attributes NAME FILE: their values, one in a line.
attributes() {
    tr '\n<' ' \n' <"$2" | awk -v name=" $1=\"" '/^[a-z]/ {
        sub(/>.*/, "")
        while ((at = index($0, name)) > 0) {
            $0 = substr($0, at + length(name))
            value = $0
            sub(/".*/, "", value)
            print value
        }
    }'
}

dead_links() {
    attributes id "$1" | sort >"$tmp/ids"
    uniq -d "$tmp/ids" | sed 's/^/there twice: #/'
    attributes href "$1" | sort -u | while IFS= read -r target; do
        case $target in
        '#'*) grep -qxF -e "${target#?}" "$tmp/ids" || echo "$target" ;;
        http://* | https://*) ;;
        /*) [ -e "$target" ] || echo "$target" ;;
        *) [ -e "$(dirname "$1")/$target" ] || echo "$target" ;;
        esac
    done
}

# What a browser would have to get from elsewhere.
fetched() {
    attributes src "$1" | grep -v '^data:' | cut -c 1-80
    tr '\n<' ' \n' <"$1" >"$tmp/tags"
    grep -E '^(link|script|iframe|object)[ >]' "$tmp/tags" | cut -c 1-80
    grep '^style>' "$tmp/tags" | grep -o -E '(@import|url\()[^;]*'
}

# -- in a browser -------------------------------------------------------------

find_browser() {
    command -v timeout >/dev/null || return
    for browser in chromium chromium-browser google-chrome; do
        ! command -v $browser >/dev/null || return 0
    done
    return 1
}

# browse ARGUMENTS...: not for long. root cannot have its sandbox.
browse() {
    [ "$(id -u)" -ne 0 ] || set -- --no-sandbox "$@"
    timeout 100 "$browser" --headless --disable-gpu --hide-scrollbars \
        --user-data-dir="$tmp/profile" "$@" 2>/dev/null
}

# measured COLOURS BOOK: the problems that measure.js finds there, in frames, as
# a browser's window cannot be as narrow as a telephone.
measured() {
    { cat "$2"; echo '<script>'; cat $room/measure.js; echo '</script>'; } \
        >"$tmp/measured.html"
    cat >"$tmp/frames.html" <<END
<script>
addEventListener('message', (message) => document.body.append(message.data));
</script>
<iframe src="measured.html" width="360" height="800"></iframe>
<iframe src="measured.html" width="1280" height="800"></iframe>
END
    [ "$1" = light ] || set -- "$@" --blink-settings=preferredColorScheme=0
    browse ${3:+"$3"} --virtual-time-budget=10000 --dump-dom \
        "file://$tmp/frames.html" |
        sed -n '/^at /p' >"$tmp/found"
    for width in 360 1280; do
        grep -q "^at $width, $1: measured$" "$tmp/found" ||
            echo "at $width, $1: not measured"
    done
    grep -v ': measured$' "$tmp/found"
}

# printed BOOK: its text on paper, blanks as ends of lines.
printed() {
    browse --no-pdf-header-footer --print-to-pdf="$tmp/book.pdf" "file://$1" &&
        pdftotext -raw -nopgbrk "$tmp/book.pdf" - | tr -s ' \n\f' '\n'
}

# early ANSWER BOOK: how often stands that word on paper before the answers, and
# how often behind them?
early() {
    printed "$2" | awk -v word="$1" '
        last == "The" && /^answers$/ { answers = 1 }
        { last = $0 }
        $0 == word { count[answers + 0]++ }
        END { print count[0] + 0 " before, " count[1] + 0 " behind" }'
}

in_browser() {
    for colours in light dark; do
        expect "$colours" "$(measured $colours "$book")"
        expect "a small book, $colours" "$(measured $colours "$tmp/small.html")"
    done

    sed -e 's/--quiet: #6b675e/--quiet: #bbb/' -e 's/pre-wrap/pre/' \
        -e 's/^\.table { overflow-x: auto;/.table {/' -e 's/<details id="fold-1"/& open/' \
        -e 's/^\.printed-only { display: none; }//' "$tmp/small.html" >"$tmp/bad.html"
    problems=$(measured light "$tmp/bad.html")
    notices "at 360, light: wider than the screen" "$problems"
    notices "at 1280, light: wider than the screen" "$problems"
    notices "runs off its box: int main" "$problems"
    notices "hard to read" "$problems"
    notices "it is not folded: Is it so?" "$problems"
    notices "for paper only: → answer 1" "$problems"
    sed -e 's/prefers-color-scheme: dark/prefers-color-scheme: none/' "$tmp/small.html" \
        >"$tmp/bad.html"
    notices "not dark" "$(measured dark "$tmp/bad.html")"

    if ! command -v pdftotext >/dev/null; then
        echo "check.sh: paper is skipped, as there is no pdftotext here"
        return
    fi
    sed -i.orig 's/<details id="fold-1"/& open/' "$tmp/small.html"
    said=$(early Certainly. "$tmp/small.html")
    expect "the answer on paper" "$(echo "$said" | grep -v '^0 before, 1 behind$')"
    sed -e '/^ *details > :not(summary)/d' "$tmp/small.html" >"$tmp/bad.html"
    notices "1 before" "$(early Certainly. "$tmp/bad.html")"
    sed -e '/^ *section.printed-only/d' "$tmp/small.html" >"$tmp/bad.html"
    notices "0 behind" "$(early Certainly. "$tmp/bad.html")"
    # At the end they are numbered: "→ 1".
    folds=$(grep -c '<details id=' "$book")
    expect "every answer is printed" "$(printed "$book" | awk -v folds="$folds" '
        last == "→" && $0 == printed + 1 { printed++ }
        { last = $0 }
        END {
            if (printed != folds)
                print printed + 0 " answers to " folds " folds"
        }')"
}

# -- all of it ----------------------------------------------------------------

wide=$(awk 'BEGIN { while (i++ < 30) printf "more_of_it " }')
cat >"$tmp/small.md" <<END
# A small book

## Lesson 1. One

A [link](#e), [a file](LESSONS.md), \`a_very_long_name/$(echo "$wide" | tr ' ' '/')\`.

![a picture](tests/bench/measured.svg)

### Answers

<details><summary>Is it so?</summary>

<!-- key: as it is -->
Certainly. <a id="twice"></a>

</details>

\`\`\`c
int main(void) { return $wide; }
\`\`\`

\`\`\`console
T1\$ echo $wide
T1| $wide
\`\`\`

\`\`\`text
$wide
\`\`\`

| $wide | b |
|---|---|
| _${wide}_ | $(echo "$wide" | tr -d ' ') |

<a id="e"></a>
## E. Words
END
sh $room/book.sh "$tmp/small.md" "$tmp/small.html" || exit 1

for made in "$book" "$tmp/small.html"; do
    expect "links that lead nowhere" "$(dead_links "$made")"
    expect "what would have to be fetched" "$(fetched "$made")"
    expect "comments of the text" "$(grep -n '<!-- ' "$made")"
done
sed -e 's/<a id="e">/<a id="f">/' -e 's/LESSONS.md"/LESSONS.txt"/' -e 's/"fold-1"/"answer-1"/' \
    -e 's/src="data:/src="http:/' "$tmp/small.html" >"$tmp/bad.html"
problems=$(dead_links "$tmp/bad.html")
notices "#e" "$problems"
notices "LESSONS.txt" "$problems"
notices "there twice: #answer-1" "$problems"
notices "http:" "$(fetched "$tmp/bad.html")"
mkdir "$tmp/bin"
(IFS=:; for dir in $PATH; do ln -s "$dir"/* "$tmp/bin"; done) 2>/dev/null
rm -f "$tmp/bin/pandoc"
said=$(PATH=$tmp/bin sh $room/book.sh "$tmp/small.md" "$tmp/none.html" 2>&1) && said=
notices "there is no pandoc here; this helps: " "$said"

if find_browser; then
    in_browser
else
    echo "check.sh: screens and paper are skipped, as there is no chromium here"
fi
echo "check.sh: $passed passed, $failed failed"
[ $failed -eq 0 ]
