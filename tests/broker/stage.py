"""A broker made of a script: it answers what a test tells it to, over a real socket."""

import contextlib
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

WAIT_S = 5.0


def packet(kind: int, body: bytes) -> bytes:
    """Return an MQTT packet."""
    length, digits = len(body), bytearray()
    while length > 127:
        digits.append(length % 128 | 128)
        length //= 128
    return bytes([kind, *digits, length]) + body


def connack(code: int = 0) -> bytes:
    """Return the broker's answer to CONNECT; 5 = not authorised."""
    return packet(0x20, bytes([0, code]))


def suback(mid: bytes, *codes: int) -> bytes:
    """Return the broker's answer to SUBSCRIBE; 0x80 = refused."""
    return packet(0x90, mid + bytes(codes))


def message(topic: bytes, payload: bytes, *, retained: bool = False) -> bytes:
    """Return a PUBLISH with QoS 0."""
    return packet(0x30 | retained, len(topic).to_bytes(2, "big") + topic + payload)


def ended(script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in a process of its own and return how it ended."""
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
        cwd=Path(__file__).parents[2],
    )


class Peer:
    """The broker's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        sock.settimeout(WAIT_S)

    def read(self) -> tuple[int, bytes]:
        """Return (first byte, body) of the next packet; (0, b"") at the end of the stream."""
        first = self._sock.recv(1)
        if not first:
            return 0, b""
        length, shift = 0, 0
        while True:
            byte = self._sock.recv(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                break
        body = b""
        while len(body) < length:
            body += self._sock.recv(length - len(body))
        return first[0], body

    def write(self, *packets: bytes) -> None:
        """Send packets in one piece."""
        self._sock.sendall(b"".join(packets))

    def welcome(self, *codes: int, then: tuple[bytes, ...] = ()) -> bytes:
        """Go through CONNECT and SUBSCRIBE as a broker that agrees; return CONNECT's body."""
        kind, connect = self.read()
        assert kind == 0x10
        self.write(connack())
        kind, subscribe = self.read()
        assert kind == 0x82
        self.write(suback(subscribe[:2], *codes or (1,)), *then)
        return connect

    def reset(self) -> None:
        """Break the connection: the other end reads an error, not an end."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close(self) -> None:
        """Drop the connection."""
        self._sock.close()


class Stage:
    """A listening socket; each connection runs the next script, the last one again and again."""

    def __init__(self, *scripts: Callable[[Peer], None]) -> None:
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0

    def __enter__(self) -> Self:
        """Begin to accept."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop accepting."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            threading.Thread(target=self._play, args=(script, sock), daemon=True).start()

    def _play(self, script: Callable[[Peer], None], sock: socket.socket) -> None:
        peer = Peer(sock)
        try:
            with contextlib.suppress(OSError):  # the link went away: what tests do all the time
                script(peer)
        finally:
            peer.close()
