"""Audio of a phone of ours: a tone in A-law, both ways (RFC 3550, RFC 3551 §4.5.14)."""
from __future__ import annotations

import math
import re
import socket
import struct
import threading
import time

from .real_phones import RATE, amplitude

PAYLOAD, FRAME = 8, 160  # PCMA; samples in 20 ms


def encoded(sample: int) -> int:
    size = min(abs(sample) >> 3, 4095)
    exponent = max(size.bit_length() - 5, 0)
    mantissa = (size >> max(exponent, 1)) & 15
    return (exponent << 4 | mantissa | (0x80 if sample >= 0 else 0)) ^ 0x55


def decoded(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    size = (mantissa << 1) + 1 if exponent == 0 else (mantissa << 1) + 33 << exponent - 1
    return size << 3 if code & 0x80 else -(size << 3)


DECODED = [decoded(code) for code in range(256)]


class Tone:
    """A port that speaks a sine tone once it is told where to, and keeps what it hears."""

    def __init__(self, hertz: int):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.heard = b""
        self._wave = bytes(encoded(round(12000 * math.sin(2 * math.pi * hertz * i / RATE)))
                           for i in range(RATE))
        self._towards: tuple[str, int] | None = None
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True)
                         for run in (self._listen, self._speak)]
        for thread in self._threads:
            thread.start()

    def speaks_to(self, sdp: bytes) -> None:
        """Where the first audio of this session description is."""
        host = re.search(rb"c=IN IP4 (\S+)", sdp)[1].decode()
        self._towards = host, int(re.search(rb"m=audio (\d+)", sdp)[1])

    def hears(self, hertz: int) -> bool:
        last = self.heard[-RATE:]
        return len(last) == RATE and amplitude([DECODED[code] for code in last], hertz) > 4000

    def close(self) -> None:
        self._closed.set()
        self.socket.sendto(b"", ("127.0.0.1", self.port))  # wakes the listener
        for thread in self._threads:
            thread.join()
        self.socket.close()

    def _listen(self) -> None:
        while not self._closed.is_set():
            packet = self.socket.recv(2048)
            if len(packet) > 12 and packet[1] & 0x7f == PAYLOAD:
                self.heard += packet[12:]

    def _speak(self) -> None:
        number = 0
        due = time.monotonic()  # of packets, and not between them: a late one makes no later one late
        while not self._closed.wait(max(0.0, due - time.monotonic())):
            due += FRAME / RATE
            if self._towards:
                start = number * FRAME
                header = struct.pack("!BBHII", 0x80, PAYLOAD, number & 0xffff, start, 1)
                at = start % RATE
                self.socket.sendto(header + self._wave[at:at + FRAME], self._towards)
                number += 1
