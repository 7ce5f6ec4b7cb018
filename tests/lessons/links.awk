# links.awk -- prints "LINE|link|TARGET" for each link of LESSONS.md, and
# "LINE|picture|TARGET" for each picture.

/^```/ { fenced = !fenced; next }
!fenced {
    text = $0
    gsub(/`[^`]*`/, "", text)
    while (match(text, /\]\([^)]*\)/)) {
        print FNR "|" (substr(text, 1, RSTART) ~ /!\[[^]]*\]$/ ? "picture" : "link") \
            "|" substr(text, RSTART + 2, RLENGTH - 3)
        text = substr(text, RSTART + RLENGTH)
    }
}
