# shape.awk -- has every lesson its parts, in their order?
#
# Prints "LINE|PROBLEM" for each lesson, the problem empty if there is none.

BEGIN {
    wanted = split("What for,Three questions from before,Idea,Run,Predict," \
                   "Observe,Answers,Why,Do,What Python hides,Go on", part, ",")
}

/^```/ { fenced = !fenced }
fenced { next }

/^## / {
    close_lesson()
    lesson = /^## Lesson / ? substr($0, 4) : ""
    line = FNR
    next_part = 1
    problem = ""
}

/^### / && lesson != "" && problem == "" {
    if (next_part == 2 && lesson ~ /^Lesson [01]\./)
        next_part++ # there is no lesson two before
    if (substr($0, 5) == part[next_part])
        next_part++
    else
        problem = lesson ": '" substr($0, 5) "' instead of '" \
            part[next_part] "'"
}

END {
    close_lesson()
    if (!lessons)
        print "1|there is no lesson"
}

function close_lesson()
{
    if (lesson == "")
        return
    lessons++
    if (problem == "" && next_part <= wanted)
        problem = lesson ": no '" part[next_part] "'"
    print line "|" problem
}
