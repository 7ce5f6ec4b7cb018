# ports.awk -- the command on stdin with the ports of this session.
#
# $KNOWN is the file of match.awk. A number in it is replaced by what it stands
# for. The port of a server that is not in it becomes 0, and is entered there as
# "PORT ?".

BEGIN {
    known_file = ENVIRON["KNOWN"]
    while ((getline line < known_file) > 0) {
        split(line, pair, " ")
        if (pair[2] != "?")
            known[pair[1]] = pair[2]
    }
    close(known_file)
}

{
    command = $0
    if (match(command, /0[123]_[a-z_]+\/(server|functions|upper)( [0-9]+)?($|[ ';)&])/))
        command = serve(command, RSTART, RLENGTH)
    print translate(command)
}

function serve(text, start, size,    server, end, port)
{
    server = substr(text, start, size)
    end = ""
    if (match(server, /[ ';)&]$/)) {
        end = substr(server, RSTART)
        server = substr(server, 1, RSTART - 1)
    }
    if (end == " " && substr(text, start + size) ~ /^[-a-zA-Z0-9]/)
        return text
    port = "5000"
    if (match(server, / [0-9]+$/)) {
        port = substr(server, RSTART + 1)
        server = substr(server, 1, RSTART - 1)
    }
    if (!(port in known)) {
        print port, "?" >> known_file
        known[port] = port
        port = "0"
    }
    return substr(text, 1, start - 1) server " " port end \
        substr(text, start + size)
}

function translate(text,    out, number)
{
    while (match(text, /[0-9]+/)) {
        number = substr(text, RSTART, RLENGTH)
        out = out substr(text, 1, RSTART - 1) \
            (number in known ? known[number] : number)
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}
