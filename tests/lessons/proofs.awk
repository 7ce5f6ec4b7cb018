# proofs.awk -- finds `$ command` → `output` in running text and in tables.
#
# Prints three lines for each: the line number, the command, the output. In a
# table "|" is written "\|".

/^```/ { fenced = !fenced; next }
fenced { next }
{
    count = split($0, piece, "`")
    for (i = 2; i + 2 <= count; i += 2)
        if (index(piece[i], "$ ") == 1 && piece[i + 1] == " → ") {
            gsub(/\\\|/, "|", piece[i])
            gsub(/\\\|/, "|", piece[i + 2])
            print FNR
            print substr(piece[i], 3)
            print piece[i + 2]
        }
}
