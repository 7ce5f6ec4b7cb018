# answers.awk -- has every question its answer, folded, and none too early?
#
# After words.awk. Prints "LINE|PROBLEM" for each thing examined, the problem empty
# if there is none.
#
# A fold begins with a line "<details><summary>QUESTION</summary>" and ends with
# "</details>", with an empty line behind both; there are none inside another. A prediction is a line "N. QUESTION"
# in the part Predict; the folds of Answers have the same numbers. In each of these
# stands "<!-- key: WORDS -->", two to five words that tell the answer: they must
# be words of the fold, and not stand between the lesson's heading and Predict.

edge && $0 != "" { result(FNR, "an empty line is missing above") }
{ edge = !fenced && /^<\/?details>/ }
/^```/ { fenced = !fenced; next }

!fenced && /^##? / {
    close_part()
    close_lesson()
    lesson = /^## Lesson / ? $3 : ""
    part = ""
    title = FNR
}
!fenced && /^### / { close_part(); part = substr($0, 5); heading = FNR }

!fenced && /^<details>/ {
    result(FNR, in_fold ? "a fold inside a fold" : "")
    in_fold = FNR
    fold = ""
    keys = 0
    folds++
    if (lesson != "" && part == "Answers")
        result(FNR, index($0, "<summary>" folds ". ") ? "" : \
            "this fold should be that of prediction " folds)
    next
}
!fenced && /^<\/details>/ {
    result(FNR, in_fold ? "" : "the end of a fold that has not begun")
    close_fold()
    next
}
in_fold && !fenced && /^<!-- key: .* -->$/ {
    key[++keys] = words(substr($0, 11, length($0) - 14))
    key_line[keys] = FNR
    next
}
!fenced && /^<!-- key:/ { result(FNR, "a key outside a fold") }

{ said = fenced ? words($0) : prose($0) }
in_fold { fold = joined(fold, said) }
lesson != "" && part != "Predict" && !predicted { before = joined(before, said) }

lesson != "" && part == "Predict" {
    predicted = 1
    if (!fenced && match($0, /^[0-9]+\. /)) {
        predictions++
        result(FNR, $1 == predictions "." ? "" : \
            "this should be prediction " predictions)
    }
}

END { close_part(); close_lesson() }

function result(line, problem) { print line "|" problem }

function joined(a, b) { return a == "" || b == "" ? a b : a substr(b, 2) }

function close_fold(    i, count, ignored)
{
    in_fold = 0
    if (lesson == "" || part != "Answers")
        return
    result(FNR, keys ? "" : "this fold has no key")
    for (i = 1; i <= keys; i++) {
        count = split(key[i], ignored, " ")
        result(key_line[i], count >= 2 && count <= 5 ? "" : \
            "a key has two to five words, not " count ":" key[i])
        result(key_line[i], index(fold, key[i]) ? "" : \
            "not in the answer's own words:" key[i])
        result(key_line[i], !index(before, key[i]) ? "" : \
            "given away before the question:" key[i])
    }
}

function close_part()
{
    if (in_fold)
        result(in_fold, "this fold does not end in its part")
    in_fold = 0
    if (lesson != "" && part == "Three questions from before")
        result(heading, folds == 3 ? "" : folds + 0 " folds instead of three")
    if (lesson != "" && part == "Predict")
        result(heading, predictions ? "" : "nothing is to be predicted")
    if (lesson != "" && part == "Answers")
        result(heading, folds == predictions ? "" : \
            folds + 0 " answers to " predictions + 0 " predictions")
    folds = 0
}

function close_lesson()
{
    predicted = predictions = 0
    before = ""
}
