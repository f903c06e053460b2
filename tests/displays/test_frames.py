"""The frame server: one PNG for each client, packed on its own thread, only when asked."""

import io
import socket
import stat
import struct
import threading
import zlib
from pathlib import Path

import pygame

from displays.frames import FrameServer, Shot, png

SHOT = Shot(7, (3, 2), bytes(range(18)))


def read(path: Path) -> bytes:
    """Return what a client gets."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(str(path))
        return b"".join(iter(lambda: client.recv(4096), b""))


def test_a_png_holds_the_pixels() -> None:
    """Another program's reader sees the same picture."""
    picture = pygame.image.load(io.BytesIO(png(SHOT)), "x.png")

    assert picture.get_size() == SHOT.size
    assert pygame.image.tobytes(picture, "RGB") == SHOT.rgb


def test_a_png_is_one() -> None:
    """Signature, size, and a checksum on each chunk."""
    packed = png(SHOT)
    length, kind = struct.unpack(">I4s", packed[8:16])

    assert packed.startswith(b"\x89PNG\r\n\x1a\n")
    assert (length, kind) == (13, b"IHDR")
    assert struct.unpack(">II", packed[16:24]) == SHOT.size
    assert struct.unpack(">I", packed[29:33])[0] == zlib.crc32(packed[12:29])


def test_each_client_gets_the_frame(tmp_path: Path) -> None:
    """One connection, one picture; nobody but the owner may connect."""
    path = tmp_path / "frame.sock"
    path.write_text("left by a killed process", encoding="ascii")
    asked: list[str] = []

    def ask() -> None:
        asked.append(threading.current_thread().name)
        server.give(SHOT)

    server = FrameServer(path=path, ask=ask)
    server.start()
    try:
        got = [read(path) for _ in range(3)]
        mode = stat.S_IMODE(path.stat().st_mode)
    finally:
        server.close()

    assert got == [png(SHOT)] * 3
    assert asked == ["frames"] * 3
    assert mode == 0o600
    assert not path.exists()


def test_nothing_is_copied_while_nobody_asks(tmp_path: Path) -> None:
    """An answer nobody waits for any more is dropped, never blocks, and is not the next one's."""
    path = tmp_path / "frame.sock"
    newer = Shot(8, (1, 1), b"abc")
    server = FrameServer(path=path, ask=lambda: server.give(newer))
    server.give(SHOT)
    server.give(SHOT)
    server.start()
    try:
        assert read(path) == png(newer)
    finally:
        server.close()
