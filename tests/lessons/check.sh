#!/bin/sh
# check.sh -- does text.sh notice what is wrong with a text?
#
# A small text that is right, and one fault at a time in it. make lessons-check
# runs this, as a part of make lessons.

# shellcheck disable=SC2016 # `code` in Markdown
set -u
unset CDPATH
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.." >/dev/null || exit 1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/check.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0
exercises=$tmp/exercises

# exercise NUMBER MINUTES LESSON
exercise() {
    mkdir -p "$exercises/$1"
    printf 'title: one\nlesson: %s\nminutes: %s\n' "$3" "$2" >"$exercises/$1/about"
}
exercise 0.1 5 l0
exercise 1h.1 20 l1h
exercise 1h.2 15 l1h

cat >"$tmp/good" <<'END'
# Kernel

The notes are five notes. See [the notes](#notes), and [a port](#w-port). Two
words are a [busy
waiting](#w-busy-waiting), and ports.

| | Lesson | Programs | Reading | Exercises | |
|---|---|---|---|---|---|
| 0 | [The kernel](#l0) | all | 20 | 5 | `event` |
| 1½ | [Event](#l1h) | `busy.c` | 15 | 35 | Not sleeping. |

<a id="notes"></a>
<a id="l0"></a>
## Lesson 0. The first

### What for

So that it is. Reading 20
minutes, exercises 5.

### Idea

<!-- drawing -->
```text
an event, and how to wait
```

![What happened: a kernel](tests/bench/measured.svg)
It has `kernel` and `a port`, an
[event loop](#w-event-loop), then two event
loops, and an [event](#w-event). Events are [blocking](#w-blocking), or else
[non-blocking](#w-non-blocking); they are blocking.

### Run
### Predict

1. Does it come, refused at
   once?
2. Does it *say* so?

### Observe
### Answers

<details><summary>1. Does it come?</summary>

<!-- key: refused, at once -->
Yes, it is *refused* at
`once`.

</details>

<details><summary>2. Does it say so?</summary>

<!-- key: it says so -->
<!-- key: status 1 -->
It says so with

```text
exit status 1
```

</details>

### Why

<details><summary>A question?</summary>

An answer.

</details>

### Do

* **0.1** (5 minutes): another.
* Something small.

### What Python hides
### Go on

<a id="l1h"></a>
## Lesson 1½. The second

### What for

Reading 15 minutes, exercises 35.

### Three questions from before

<details><summary>One?</summary>

One.

</details>

<details><summary>Two?</summary>

Two.

</details>

<details><summary>Three?</summary>

Three.

</details>

### Idea
### Run
### Predict

1. What is it?

### Observe
### Answers

<details><summary>1. What is it?</summary>

<!-- key: nothing at all -->
It is nothing at all.

</details>

### Why
### Do

* **1h.1** (20 minutes): one.
* **1h.2** (15): two.

### What Python hides
### Go on

## A. A table

The notes, note 2, the notes.

## E. Words

| word | means |
|---|---|
| <a id="w-event"></a>event | what one waits for, with an event loop |
| <a id="w-event-loop"></a>event loop | waits, a process |
| <a id="w-port"></a>port | a number |
| <a id="w-blocking"></a>blocking | sleeps |
| <a id="w-non-blocking"></a>non-blocking | does not |
| <a id="w-busy-waiting"></a>busy waiting | asks |
END

says() {
    LESSONS=$tmp/text sh tests/lessons/text.sh "$exercises" >"$tmp/out"
    status=$?
    [ $status -eq "$1" ] && grep -q -e "$2" "$tmp/out" &&
        [ "$(wc -l <"$tmp/out")" -eq "$3" ]
}

result() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "check.sh: $2; said was:"
        sed 's/^/    /' "$tmp/out"
    fi
}

# fault SCRIPT: of sed, in which @ is an end of line.
fault() { sed "$1" "$tmp/good" | tr '@' '\n' >"$tmp/text"; }

# green WHAT SCRIPT: after that of sed the text is still right.
green() {
    fault "$2"
    says 0 ' passed, 0 failed$' 1
    result $? "$1 is no fault"
}

# red PROBLEM SCRIPT [COUNT]: that is the one problem, or the first of COUNT.
red() {
    fault "$2"
    if cmp -s "$tmp/good" "$tmp/text"; then
        : >"$tmp/out"
        result 1 "nothing was changed by $2"
        return
    fi
    says 1 "^LESSONS.md:[0-9]*: $1" $((${3:-1} + 1))
    result $? "expected: $1"
}

green "the text as it is" ''

red "Lesson 1½. The second: 'Do' instead of 'Why'" '/^## Lesson 1/,$ { /^### Why/d; }'
red "Lesson 1½. The second: 'Run' instead of 'Idea'" \
    '/^## Lesson 1/,$ { s/^### Idea/### x/; s/^### Run/### Idea/; s/### x/### Run/; }'
red "Lesson 1½. The second: no 'Go on'" '/^## Lesson 1/,$ { /^### Go on/d; }'
red "Lesson 1½. The second: 'Idea' instead of 'Three questions" \
    '/^### Three questions/d'
red "Lesson 0. The first: 'Three questions" 's/^So that/### Three questions from before@@&/' 3
red "there is no lesson" '/^<a id="l0/,/^### Go on/d; /^<a id="l1h/,/^### Go on/d' 12

red "2 folds instead of three" '/>Two?</,/^<.details>/d'
red "1 answers to 2 predictions" '/>2. Does/,/^<.details>/d'
red "2 answers to 1 predictions" '/^2. Does/d'
red "this should be prediction 2" 's/^2. Does/3. Does/'
red "this fold should be that of prediction 1" 's/>1. Does/>2. Does/'
red "nothing is to be predicted" 's/^1. What/What/' 2
red "a fold inside a fold" 's/^An answer/<details>@@&/'
red "an empty line is missing above" '/<summary>One/{ n; d; }'
red "an empty line is missing above" 's/^An answer\./&@<\/details>@<details><summary>x<\/summary>@/'
red "this fold does not end" '/^An answer/,/^<.details>/d'
red "this fold has no key" '/key: nothing/d'
red "a key outside a fold" '/^An answer/,/^### Do/ { s/^### Do/&@<!-- key: a b -->/; }'
red "a key has two to five words, not 1: once" 's/key: refused, at once/key: once/'
red "a key has two to five words, not 6" \
    's/key: nothing at all/key: it is nothing at all really/; s/^It is nothing at all/& really/'
red "not in the answer's own words: refused at last" 's/key: refused, at once/key: refused at last/'
red "given away before the question: refused at once" 's/^So that/*Refused*,@at `once`. &/'
red "given away before the question: refused at once" 's/^an event, and/refused, at once/'
red "given away before the question: nothing at all" 's/^Three\./Nothing at all./'
red "given away before the question: status 1" 's/^An answer/x/; s/^So that/A "Status: 1". &/'
green "an answer in the lesson before" 's/^An answer/It is nothing at all/'

red "no 'Reading N minutes" 's/Reading 15 minutes, //'
red "the table at the front says 20 and 5 minutes, What for 25 and 5" 's/Reading 20/Reading 25/'
red "the table at the front says 15 and 35 minutes, What for 15 and 30" \
    's/exercises 35/exercises 30/' 2
red "the exercises take 35 minutes, What for says 30" \
    's/exercises 35/exercises 30/; s/| 35 |/| 30 |/'
red "the table at the front has no lesson 0" '/^| 0 |/d' 1
red "the table has a lesson 2, the text has not" 's/^| 0 .*/&@| 2 | [x](#l0) | | 2 | 3 | |/'
red "missing, or not so in the text: exercise 1h.2 15 l1h" '/1h.2/d; s/exercises 35/exercises 20/; s/| 35 |/| 20 |/'
red "missing, or not so in the text: exercise 1h.2 15 l1h" 's/1h.2/1h.3/' 2
red "missing, or not so in the text: exercise 0.1 5 l0" \
    's/0.1\*\* (5 /0.1** (6 /; s/exercises 5\./exercises 6./; s/| 5 |/| 6 |/' 2
red "not so below tests/exercises, or twice: exercise 1h.1 20 l0" \
    's/^\* Something.*/* **1h.1** (20): one/; s/exercises 5\./exercises 25./; s/| 5 |/| 25 |/' 1
red "exercise 1h.3 outside Do" 's/^An answer/* **1h.3** (15): x/' 2

red "here stands 'ports' first, and is no link to #w-port" 's/^The notes are/& ports and/'
red "here stands 'event' first, and is no link to #w-event" 's/Not sleeping/The event/'
red "here stands 'event loops' first, and is no link to #w-event-loop" \
    's/Not sleeping/*Event*-loops/'
red "here stands 'busy waiting' first" 's/^The notes are/& busy waiting and/'
red "no link to #w-blocking" 's/(#w-blocking)/(#w-event)/; s/blocking; they/x; they/'
red "no link to #w-key" 's/^| <a id="w-port.*/&@| <a id="w-key"><\/a>key | x |/'
red "no such anchor: #w-prot" 's/^An answer/[x](#w-prot)/'
red "an anchor that is there twice: w-port" 's/^| <a id="w-port.*/&@&/'
green "a word in code, a heading or a picture" \
    's/^The notes are/& `port` <code>port<\/code>@<!-- port -->@```@a port@```@![port](README.md) [port](#l0)@/'
red "no such picture: tests/demo/none.svg" 's/tests.bench.measured.svg/tests\/demo\/none.svg/'
red "no such link: tests/none" 's/^An answer/[x](tests\/none)/'

green "a program that Git ignores" 's/^An answer/<!-- save gone.py -->@&/'
red "not in .gitignore: /none.py" 's/^An answer/<!-- save none.py -->@&/'

green "the notes, five times" 's/^An answer/Note 2, and the notes. Note that/'
red "the notes are named 6 times" 's/^An answer/Note 2, a note, and the notes/'

# long LINES BYTES: the text with so many.
long() {
    cp "$tmp/good" "$tmp/text"
    awk -v lines=$(($1 - $(wc -l <"$tmp/good"))) \
        -v bytes=$(($2 - $(wc -c <"$tmp/good"))) 'BEGIN {
            for (bytes -= lines; lines-- > 1; )
                printf "\n"
            while (bytes-- > 0)
                printf "x"
            printf "\n"
        }' >>"$tmp/text"
}

long 3150 136824
says 0 ' passed, 0 failed$' 1
result $? "a text that is as long as may be is no fault"
long 3151 136824
says 1 ': 3151 lines, not 3150$' 2
result $? "expected: one line too many"
long 3150 136825
says 1 ': 136825 bytes, not 136824$' 2
result $? "expected: one byte too many"

echo "check.sh: $passed passed, $failed failed"
[ $failed -eq 0 ]
