#!/bin/sh
# check.sh -- is the demo truthful? It must tell a server that starves its
# clients from one that does not, whatever stage it is shown as.
#
#   make demo && sh tests/demo/check.sh        O=build/x/ in the environment as
#                                              for make
# All cases run side by side, as the demo mostly waits.

O=${O:-}
export O
demo=./${O}tests/demo/demo
blocking=./${O}01_blocking/server
loop=./${O}02_select_loop/server
connect=./${O}04_nonblocking_connect/connect
busy=./${O}04_nonblocking_connect/busy
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

[ -x "$demo" ] || {
    echo "There is no $demo. Build it at the top of the repository: make demo"
    exit 1
}

case_of() { # FILE VARIABLE=COMMAND...: the demo with these put in place
    file=$dir/$1
    shift
    (
        start=$(date +%s)
        env "$@" "$demo" >"$file" 2>&1
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
    tr -s ' \n' '  ' <"$dir/$2" | grep -qF -e "$4" ||
        fault="nowhere does it say '$4'"
    [ "$status" = "$3" ] || fault="exit status $status instead of $3"
    verdict "$1" "$fault"
    [ -z "$fault" ] || cat "$dir/$2"
}

case_of plain A=
case_of starving_02 DEMO_SERVER_02="$blocking"
case_of starving_03 DEMO_SERVER_03="$blocking"
case_of serving_01 DEMO_SERVER_01="$loop"
case_of sequential DEMO_CONNECT="$busy"
case_of idle DEMO_BUSY="$connect"
case_of missing DEMO_SERVER_01="$dir/none"
case_of failing DEMO_SERVER_03="$loop 1 2"
case_of hanging DEMO_SERVER_01="sleep 60" DEMO_SERVER_02="yes" \
    DEMO_SERVER_03="sleep 60" DEMO_CONNECT="sleep 60" DEMO_BUSY="sleep 60"

# The server tells its process id through a named pipe, which is read before the
# demo is interrupted. The shell starts it with SIGINT ignored, hence SIGTERM.
mkfifo "$dir/pid"
printf '#!/bin/sh\necho $$ >%s\nexec %s "$@"\n' "$dir/pid" "$loop" >"$dir/server"
chmod +x "$dir/server"
DEMO_SERVER_01=$dir/server "$demo" >"$dir/interrupted" 2>&1 &
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
    "02_select_loop/server: B was not answered while A was connected."
expect "a starving server is found out as 03" starving_03 1 \
    "03_selectors_callbacks/server: B was not answered while A was connected."
expect "a server that serves both is found out as 01" serving_01 1 \
    "01_blocking/server: B was answered while A was connected."
expect "connecting one after the other is found out" sequential 1 \
    "The silent peer held up the others."
expect "a program that sleeps is not taken for busy" idle 1 "It asked 0 times"
expect "a missing program: what to do" missing 1 "make demo"
expect "a program that gives up: its own words" failing 1 "too many arguments"
expect "programs that hang are not waited for" hanging 1 "It did not start"

fault=$(LC_ALL=C grep -n '[^ -~]' "$dir"/plain | head -1)
verdict "a file gets printable ASCII only" "$fault"
fault=$(grep -nE '.{80}' "$dir"/plain "$dir"/starving_02 | head -1)
verdict "no line is longer than 79 columns" "$fault"
fault=$(cat "$dir"/*.seconds | awk '$2 >= 15 { print $1 ": " $2 " s"; exit }')
verdict "the demo ends within 15 s whatever the programs do" "$fault"
exit $failed
