# words.awk -- for other scripts: the words of a text, without its markup.

# Small letters, a blank between two words and at both ends; "" if there is none.
# What stands in `code` are words, too. A target of a link is not.
function words(text)
{
    gsub(/\]\([^)]*\)/, "", text)
    gsub(/[][!"#$%&'()*+,.\/:;<=>?@\\^`{|}~ \t\n]+/, " ", text)
    sub(/^ +/, "", text)
    sub(/ +$/, "", text)
    return text == "" ? "" : " " tolower(text) " "
}

# The same of a line outside code: without comments and tags, too.
function prose(line)
{
    gsub(/<!--.*-->|<\/?[a-z]+[^>]*>/, "", line)
    return words(line)
}
