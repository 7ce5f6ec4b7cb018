#!/bin/sh
# clinic.sh -- make sick, sick-list, sick-hint, cure.
#
#   clinic.sh sick|sick-list|sick-hint|cure     $CASE, $ANSWER, $PORT as for make
#   clinic.sh fault NUMBER                      its name in broken_server.c
#   clinic.sh commands NUMBER                   those of its last hint
#
# A case is a folder tests/clinic/NUMBER, and in it
#
#   about   "field: text" (further lines of a text are indented): title, name
#           (the diagnosis: a fault of broken_server), what (a line for
#           sick-list), complaint, three times hint, ours (which of our programs
#           does the same and is healthy), against (what speaks against this
#           diagnosis when it is wrong; in a case for which that is not so,
#           "against-NAME" has another text), lesson (its anchor), cure, and
#           "lines: FILE NUMBER TEXT" (that many lines, from the first that has
#           TEXT in it).
#           Commands in a hint stand between `grave accents`, and each gets a
#           line of its own. prove.sh carries out those of the last hint; "sick",
#           "well" and "others" are patterns of awk for what they print, "!" in
#           front: which is not there. What "others" says is seen with the
#           fault of every other case, but for those with an "against-" of their
#           own: it is what "against" promises there.
#           In all other texts a command stands in [brackets], and is not folded.
#
# A diagnosis that no case has is a folder tests/clinic/no-case/NUMBER: name, what,
# against, sick, well, ours and others as above, and "commands" instead of hints.
#
# What is known of the student is in build/exercises/clinic, as with exercises:
# NUMBER.cured has the name of the diagnosis, so that a case with another fault
# is open again. NUMBER-PORT.pid is the process that runs there: hints name it in
# place of PID, so that another sick server on this machine does not matter.

set -u
LC_ALL=C
export LC_ALL
room=tests/clinic
state=${CLINIC_STATE:-build/exercises/clinic}
built=${O:-build/}clinic
case=${CASE:-}
port=${PORT:-5000}

shown=''
# shellcheck source=/dev/null
. tests/harness/about.sh

cases() {
    for about in "$room"/*/about; do
        about=${about%/about}
        say "${about##*/}"
    done | sort -n
}

name_of() { field "$1" name; }

# Also those that no case has.
diagnoses() {
    for about in "$room"/*/about "$room"/no-case/*/about; do
        about=${about%/about}
        say "${about#"$room/"}"
    done
}

# The case with that diagnosis, or its folder if no case has it.
case_with() {
    for n in $(diagnoses); do
        [ "$(name_of "$n")" != "$1" ] || { say "$n" && return; }
    done
    return 1
}

is_cured() {
    [ -f "$state/$1.cured" ] && [ "$(cat "$state/$1.cured")" = "$(name_of "$1")" ]
}

next_case() {
    for n in $(cases); do
        is_cured "$n" || { say "$n" && return; }
    done
    return 1
}

say_next() {
    if n=$(next_case); then
        say "Next: make sick CASE=$n   $(field "$n" title)"
    else
        say "That was the last one: all are cured."
    fi
}

need_case() {
    if [ -z "$case" ]; then
        say "Which case? make $command CASE=1${1:-} for example; make sick-list lists them."
        exit 2
    elif ! cases | grep -q -x -F -e "$case"; then
        say "There is no case $case. These there are: $(cases | paste -sd ' ' -)" | wrapped
        exit 2
    fi
}

# The number of the process that make sick has started, while it runs.
pid_of_sick() {
    pid=
    [ ! -f "$state/$case-$port.pid" ] || read -r pid <"$state/$case-$port.pid"
    case $pid in
    '' | *[!0-9]*) return 1 ;;
    esac
    # shellcheck disable=SC2009 # it is one process, by its number
    ps -o args= -p "$pid" 2>/dev/null | grep -q "/sick $port\$" && say "$pid"
}

# What it is now in place of 5000 and PID.
filled() { sed -e "s/5000/$port/g" -e "s/PID/${sick_pid:-PID}/g"; }

# Prose, filled and wrapped, but for what stands in brackets.
told() {
    filled | awk '{
        while (match($0, /\[[^]]*\]/)) {
            command = substr($0, RSTART + 1, RLENGTH - 2)
            gsub(/ /, "\001", command)
            $0 = substr($0, 1, RSTART - 1) command substr($0, RSTART + RLENGTH)
        }
        print
    }' | wrapped | tr '\001' ' '
}

