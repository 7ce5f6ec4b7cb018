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


def listen(port):
    """127.0.0.1 by a socket of version six, where there is one."""
    try:
        listener = socket.socket(socket.AF_INET6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::ffff:127.0.0.1", port))
        listener.listen()
        return listener
    except OSError:
        return socket.create_server(("127.0.0.1", port))


listener = listen(int(sys.argv[1]))
selector.register(listener, selectors.EVENT_READ, accept)
print("Listening on 127.0.0.1:%d" % listener.getsockname()[1])
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
