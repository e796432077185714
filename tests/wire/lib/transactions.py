"""Transactions and their retransmissions (RFC 3261 §17), and the repeated 2xx (§13.3.1.4)."""
from __future__ import annotations

import secrets

from .event_loop import loop
from .message import Message

T1, T2, T4 = 0.5, 4.0, 5.0


def new_branch() -> str:
    return "z9hG4bK" + secrets.token_hex(8)


class ClientTransaction:
    """A request under way. `on_response` gets every new response, and a repeated 2xx too."""

    def __init__(self, layer: TransactionLayer, request: Message, flow, on_response, on_timeout):
        self.layer, self.request, self.flow = layer, request, flow
        self.on_response, self.on_timeout = on_response, on_timeout
        self.state, self.ack = "calling", None
        self.sent = 1
        self.flow.send(request)
        self._interval = T1
        self._again = None if flow.reliable else loop.after(T1, self._retransmit)
        self._give_up = loop.after(64 * T1, self._timeout)

    def receive(self, response: Message) -> None:
        if self.state == "completed":
            if self.ack:
                self.flow.send(self.ack)
            elif self.request.method == "INVITE" and response.status < 300:
                self.on_response(response)
            return
        if response.status < 200:
            self.state = "proceeding"
            if self.request.method == "INVITE":
                self._cancel(self._again, self._give_up)
            self.on_response(response)
            return
        self.state = "completed"
        self._cancel(self._again, self._give_up)
        if self.request.method == "INVITE" and response.status >= 300:
            self.ack = self._acknowledgement(response)
            self.flow.send(self.ack)
        self.on_response(response)

    def stop(self) -> None:
        """Forgets the transaction: nothing is sent or taken for it any more."""
        self._cancel(self._again, self._give_up)
        self.layer.clients.pop((self.request.branch, self.request.method), None)

    def _acknowledgement(self, response: Message) -> Message:
        ack = Message(method="ACK", uri=self.request.uri)
        for name in ("Via", "From", "Call-ID", "Max-Forwards"):
            if name in self.request:  # phones older than RFC 3261 have no Max-Forwards
                ack.headers.add(name, self.request[name])
        for route in self.request.headers.lines("Route"):
            ack.headers.add("Route", route)
        ack.headers.add("To", response["To"])
        ack.headers.add("CSeq", f"{self.request.cseq} ACK")
        return ack

    def _retransmit(self) -> None:
        if self.state == "completed":
            return
        self.sent += 1
        self.flow.send(self.request)
        if self.request.method == "INVITE":
            self._interval *= 2
        else:
            self._interval = T2 if self.state == "proceeding" else min(2 * self._interval, T2)
        self._again = loop.after(self._interval, self._retransmit)

    def _timeout(self) -> None:
        self.stop()
        self.on_timeout()

    @staticmethod
    def _cancel(*timers) -> None:
        for timer in filter(None, timers):
            timer.cancel()


class ServerTransaction:
    """A request that arrived. Its last response is sent again whenever the request is."""

    def __init__(self, request: Message, flow):
        self.request, self.flow = request, flow
        self.response: Message | None = None
        self.acknowledged = False
        self.received = 1  # how often the request came
        self._again = None

    def reply(self, response: Message) -> None:
        self.response = response
        self.flow.send(response)
        if self.request.method == "INVITE" and response.status >= 200:
            # A 2xx is repeated over any transport, other final responses over UDP only.
            if response.status < 300 or not self.flow.reliable:
                self._repeat(T1)

    def receive_again(self) -> None:
        self.received += 1
        if self.response and not self.acknowledged:
            self.flow.send(self.response)

    def acknowledge(self) -> None:
        self.acknowledged = True
        if self._again:
            self._again.cancel()

    def _repeat(self, interval: float, left: float = 64 * T1) -> None:
        def again():
            if not self.acknowledged and left > 0:
                self.flow.send(self.response)
                self._repeat(min(2 * interval, T2), left - interval)
        self._again = loop.after(interval, again)


class TransactionLayer:
    """Sorts what arrives into transactions. What begins one goes to `on_request`, an ACK of a 2xx
    to `on_ack`."""

    def __init__(self, on_request, on_ack):
        self.on_request, self.on_ack = on_request, on_ack
        self.clients: dict[tuple, ClientTransaction] = {}
        self.servers: dict[tuple, ServerTransaction] = {}
        self.stray: list[Message] = []  # responses to nothing

    def send(self, request: Message, flow, on_response, on_timeout) -> ClientTransaction:
        transaction = ClientTransaction(self, request, flow, on_response, on_timeout)
        self.clients[(request.branch, request.method)] = transaction
        return transaction

    def receive(self, message: Message, flow) -> None:
        if not message.is_request:
            client = self.clients.get((message.branch, message.cseq_method))
            if client:
                client.receive(message)
            else:
                self.stray.append(message)
            return
        method = "INVITE" if message.method == "ACK" else message.method
        key = (message.branch, message.headers.values("Via")[0].split(";")[0], method)
        server = self.servers.get(key)
        if message.method == "ACK":
            if server:
                server.acknowledge()
            else:
                self.on_ack(message)
        elif server:
            server.receive_again()
        else:
            server = self.servers[key] = ServerTransaction(message, flow)
            self.on_request(server)

    def close(self) -> None:
        for client in list(self.clients.values()):
            client.stop()
        for server in self.servers.values():
            server.acknowledge()
