"""Requests a phone has sent or received, and the dialogs they belong to (RFC 3261 §12)."""
from __future__ import annotations

import secrets
from collections import deque

from . import digest
from .event_loop import loop
from .message import Address, Message
from .transactions import ServerTransaction, new_branch


def new_tag() -> str:
    return secrets.token_hex(5)


class Dialog:
    """Names a dialog from this phone's side, and writes its requests."""

    def __init__(self, phone, call_id: str, local: Address, remote: Address, remote_target: str):
        self.phone, self.call_id, self.local, self.remote = phone, call_id, local, remote
        self.remote_target, self.routes = remote_target, []
        self.cseq = 0

    @property
    def local_tag(self) -> str:
        return self.local.params.get("tag", "")

    @property
    def remote_tag(self) -> str:
        return self.remote.params.get("tag", "")

    def learn(self, message: Message, *, as_caller: bool) -> None:
        """Takes remote tag, target and route set from what the other side sent."""
        tag = message.to_tag if as_caller else message.from_tag
        if tag:
            self.remote.params["tag"] = tag
        if "Contact" in message:
            self.remote_target = Address.parse(message.headers.values("Contact")[0]).uri
        routes = message.headers.values("Record-Route")
        if routes:
            self.routes = list(reversed(routes)) if as_caller else routes

    def request(self, method: str, headers=(), body: str | bytes = b"",
                content_type: str | None = None) -> Message:
        self.cseq += 1
        request = self.phone.request(method, self.remote_target, from_=self.local, to=self.remote,
                                     call_id=self.call_id, cseq=self.cseq, headers=headers,
                                     body=body, content_type=content_type)
        for route in self.routes:
            request.headers.add("Route", route)
        return request


class SentRequest:
    """A request of this phone and the responses to it. A challenge is answered once by itself."""

    def __init__(self, phone, request: Message, *, flow=None, dialog: Dialog | None = None,
                 authenticates: bool = True, acks: bool = True, on_response=None):
        self.phone, self.request, self.dialog = phone, request, dialog
        self.authenticates, self.acks, self.on_response = authenticates, acks, on_response
        self.responses: list[Message] = []   # without answered challenges and repetitions
        self.challenges: list[Message] = []  # those
        self.timed_out = False
        self.ack: Message | None = None
        self._unread: deque[Message] = deque()
        self._flow = flow or phone.flow()
        self._send()

    @property
    def name(self) -> str:
        return f"{self.request.method} of {self.phone.name}"

    def receives(self, *statuses: int, within: float | None = None) -> Message:
        """The next response, which must have one of `statuses`. A 100 counts when expected."""
        def next_response():
            while self._unread and self._unread[0].status == 100 and 100 not in statuses:
                self._unread.popleft()
            return self._unread

        wanted = "/".join(map(str, statuses))
        loop.wait(next_response, f"{self.name} receives {wanted}", within)
        response = self._unread.popleft()
        assert response.status in statuses, \
            f"{self.name} received {response.first_line}, expected {wanted}"
        return response

    def receives_final(self, within: float | None = None) -> Message:
        """The final response, whatever it is; provisional ones are passed over."""
        def final():
            return next((r for r in self.responses if r.status >= 200), None)
        response = loop.wait(final, f"{self.name} receives a final response", within)
        self._unread.clear()
        return response

    def times_out(self) -> None:
        loop.wait(lambda: self.timed_out, f"{self.name} times out", 40)

    def acknowledges(self, body: str | bytes = b"") -> None:
        """Sends the ACK of a 2xx, once more for each repetition of it (RFC 3261 §13.2.2.4)."""
        with loop.changed:
            number = self.dialog.cseq
            self.ack = self.dialog.request("ACK", body=body)
            self.ack.headers.set("CSeq", f"{self.request.cseq} ACK")
            self.dialog.cseq = number  # an ACK has the number of its INVITE and uses up none
            self.phone.traces("->", self.ack)
            self._flow.send(self.ack)

    def _send(self) -> None:
        with loop.changed:
            self.phone.traces("->", self.request)
            self.phone.layer.send(self.request, self._flow, self._receive, self._expire)

    def _receive(self, response: Message) -> None:
        self.phone.traces("<-", response)
        if response.status in (401, 407) and self.authenticates and not self.challenges:
            self._answer(response)
            return
        if self.ack and response.status < 300:
            self._flow.send(self.ack)
            return
        ended = any(earlier.status >= 200 for earlier in self.responses)
        repeated = self.responses and bytes(self.responses[-1]) == bytes(response)
        if ended or repeated:
            return
        self.responses.append(response)
        self._unread.append(response)
        if self.on_response:
            self.on_response(response)
        offered = self.request.method == "INVITE" and self.request.body
        if offered and self.acks and 200 <= response.status < 300:
            self.acknowledges()

    def _answer(self, challenge: Message) -> None:
        self.challenges.append(challenge)
        authorised = self.phone.authorise(self.request, challenge)
        if authorised is None:  # nothing on offer that this phone can do
            self.responses.append(challenge)
            self._unread.append(challenge)
            return
        self.request = authorised
        if self.dialog:
            self.dialog.cseq = self.request.cseq
        self._send()

    def _expire(self) -> None:
        self.timed_out = True


class ReceivedRequest:
    """A request that reached this phone, and the means to answer it."""

    def __init__(self, phone, transaction: ServerTransaction, local_tag: str):
        self.phone, self.transaction, self.local_tag = phone, transaction, local_tag
        self.message = transaction.request

    def __getitem__(self, name: str) -> str:
        return self.message[name]

    @property
    def body(self) -> bytes:
        return self.message.body

    def replies(self, status: int, body: str | bytes = b"", headers=(),
                content_type: str | None = None) -> None:
        with loop.changed:
            response = self.phone.response(self.message, status, self.local_tag, body, headers,
                                           content_type)
            self.phone.traces("->", response)
            self.transaction.reply(response)


def authorise(request: Message, challenge: Message,
              credentials: digest.Credentials) -> Message | None:
    """A copy of `request`, next CSeq, new branch, that answers `challenge`; None if it cannot."""
    asks, answers = (("WWW-Authenticate", "Authorization") if challenge.status == 401
                     else ("Proxy-Authenticate", "Proxy-Authorization"))
    chosen = digest.choose(challenge.headers.lines(asks), credentials.algorithm)
    if chosen is None:
        return None
    copy = Message(method=request.method, uri=request.uri, headers=request.headers.fields,
                   body=request.body)
    copy.headers.set("CSeq", f"{request.cseq + 1} {request.method}")
    copy.headers.set("Via", copy["Via"].replace(request.branch, new_branch()))
    copy.headers.set(answers, credentials.answer(chosen, request.method, request.uri))
    return copy
