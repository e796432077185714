"""UDP and TCP for one phone: sockets, connections, and where a message came from."""
from __future__ import annotations

import ctypes
import socket
import struct

from .event_loop import loop
from .message import Malformed, Message, parse, take_from_stream


def has_ipv6() -> bool:
    """This machine has ::1."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def loses_all(sock: socket.socket, lost: bool) -> None:
    """While `lost`, the kernel drops what arrives for `sock` before anything answers or acknowledges it, as if it never
    came."""
    attach, detach = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER
    if not lost:
        sock.setsockopt(socket.SOL_SOCKET, detach, 0)
        return
    drop = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF_RET, 0 bytes of it
    sock.setsockopt(socket.SOL_SOCKET, attach, struct.pack("@HP", 1, ctypes.addressof(drop)))


def bind_alone(kind: socket.SocketKind, address: str) -> socket.socket:
    """A socket of `kind` at a port that nobody uses over the other transport either: a contact at an
    address of the exchange is refused, whatever its transport."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    other = socket.SOCK_STREAM if kind == socket.SOCK_DGRAM else socket.SOCK_DGRAM
    while True:
        sock = socket.socket(family, kind)
        sock.bind((address, 0))
        with socket.socket(family, other) as probe:
            try:
                probe.bind(sock.getsockname())
                return sock
            except OSError:
                sock.close()


class UdpFlow:
    """The way to `peer` over a phone's UDP socket."""
    transport, reliable = "udp", False

    def __init__(self, sock: socket.socket, peer: tuple[str, int]):
        self.sock, self.peer = sock, peer

    def send(self, message: Message | bytes) -> None:
        self.sock.sendto(bytes(message), self.peer)


class Connection:
    """A TCP connection, opened or accepted. `receive(message, connection)` gets what arrives."""
    transport, reliable = "tcp", True

    def __init__(self, sock: socket.socket, receive, on_close=lambda connection: None):
        self.sock, self.receive, self.on_close = sock, receive, on_close
        # IPv6 has two members more.
        self.peer, self.local = sock.getpeername()[:2], sock.getsockname()[:2]
        self.buffer, self.closed = bytearray(), False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.watch(sock, self._readable)

    def send(self, message: Message | bytes) -> None:
        self.sock.sendall(bytes(message))

    def close(self) -> None:
        with loop.changed:
            if not self.closed:
                self.closed = True
                loop.forget(self.sock)
                self.sock.close()
                self.on_close(self)

    def half_closes(self) -> None:
        """Says that nothing more comes; the connection is closed once the peer has closed it too."""
        with loop.changed:
            self.sock.shutdown(socket.SHUT_WR)

    def _readable(self) -> None:
        try:
            chunk = self.sock.recv(65536)
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        self.buffer += chunk
        while (message := take_from_stream(self.buffer)) is not None:
            self.receive(message, self)


class Transport:
    """A phone's sockets on one loopback address. `receive(message, flow)` gets what arrives."""

    def __init__(self, receive, address: str = "127.0.0.1"):
        self.receive, self.address = receive, address
        self.malformed: list[tuple[bytes, Malformed]] = []
        self.connections: list[Connection] = []
        self.listener: socket.socket | None = None
        self._left: list[socket.socket] = []
        self._open_udp()

    @property
    def udp_address(self) -> tuple[str, int]:
        return self.udp.getsockname()[:2]

    def _open_udp(self) -> None:
        self.udp = bind_alone(socket.SOCK_DGRAM, self.address)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        loop.watch(self.udp, self._datagram)

    def changes_port(self) -> None:
        """Of UDP: nothing arrives at the former one any more, as behind a NAT that gives another."""
        with loop.changed:
            former = self.udp
            loop.forget(former)
            self._open_udp()
            former.close()

    def moves(self) -> None:
        """Is at another UDP port from now on, and connects anew; nobody is told so, and what is still sent to
        the old places is lost."""
        with loop.changed:
            self._left += [self.udp, *(connection.sock for connection in self.connections)]
            self.connections.clear()
            for sock in self._left:
                loop.forget(sock)
            self._open_udp()

    def away(self, away: bool) -> None:
        """Out of reach, or back: nothing arrives, and no machine on the way says so."""
        for sock in filter(None, (self.udp, self.listener,
                                  *(connection.sock for connection in self.connections))):
            loses_all(sock, away)

    def udp_to(self, peer: tuple[str, int]) -> UdpFlow:
        return UdpFlow(self.udp, peer)

    def tcp_to(self, peer: tuple[str, int]) -> Connection:
        """The open connection to `peer`, or a new one."""
        for connection in self.connections:
            if connection.peer == peer and not connection.closed:
                return connection
        source = (self.address, 0)
        return self._keep(socket.create_connection(peer, timeout=5, source_address=source))

    def listen_tcp(self) -> tuple[str, int]:
        """Accepts connections from now on; returns where."""
        self.listener = bind_alone(socket.SOCK_STREAM, self.address)
        self.listener.listen()
        loop.watch(self.listener, lambda: self._keep(self.listener.accept()[0]))
        return self.listener.getsockname()[:2]

    def close(self) -> None:
        with loop.changed:
            for connection in list(self.connections):
                connection.close()
            for sock in filter(None, (self.udp, self.listener, *self._left)):
                loop.forget(sock)
                sock.close()

    def _keep(self, sock: socket.socket) -> Connection:
        connection = Connection(sock, self.receive, self.connections.remove)
        self.connections.append(connection)
        return connection

    def _datagram(self) -> None:
        datagram, source = self.udp.recvfrom(65536)
        if not datagram.strip():
            return  # keepalive
        try:
            message = parse(datagram)
        except Malformed as reason:
            self.malformed.append((datagram, reason))
            return
        self.receive(message, UdpFlow(self.udp, source))
