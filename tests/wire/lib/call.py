"""A call as one of its phones sees it: the INVITE dialog, either side."""
from __future__ import annotations

from collections import deque

from .dialog import Dialog, ReceivedRequest, SentRequest
from .event_loop import loop
from .message import Address, Message
from .transactions import ServerTransaction


class Call:
    """Reads and acts in words of the ladder: `receives`, `replies`, `sends`, `hangs_up`.

    The phone ACKs, and answers BYE and CANCEL, by itself; what it answered can still be received.
    """

    def __init__(self, phone, dialog: Dialog):
        self.phone, self.dialog = phone, dialog
        self.invite: SentRequest | None = None         # the caller's
        self.received: ReceivedRequest | None = None   # the callee's
        self.ended = False
        self._requests: deque[ReceivedRequest | Message] = deque()
        self._rseq = 0

    @classmethod
    def outgoing(cls, phone, invite: Message, **options) -> Call:
        local, remote = Address.parse(invite["From"]), Address.parse(invite["To"])
        dialog = Dialog(phone, invite["Call-ID"], local, remote, invite.uri)
        dialog.cseq = invite.cseq
        call = cls(phone, dialog)
        with loop.changed:
            phone.calls_by_id[(dialog.call_id, dialog.local_tag)] = call
            call.invite = SentRequest(phone, invite, dialog=dialog, on_response=call._learn,
                                      **options)
        return call

    @classmethod
    def incoming(cls, phone, transaction: ServerTransaction) -> Call:
        invite = transaction.request
        local, remote = Address.parse(invite["To"]), Address.parse(invite["From"])
        local.params.update(phone.tags())
        dialog = Dialog(phone, invite["Call-ID"], local, remote, "")
        dialog.learn(invite, as_caller=False)
        call = cls(phone, dialog)
        call.received = ReceivedRequest(phone, transaction, dialog.local_tag)
        phone.calls_by_id[(dialog.call_id, dialog.local_tag)] = call
        return call

    # What arrives

    def receives(self, what: int | str, within: float | None = None) -> Message | ReceivedRequest:
        """The next response to the INVITE that made this call, or the next request in it."""
        if isinstance(what, int):
            return self.invite.receives(what, within=within)
        def next_request():
            while what != "ACK" and self._requests and isinstance(self._requests[0], Message):
                self._requests.popleft()  # an ACK is there to be seen, and need not be
            return self._requests

        loop.wait(next_request, f"{self.phone.name} receives {what}", within)
        request = self._requests.popleft()
        method = getattr(request, "message", request).method
        assert method == what, f"{self.phone.name} received {method}, expected {what}"
        return request

    @property
    def offer(self) -> bytes:
        """Body of the INVITE that arrived."""
        return self.received.body

    # What is sent

    def replies(self, status: int, body: str | bytes = b"", headers=(), reliable: bool = False,
                **options) -> None:
        """Answers the INVITE that made this call; `reliable` as in RFC 3262."""
        headers = list(headers)
        if reliable:
            self._rseq += 1
            headers += [("Require", "100rel"), ("RSeq", str(self._rseq))]
        self.received.replies(status, body, headers, **options)

    def sends(self, method: str, body: str | bytes = b"", headers=(),
              content_type: str | None = None, **options) -> SentRequest:
        with loop.changed:
            request = self.dialog.request(method, headers, body, content_type)
            return SentRequest(self.phone, request, dialog=self.dialog, **options)

    def acknowledges_reliably(self, response: Message, body: str | bytes = b"") -> SentRequest:
        """PRACK for a reliable provisional response (RFC 3262 §4)."""
        return self.sends("PRACK", body, [("RAck", f"{response['RSeq']} {response['CSeq']}")])

    def hangs_up(self) -> None:
        self.ended = True
        self.sends("BYE").receives(200)

    def sends_cancel(self) -> SentRequest:
        """CANCEL of the INVITE (RFC 3261 §9.1); wait for a provisional response first."""
        with loop.changed:
            invite = self.invite.request
            cancel = Message(method="CANCEL", uri=invite.uri)
            for name in ("Via", "Max-Forwards", "From", "To", "Call-ID"):
                cancel.headers.add(name, invite[name])
            cancel.headers.add("CSeq", f"{invite.cseq} CANCEL")
            return SentRequest(self.phone, cancel, flow=self.invite._flow)

    def cancels(self) -> None:
        """CANCEL, 200, 487."""
        self.sends_cancel().receives(200)
        self.receives(487)

    # From the phone

    def _learn(self, response: Message) -> None:
        if response.status < 300:
            self.dialog.learn(response, as_caller=True)

    def take(self, transaction: ServerTransaction) -> None:
        """A request within this dialog."""
        request = ReceivedRequest(self.phone, transaction, self.dialog.local_tag)
        method = request.message.method
        if method in ("INVITE", "UPDATE"):
            self.dialog.learn(request.message, as_caller=False)
        if method == "BYE":
            self.ended = True
        if method in self.phone.answers_by_itself:
            request.replies(200)
            if method == "OPTIONS":
                return  # a probe: nothing for the test
        self._requests.append(request)

    def take_cancel(self, transaction: ServerTransaction) -> None:
        request = ReceivedRequest(self.phone, transaction, self.dialog.local_tag)
        request.replies(200)
        answer = self.received.transaction.response
        if not self.phone.ignores_cancel and (answer is None or answer.status < 200):
            self.received.replies(487)
            self.ended = True
        self._requests.append(request)

    def take_ack(self, ack: Message) -> None:
        self._requests.append(ack)

    @property
    def unread(self) -> list[str]:
        """Methods that arrived and that no line of the test expected; ACKs need no line."""
        methods = [getattr(request, "message", request).method for request in self._requests]
        return [method for method in methods if method != "ACK"]
