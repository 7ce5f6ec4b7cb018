# minutes.awk -- do the minutes agree, and which exercises are there?
#
# Prints "LINE|PROBLEM" for each thing examined, the problem empty if there is none;
# and "LINE|exercise|NUMBER MINUTES ANCHOR" for each exercise, ANCHOR that of its
# lesson.
#
# "Reading N minutes, exercises M." ("no exercises.") stands in What for. The table
# at the front has a row for each lesson, whose first two cells with nothing but a
# number are N and M (or –). M is the sum of the exercises' minutes.

/^```/ { fenced = !fenced }
fenced { next }

/^<a id="/ { anchor = $0; sub(/^<a id="/, "", anchor); sub(/".*/, "", anchor) }

/^## / {
    close_lesson()
    lesson = /^## Lesson / ? $3 : ""
    sub(/\./, "", lesson)
    part = ""
    title = FNR
}
/^### / { part = substr($0, 5) }

title == "" && /^\| *[0-9½]+ *\|.*\]\(#l/ {
    cells = split($0, cell, "|")
    number = cell[2]
    gsub(/ /, "", number)
    found = 0
    for (i = 3; i < cells && found < 2; i++) {
        gsub(/ /, "", cell[i])
        if (cell[i] ~ /^([0-9]+|–|-)$/)
            table[number, ++found] = cell[i] + 0
    }
    rows[number] = FNR
}

lesson != "" && part == "What for" { what = what " " $0 }

/^\* \*\*[0-9]+h?\.[0-9]+\*\* \([0-9]+( minutes)?\)/ {
    exercise = $2
    gsub(/\*/, "", exercise)
    minutes = substr($3, 2) + 0
    if (lesson == "" || part != "Do")
        print FNR "|exercise " exercise " outside Do"
    else
        sum += minutes
    print FNR "|exercise|" exercise " " minutes " " anchor
}

END {
    close_lesson()
    for (number in rows)
        print rows[number] "|the table has a lesson " number ", the text has not"
}

function close_lesson(    reading, exercises)
{
    if (lesson == "")
        return
    reading = exercises = "?"
    if (match(what, /Reading [0-9]+ minutes?, (exercises [0-9]+|no exercises)\./)) {
        what = substr(what, RSTART, RLENGTH)
        split(what, word, " ")
        reading = word[2]
        exercises = word[5] + 0 # "exercises." is none
    }
    if (reading == "?")
        print title "|no 'Reading N minutes, exercises M.' in What for"
    else if (!(lesson in rows))
        print title "|the table at the front has no lesson " lesson
    else if (table[lesson, 1] != reading || table[lesson, 2] != exercises)
        print title "|the table at the front says " table[lesson, 1] " and " \
            table[lesson, 2] " minutes, What for " reading " and " exercises
    else
        print title "|"
    print title "|" (exercises == sum + 0 || exercises == "?" ? "" : \
        "the exercises take " sum + 0 " minutes, What for says " exercises)
    delete rows[lesson]
    what = ""
    sum = 0
}
