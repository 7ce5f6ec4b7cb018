# cascade.py -- the pipe cascade with Python's selectors: see bench_cascade().
#
# cascade.py PAIRS ACTIVE WRITES prints nanoseconds per event.
import os
import selectors
import sys
import time

pairs, active, writes = map(int, sys.argv[1:])
selector = selectors.DefaultSelector()
pipes = [os.pipe() for _ in range(pairs)]
pending = 0
to_pass_on = 0


def ready(reader, writer):
    global pending, to_pass_on
    if os.read(reader, 1) != b"x":
        sys.exit(1)
    pending -= 1
    if to_pass_on > 0:
        to_pass_on -= 1
        os.write(writer, b"x")


def cascade():
    global pending, to_pass_on
    pending = active + writes
    to_pass_on = writes
    for i in range(active):
        os.write(pipes[i * (pairs // active)][1], b"x")
    while pending > 0:
        for key, _ in selector.select():
            key.data(key.fd, pipes[next_of[key.fd]][1])


next_of = {pipes[i][0]: (i + 1) % pairs for i in range(pairs)}
for reader, _ in pipes:
    selector.register(reader, selectors.EVENT_READ, ready)
cascade()
start = time.process_time()
cascade()
print((time.process_time() - start) * 1e9 / (active + writes))
