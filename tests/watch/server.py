"""An echo with a selector, as it is written in Python: for make watch."""

import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def accept(listener):
    client, peer = listener.accept()
    print("Connection from", peer)
    selector.register(client, selectors.EVENT_READ, echo)


def echo(client):
    data = client.recv(4096)
    if data:
        client.sendall(data)
    else:
        selector.unregister(client)
        client.close()


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
selector.register(listener, selectors.EVENT_READ, accept)
print("Listening on 127.0.0.1:%d" % listener.getsockname()[1])
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
