"""A client that makes a connection for each request, so many at a time: what a SIEM does with the original. It is
written against epoll, so that it is faster than the servers that it measures. A request has failed when its connection
fails, or its reply is not the detection that was expected and LookupFinished, within five seconds.

    python3 bench/reference/one-request-client.py PORT AT_A_TIME REQUESTS VALUES

VALUES is the number of the values asked for: host0.example, host1.example ... Prints JSON.
"""

import json
import select
import socket
import sys
import time

HEADER = b"X-KF-SendFinishedEventX-KF-ReplyBack"
TIMEOUT = 5.0


class Request:
    __slots__ = ("socket", "expected", "request", "received", "started")

    def __init__(self, address: tuple[str, int], number: int) -> None:
        value = b"host%d.example" % number
        self.request = HEADER + b"7f%x|url=%b|\n" % (number, value)
        detection = b"Category=Tracer_URL_enricher|MatchedIndicator=%b|ioc=%b|context=bad_URL\n" % (value, value)
        self.expected = detection + b"LookupFinished"
        self.received = b""
        self.started = time.monotonic()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)


def main() -> None:
    port, at_a_time, total, values = map(int, sys.argv[1:])
    address = ("127.0.0.1", port)
    poll = select.epoll()
    open_requests: dict[int, Request] = {}
    started = failed = 0

    def start() -> None:
        nonlocal started
        request = Request(address, started % values)
        started += 1
        open_requests[request.socket.fileno()] = request
        poll.register(request.socket.fileno(), select.EPOLLOUT)

    def finish(descriptor: int, is_good: bool) -> None:
        nonlocal failed
        failed += not is_good
        poll.unregister(descriptor)
        open_requests.pop(descriptor).socket.close()
        if started < total:
            start()

    begin = time.monotonic()
    for _ in range(min(at_a_time, total)):
        start()
    while open_requests:
        events = poll.poll(1.0)
        for descriptor, event in events:
            request = open_requests[descriptor]
            try:
                if event & select.EPOLLOUT:
                    request.socket.send(request.request)
                    poll.modify(descriptor, select.EPOLLIN)
                    continue
                data = request.socket.recv(4096)
            except OSError:
                finish(descriptor, False)
                continue
            request.received += data
            # A server that keeps the connection ends its reply with LF; one that does not, with the connection.
            if not data or request.received.endswith(b"LookupFinished\n"):
                finish(descriptor, request.received.startswith(request.expected))
        if not events or started % 1000 == 0:
            now = time.monotonic()
            for descriptor in [d for d, r in open_requests.items() if now - r.started > TIMEOUT]:
                finish(descriptor, False)
    print(json.dumps({"seconds": time.monotonic() - begin, "failed": failed}))


main()
