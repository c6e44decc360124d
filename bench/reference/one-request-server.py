"""A server as the first Tracer was, for comparison: one thread, select(), one recv(1024) is one request, the reply ends
with LookupFinished twice without a line end, then the connection is closed. Nothing is looked up. With --print it tells of
every client, of all that are connected then, and of every message on its standard output, as the original does.
Writes its port to standard error; ends with its standard input.

    python3 bench/reference/one-request-server.py [--print]
"""

import datetime
import select
import socket
import sys


def reply_to(request: bytes) -> bytes:
    start = request.find(b"|url=", 2)
    end = request.find(b"|", start + 5)
    if start < 0 or end < 0:
        return b""
    value = request[start + 5 : end]
    detection = b"Category=Tracer_URL_enricher|MatchedIndicator=%b|ioc=%b|context=bad_URL\n" % (value, value)
    return detection + b"LookupFinished"


def tell_of_clients(address: tuple[str, int], clients: list[socket.socket]) -> None:
    print("connected:", address)
    print("clients:")
    for client in clients:
        try:
            print("   ", client.getpeername())
        except OSError:
            print("    gone")


def tell_of_message(client: socket.socket, request: bytes, reply: bytes) -> None:
    print("message of", client.getpeername(), "at", datetime.datetime.now())
    print(request.decode())
    print("reply:", reply.decode())


def main() -> None:
    prints = "--print" in sys.argv
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    server.listen()
    print(server.getsockname()[1], file=sys.stderr, flush=True)
    clients: list[socket.socket] = []
    while True:
        readable, _, _ = select.select([sys.stdin, server, *clients], [], [])
        for ready in readable:
            if ready is sys.stdin:
                return
            if ready is server:
                client, address = server.accept()
                clients.append(client)
                if prints:
                    tell_of_clients(address, clients)
                continue
            try:
                request = ready.recv(1024)
                reply = reply_to(request)
                if prints:
                    tell_of_message(ready, request, reply)
                if reply:
                    ready.send(reply)
                    ready.send(b"LookupFinished")
            except OSError:
                pass
            clients.remove(ready)
            ready.close()


main()
