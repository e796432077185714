"""A name server of a few records on loopback (RFC 1035)."""
from __future__ import annotations

import socket
import struct

from .event_loop import loop

TYPES = {"A": 1, "NAPTR": 35, "SRV": 33}


def name(text: str) -> bytes:
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def string(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def a(address: str) -> bytes:
    return socket.inet_aton(address)


def srv(priority: int, weight: int, port: int, target: str) -> bytes:
    return struct.pack("!HHH", priority, weight, port) + name(target)


def naptr(order: int, preference: int, service: str, replacement: str) -> bytes:
    return (struct.pack("!HH", order, preference) + string("s") + string(service) + string("")
            + name(replacement))


class NameServer:
    """Answers what `records` has, `{(name, type): [data]}`, and that there is none of the rest."""

    def __init__(self, ttl: int = 300):
        self.records: dict[tuple[str, str], list[bytes]] = {}
        self.ttl = ttl
        self.deaf = False  # hears nothing
        self.failing: tuple[str, ...] = ()  # types that are answered with SERVFAIL
        self.asked: list[tuple[str, str]] = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        loop.watch(self.sock, self._answer)

    @property
    def address(self) -> str:
        return "127.0.0.1:%d" % self.sock.getsockname()[1]

    def close(self) -> None:
        loop.forget(self.sock)
        self.sock.close()

    def _answer(self) -> None:
        query, source = self.sock.recvfrom(4096)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        number, = struct.unpack("!H", query[at + 1:at + 3])
        kind = next((word for word, value in TYPES.items() if value == number), "other")
        wanted = ".".join(labels)
        self.asked.append((wanted, kind))
        if self.deaf:
            return
        found = self.records.get((wanted, kind), [])
        exists = any(each == wanted for each, _ in self.records)
        flags = 0x8580 | (0 if exists else 3)  # an authoritative answer; NXDOMAIN
        if kind in self.failing:
            flags, found = 0x8182, []
        reply = query[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + question
        for data in found:
            reply += struct.pack("!HHHIH", 0xC00C, number, 1, self.ttl, len(data)) + data
        self.sock.sendto(reply, source)
