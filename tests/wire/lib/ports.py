"""Port numbers for programs that are told theirs, or come back to the one they had."""
from __future__ import annotations

import random
import socket
from pathlib import Path

LOWEST = 20002  # below lie services, and what phones are told to take for audio
_kept: list[socket.socket] = []


def reserve(ip: str = "127.0.0.1", together: int = 1) -> int:
    """A port of `ip`, the first of as many `together`, free for UDP and TCP, that no other test is given while this
    process lives, and that the system gives to nobody who asks for any port."""
    numbers = list(range(LOWEST, _lowest_ephemeral() - together + 1))
    random.shuffle(numbers)
    for number in numbers:
        if all(_take(ip, number + more) for more in range(together)):
            return number
    raise AssertionError(f"no {together} ports of {ip} from {LOWEST} on are free")


def _take(ip: str, number: int) -> bool:
    # A name that is gone with its process, as a file is not.
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0lampline test port {number}")
    except OSError:
        name.close()
        return False
    _kept.append(name)
    return _is_free(ip, number)


def _lowest_ephemeral() -> int:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert lowest > LOWEST + 1000, f"net.ipv4.ip_local_port_range begins at {lowest}: no room for ports to reserve"
    return lowest


def _is_free(ip: str, number: int) -> bool:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as sock:
            try:
                sock.bind((ip, number))
            except OSError:
                return False
    return True
