# server.py -- stage 03's server as the notes have it in Python.
#
# Added are the port on the command line and the first line on stdout; sockets
# are non-blocking and a reset is no reason to die, as in the C version.
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def server():
    server_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server_socket.bind(("127.0.0.1", int(sys.argv[1])))
    server_socket.listen(socket.SOMAXCONN)
    server_socket.setblocking(False)
    selector.register(
        fileobj=server_socket, events=selectors.EVENT_READ, data=accept_connection
    )
    print("Listening on 127.0.0.1:%d" % server_socket.getsockname()[1], flush=True)


def accept_connection(server_socket):
    client_socket, addr = server_socket.accept()
    print("Connection from", addr, flush=True)
    client_socket.setblocking(False)
    selector.register(
        fileobj=client_socket, events=selectors.EVENT_READ, data=send_message
    )


def send_message(client_socket):
    try:
        request = client_socket.recv(4096)
        if request:
            client_socket.send(b"Hello World\n")
            return
    except OSError:
        pass
    selector.unregister(client_socket)
    client_socket.close()


def event_loop():
    while True:
        for key, _ in selector.select():
            callback = key.data
            callback(key.fileobj)


server()
try:
    event_loop()
except KeyboardInterrupt:
    pass
