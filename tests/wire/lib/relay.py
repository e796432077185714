"""A UDP relay that loses packets, the same ones in every run as far as the traffic is the same."""
from __future__ import annotations

import random
import socket

from .event_loop import loop


class LossyRelay:
    """Stands between phones and the server. Each phone gets a socket of its own towards the server,
    which so sees one address a phone, as behind a NAT. Drops `loss` of the packets each way."""

    def __init__(self, server: tuple[str, int], loss: float = 0.2, seed: int = 207):
        self.server, self.loss, self._random = server, loss, random.Random(seed)
        self.dropped = self.passed = 0
        self._inside = self._open()
        self._outside: dict[tuple[str, int], socket.socket] = {}
        loop.watch(self._inside, self._from_phone)

    @property
    def address(self) -> dict[str, tuple[str, int]]:
        return {"udp": self._inside.getsockname()}

    def heals(self) -> None:
        """From now on nothing is lost."""
        self.loss = 0.0

    def close(self) -> None:
        with loop.changed:
            for sock in [self._inside, *self._outside.values()]:
                loop.forget(sock)
                sock.close()

    @staticmethod
    def _open() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        return sock

    def _loses(self) -> bool:
        lost = self._random.random() < self.loss
        self.dropped += lost
        self.passed += not lost
        return lost

    def _from_phone(self) -> None:
        datagram, phone = self._inside.recvfrom(65536)
        if phone not in self._outside:
            outside = self._outside[phone] = self._open()
            loop.watch(outside, lambda: self._from_server(outside, phone))
        if not self._loses():
            self._outside[phone].sendto(datagram, self.server)

    def _from_server(self, outside: socket.socket, phone: tuple[str, int]) -> None:
        datagram, _ = outside.recvfrom(65536)
        if not self._loses():
            self._inside.sendto(datagram, phone)