# The same, and each command in grave accents in a line of its own.
show() {
    printf '%s' "$1" | tr '`' '\n' | {
        is_command=
        while IFS= read -r part || [ -n "$part" ]; do
            part=${part# } part=${part% }
            if [ -z "$part" ]; then :; elif [ -n "$is_command" ]; then
                say "    $part" | filled
            else
                say "$part" | told
            fi
            if [ -n "$is_command" ]; then is_command=; else is_command=yes; fi
        done
    }
}

# -- the commands --------------------------------------------------------------

# Until Ctrl-C, which make and the shells above get as well.
run_sick() {
    stopped=
    trap 'stopped=yes' INT
    mkdir -p "$state"
    # shellcheck disable=SC2016,SC2086 # for the other sh; RUN may have options
    sh -c 'echo "Its process has the number $$."; echo $$ >"$0"; exec "$@"' \
        "$state/$case-$port.pid" ${RUN:-} "$program" "$port"
    ended=$?
    rm -f "$state/$case-$port.pid"
    [ -n "$stopped" ] || sleep 0.2 # it may have been meant for both of us
    [ -z "$stopped" ] || return 0
    say "It has ended by itself, with status $ended."
}

sick() {
    if [ -z "$case" ] && ! case=$(next_case); then
        say "All are cured. make sick CASE=1 shows one again; make sick-list lists them."
        return
    fi
    need_case
    program=$built/$case/sick
    case $program in
    /*) ;;
    *) program=./$program ;;
    esac
    ${MAKE:-make} -s --no-print-directory "${program#./}" || return
    say "Case $case: $(field "$case" title). A user says:"
    say
    say "  $(field "$case" complaint)" | told
    say
    say "Here it is, on port $port, until Ctrl-C. Examine it from other terminals: nc,"
    say "ss, lsof -p and strace -p with its number. Instead, with its lid off:"
    say "    make watch SERVER=${program#./}"
    say "What can it be? make sick-list. You know, or you are stuck:"
    say "    make cure CASE=$case ANSWER=name        make sick-hint CASE=$case"
    say
    run_sick
}

sick_list() {
    say "What it can be (not each of these has a case):"
    for n in $(diagnoses); do
        printf '  %-27s %s\n' "$(name_of "$n")" "$(field "$n" what)"
    done | sort | while IFS= read -r line; do
        say "$line" | awk '{
            name = substr($0, 1, 30); rest = substr($0, 31)
            while (length(rest) > 48) {
                at = 49
                while (substr(rest, at, 1) != " ") at--
                print name substr(rest, 1, at - 1)
                rest = substr(rest, at + 1); name = sprintf("%30s", "")
            }
            print name rest
        }'
    done
    say
    say "The cases:"
    for n in $(cases); do
        mark=open
        ! is_cured "$n" || mark="cured: $(name_of "$n")"
        printf '  %-3s %-46s %s\n' "$n" "$(field "$n" title)" "$mark"
    done
    say
    say_next
}

sick_hint() {
    need_case
    next_hint "$case"
    sick_pid=$(pid_of_sick)
    hint=$(field "$case" hint | sed -n "${shown}p")
    say "Hint $shown of 3:"
    show "$hint"
    case $sick_pid,$hint in
    ,*PID*) say "(PID is the number of its process; make sick CASE=$case says it.)" ;;
    esac
    [ "$shown" -lt 3 ] || say "(That was the last one. The next is the first again.)"
}

# The lines of our programs, wherever they are by now.
show_lines() {
    field "$case" lines | while read -r file count text; do
        awk -v text="$text" -v count="$count" -v file="$file" '
            !from && index($0, text) { from = NR; print file ":" NR }
            from && NR < from + count { print "    " $0 }' "$file"
    done
}

cure() {
    need_case " ANSWER=name"
    answer=${ANSWER:-}
    if [ -z "$answer" ]; then
        say "What is it? make cure CASE=$case ANSWER=name; make sick-list has the names."
        exit 2
    elif ! other=$(case_with "$answer"); then
        say "There is no diagnosis '$answer'. make sick-list has them all, with a line each."
        exit 2
    elif [ "$other" != "$case" ]; then
        said=$(field "$case" "against-$answer")
        say "Case $case is something else. ${said:-$(field "$other" against)}" | told
        return 1
    fi
    mkdir -p "$state" && say "$answer" >"$state/$case.cured"
    say "Right: $(field "$case" what)." | wrapped
    say "$(field "$case" cure)" | told
    say
    say "Read: LESSONS.md#$(field "$case" lesson). Ours do it here:"
    show_lines
    say
    say_next
}

# -- for the Makefile and prove.sh ---------------------------------------------

fault() { # NUMBER, or none
    name=none
    [ "$1" = none ] || name=$(name_of "$1")
    sed -n "s/^ *DO(\([A-Z_]*\), \"$name\").*/\1/p" "$room/broken_server.c"
}

commands() {
    {
        field "$1" hint | sed -n 3p
        field "$1" commands
    } | tr '`' '\n' | sed -n 'n;p'
}

command=$1
case $command in
fault | commands) "$command" "$2" ;;
sick-list) sick_list ;;
sick-hint) sick_hint ;;
*) "$command" ;;
esac
