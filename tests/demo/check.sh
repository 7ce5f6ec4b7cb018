#!/bin/sh
# check.sh -- is the demo truthful? It must tell a server that starves its
# clients from one that does not, whatever stage it is shown as, and help whoever
# shows a program of his own.
#
#   make check-demo        O=build/x/ in the environment as for make
#
# All cases run side by side, as the demo mostly waits.

O=${O:-}
export O
unset SERVER CONNECT BUSY SELECTOR
case $O in /*) to=$O ;; *) to=./$O ;; esac
demo=${to}tests/demo/demo
blocking=${to}01_blocking/server
loop=${to}02_select_loop/server
upper=${to}03_selectors_callbacks/upper
connect=${to}04_nonblocking_connect/connect
busy=${to}04_nonblocking_connect/busy
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

[ -x "$demo" ] || {
    echo "There is no $demo. Build it at the top of the repository: make demo"
    exit 1
}

case_of() { # FILE STAGE VARIABLE=COMMAND...: the demo with these put in place
    file=$dir/$1 stage=$2
    shift 2
    (
        start=$(date +%s)
        # shellcheck disable=SC2086 # all stages are none
        env "$@" "$demo" $stage >"$file" 2>&1
        echo $? >"$file.status"
        echo "$file $(($(date +%s) - start))" >"$file.seconds"
    ) &
}

verdict() { # NAME FAULT: a line for this case; FAULT is empty if there is none
    if [ -z "$2" ]; then
        echo "ok      $1"
    else
        echo "FAILED  $1: $2"
        failed=1
    fi
}

expect() { # NAME FILE STATUS WORDS: how that case must have ended
    status=$(cat "$dir/$2.status")
    fault=
    # As words of a line may be broken anywhere, all blanks count as one.
    tr -s ' \n' '  ' <"$dir/$2" >"$dir/words"
    grep -qF -e "$4" "$dir/words" || fault="nowhere does it say '$4'"
    [ "$status" = "$3" ] || fault="exit status $status instead of $3"
    verdict "$1" "$fault"
    [ -z "$fault" ] || cat "$dir/$2"
}

# It listens, and then does nothing more: whoever comes is connected.
mkfifo "$dir/listens"
cat >"$dir/silent" <<END
#!/bin/sh
$loop "\$@" >$dir/listens &
read -r line <$dir/listens
kill -STOP \$!
echo "\$line"
wait
END
# One that somebody has written: it says it in words of its own.
cat >"$dir/other" <<END
#!/bin/sh
$loop "\$@" | while read -r line; do echo "here: \$line"; done
END
chmod +x "$dir/silent" "$dir/other"

case_of plain '' A=
case_of own 02 SERVER="$dir/other"
case_of starving_02 02 SERVER="$blocking"
case_of starving_03 03 SERVER="$blocking"
case_of serving_01 01 SERVER="$loop"
case_of sequential 04 CONNECT="$busy"
case_of idle 04 BUSY="$connect"
case_of missing 01 SERVER="$dir/none"
case_of failing 03 SERVER="$loop 1 2"
case_of saying_nothing 02 SERVER="sh -c 'sleep 60'"
case_of other_answer 02 SERVER="$upper"
case_of mute 02 SERVER="$dir/silent"
case_of no_connect 04 CONNECT="$dir/none"
case_of hanging '' SERVER="sleep 60" CONNECT="sleep 60" BUSY="sleep 60"
case_of writing '' SERVER=yes
O=$dir/nowhere/ case_of unbuilt '' A=

# The server tells its process id through a named pipe, which is read before the
# demo is interrupted. The shell starts it with SIGINT ignored, hence SIGTERM.
mkfifo "$dir/pid"
printf '#!/bin/sh\necho $$ >%s\nexec %s "$@"\n' "$dir/pid" "$loop" >"$dir/server"
chmod +x "$dir/server"
SERVER=$dir/server "$demo" 01 >"$dir/interrupted" 2>&1 &
interrupted=$!
read -r server <"$dir/pid"
kill -TERM "$interrupted"
wait "$interrupted" 2>"$dir/null"
status=$?
rm "$dir/pid"
fault=
[ "$status" = 143 ] || fault="exit status $status instead of 143"
tries=0 # whoever inherits it may take a while to bury it
while kill -0 "$server" 2>"$dir/null" && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
[ $tries -lt 100 ] || fault="server $server is still there"
verdict "an interrupted demo takes its server with it" "$fault"

wait

expect "the four stages go as the lesson says" plain 0 "What next?"
expect "a starving server is found out as 02" starving_02 1 \
    "UNEXPECTED in $blocking: B was not answered while A was connected."
expect "a starving server is found out as 03" starving_03 1 \
    "UNEXPECTED in $blocking: B was not answered while A was connected."
expect "a server that serves both is found out as 01" serving_01 1 \
    "UNEXPECTED in $loop: B was answered while A was connected."
expect "connecting one after the other is found out" sequential 1 \
    "The silent peer held up the others."
expect "a program that sleeps is not taken for busy" idle 1 "It asked 0 times"
expect "somebody's own server is shown" own 0 "shown in its place: $dir/other"
expect "and told what B has waited" own 0 "ms, while A was connected."
expect "a missing program: what to do" unbuilt 1 "at the top of the repository: make demo"
expect "somebody's missing program is named" missing 1 "UNEXPECTED in $dir/none: It ended before it had begun: exit status 127."
expect "with the words of the shell" missing 1 "none: not found"
expect "and what it must do" missing 1 "its last argument is the port"
expect "a program that gives up: its own words" failing 1 "too many arguments"
expect "a server that does not say where it listens: that it does not" saying_nothing 1 \
    "It runs, but does not say that it has begun."
expect "and how it must" saying_nothing 1 "prints a line that contains 127.0.0.1:PORT,"
expect "another answer is quoted, and what ours answer" other_answer 1 \
    'A was answered "HELLO\n". The servers of the course answer "Hello World\n".'
expect "no answer: who has none" mute 1 "UNEXPECTED in $dir/silent: A was not answered."
expect "and where to look" mute 1 "make watch-02 SERVER=\"$dir/silent\""
expect "somebody's missing connect is named" no_connect 1 "UNEXPECTED in $dir/none: It ended before"
expect "programs that hang are not waited for" hanging 1 "It runs, but does not say that it has begun."
expect "nor those that write without end" writing 1 "It runs, but does not say that it has begun."

fault=$(LC_ALL=C grep -n '[^ -~]' "$dir"/plain | head -1)
verdict "a file gets printable ASCII only" "$fault"
fault=$(grep -nE '.{80}' "$dir"/plain "$dir"/starving_02 | grep -v make | head -1)
verdict "no line is longer than 79 columns" "$fault"
fault=$(cat "$dir"/*.seconds | awk '$2 >= 15 { print $1 ": " $2 " s"; exit }')
verdict "the demo ends within 15 s whatever the programs do" "$fault"
exit $failed
