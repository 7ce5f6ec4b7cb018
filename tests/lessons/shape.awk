# shape.awk -- has every lesson its parts, in their order?
#
# Prints "LINE|part|PROBLEM" for each lesson, the problem empty if there is none.

BEGIN {
    wanted = split("Goal,The idea in two minutes,Run,Predict,Observe,Why," \
                   "Questions,What C shows and Python hides," \
                   "What the notes got wrong,Exercises,Go on", part, ",")
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
    if (substr($0, 5) == part[next_part])
        next_part++
    else
        problem = lesson ": '" substr($0, 5) "' instead of '" \
            part[next_part] "'"
}

END { close_lesson() }

function close_lesson()
{
    if (lesson == "")
        return
    if (problem == "" && next_part <= wanted)
        problem = lesson ": no '" part[next_part] "'"
    print line "|part|" problem
}
