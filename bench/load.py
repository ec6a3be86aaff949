# SPDX-License-Identifier: Apache-2.0
"""A small, fast client: connections that stay open, on each one request after the other, never two at once.

What it costs itself is some 20 us a request, so that on two cores it leaves one to the server.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Load(NamedTuple):
    """seconds in all; for each request its seconds and the body of its answer, in the order of answers."""

    seconds: float
    latencies: list[float]
    bodies: list[bytes]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.bodies) / self.seconds

    def percentile(self, part: float) -> float:
        """The seconds within which this part of the requests was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class _Line:
    """One connection with the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer, self.since = b"", 0.0

    def send(self, request: bytes) -> None:
        self.answer, self.since = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The body once it is whole. An answer other than 200, or none, ends the benchmark."""
        piece = self.socket.recv(1 << 16)
        assert piece, "the server hung up"
        self.answer += piece
        head, there, body = self.answer.partition(b"\r\n\r\n")
        if not there:
            return None
        assert head.startswith(b"HTTP/1.1 200 "), self.answer
        length = LENGTH.search(head + b"\r\n")
        assert length, head
        return body if len(body) == int(length[1]) else None


def drive(port: int, requests: Iterable[bytes], connections: int) -> Load:
    """Sends every request once, over so many connections."""
    waiting = deque(requests)
    latencies: list[float] = []
    bodies: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        lines = [_Line(port) for _ in range(min(connections, len(waiting)))]
        start = time.perf_counter()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(waiting.popleft())
        busy = len(lines)
        while busy:
            for key, _ in selector.select():
                line = key.data
                body = line.receive()
                if body is None:
                    continue
                latencies.append(time.perf_counter() - line.since)
                bodies.append(body)
                if waiting:
                    line.send(waiting.popleft())
                else:
                    busy -= 1
        seconds = time.perf_counter() - start
    for line in lines:
        line.socket.close()
    return Load(seconds, latencies, bodies)
