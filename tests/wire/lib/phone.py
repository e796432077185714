"""A telephone: registers, calls, answers, watches."""
from __future__ import annotations

import secrets
import time
from collections import deque

from . import sdp
from .call import Call
from .dialog import Dialog, ReceivedRequest, SentRequest, authorise, new_tag
from .digest import Credentials
from .event_loop import loop
from .list_watch import ListSubscription, list_headers
from .message import Address, Message
from .transactions import ServerTransaction, TransactionLayer, new_branch
from .transport import Transport
from .watch import Subscription, Watch

BEGAN = time.monotonic()
SDP = "application/sdp"
CONTENT_TYPES = {"INVITE": SDP, "UPDATE": SDP, "PRACK": SDP, "ACK": SDP,
                 "INFO": "application/dtmf-relay"}


class Phone:
    """One telephone with its own socket. All it sends goes to the server, as to an outbound proxy.

    `address` is where the server is reached: {"udp": (host, port), "tcp": (host, port)}. The phone
    ACKs, and answers CANCEL, BYE, NOTIFY and an OPTIONS outside a dialog, by itself. A request that
    no line of the test receives is a fault, unless it is an ACK or a NOTIFY.
    """

    def __init__(self, number: str, secret: str, domain: str, address: dict[str, tuple[str, int]],
                 *, transport: str = "udp", display: str = "", algorithm: str | None = None,
                 user_agent: str = "Wire/1.0", contact_host: str | None = None,
                 listens: bool = False, ip: str = "127.0.0.1", tagless: bool = False):
        self.number, self.domain, self.address, self.display = number, domain, address, display
        self.transport, self.user_agent = transport, user_agent
        self.name = display or number
        self.credentials = Credentials(number, secret, algorithm)
        self.sockets = Transport(self._receive, ip)
        self.layer = TransactionLayer(self._take_request, self._take_ack)
        self.listening = self.sockets.listen_tcp() if listens else None
        self.contact_host = contact_host  # host:port to claim, where it is not the real one (NAT)
        self.calls_by_id: dict[tuple[str, str], Call] = {}
        self.answers_by_itself = {"BYE"}
        self.tagless = tagless  # older than RFC 3261: it gives no tags
        self.params = ""  # of its Contact header in responses, such as `;isfocus`
        self.deaf = False  # nothing that arrives is heard, and nobody is told
        self.missed: list[Message] = []  # what came meanwhile, repetitions too
        self.ignores_cancel = False  # CANCEL gets its 200, and crosses whatever the test answers
        self.answers_notify = lambda notification: notification.replies(200)
        self.faults: list[str] = []
        self.ladder: list[str] = []       # what passed, repetitions left out
        self.heard: list[Message] = []    # everything that arrived, repetitions too
        self._subscriptions: dict[tuple[str, str], Subscription] = {}
        self._unsolicited: dict[str, Watch] = {}
        self._incoming: deque[Call | ReceivedRequest] = deque()
        self._register_call_id, self._register_cseq = secrets.token_hex(8), 0

    # Addresses

    @property
    def aor(self) -> str:
        return f"sip:{self.number}@{self.domain}"

    def aor_of(self, number: str) -> str:
        return number if ":" in number else f"sip:{number}@{self.domain}"

    def flow(self):
        """The way to the server: the UDP socket, or the one connection."""
        if self.transport == "tcp":
            return self.sockets.tcp_to(self.address["tcp"])
        return self.sockets.udp_to(self.address["udp"])

    @property
    def host_port(self) -> str:
        if self.contact_host:
            return self.contact_host
        if self.transport == "udp":
            host, port = self.sockets.udp_address
        else:
            host, port = self.listening or self.flow().local
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def contact(self) -> str:
        """The URI this phone is reached at; its private parameter must come back untouched."""
        transport = ";transport=tcp" if self.transport == "tcp" else ""
        return f"sip:{self.number}@{self.host_port};line={self.number}x{transport}"

    # Messages

    def tags(self) -> dict[str, str]:
        """The parameters of a From that begins a dialog, or of the To that answers it."""
        return {} if self.tagless else {"tag": new_tag()}

    def request(self, method: str, uri: str, *, from_: Address | None = None,
                to: Address | str | None = None, call_id: str | None = None, cseq: int = 1,
                headers=(), body: str | bytes = b"", content_type: str | None = None,
                max_forwards: int = 70) -> Message:
        """A request as this phone writes it. `headers` replace those of the same name."""
        if from_ is None:
            from_ = Address(self.aor, self.display, self.tags())
        message = Message(method=method, uri=uri, body=body)
        protocol = f"SIP/2.0/{self.transport.upper()}"
        message.headers.add("Via", f"{protocol} {self.host_port};branch={new_branch()};rport")
        message.headers.add("Max-Forwards", str(max_forwards))
        message.headers.add("From", str(from_))
        message.headers.add("To", str(to) if to is not None else f"<{uri}>")
        message.headers.add("Call-ID", call_id or secrets.token_hex(10))
        message.headers.add("CSeq", f"{cseq} {method}")
        if method in ("INVITE", "UPDATE", "SUBSCRIBE"):
            message.headers.add("Contact", f"<{self.contact}>")
        message.headers.add("User-Agent", self.user_agent)
        if body:
            usual = CONTENT_TYPES.get(method, "text/plain")
            message.headers.add("Content-Type", content_type or usual)
        names = {message.headers.key(name) for name, _ in headers}
        for name in names:
            message.headers.remove(name)
        for name, value in headers:
            message.headers.add(name, value)
        return message

    def response(self, request: Message, status: int, local_tag: str, body: str | bytes = b"",
                 headers=(), content_type: str | None = None) -> Message:
        response = Message(status=status, body=body)
        for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
            for value in request.headers.lines(name):
                response.headers.add(name, value)
        if status > 100 and not request.to_tag and not self.tagless:
            response.headers.set("To", f"{request['To']};tag={local_tag}")
        if request.method in ("INVITE", "UPDATE") and 101 <= status < 300:
            response.headers.add("Contact", f"<{self.contact}>{self.params}")
        if body:
            usual = CONTENT_TYPES.get(request.method, "text/plain")
            response.headers.add("Content-Type", content_type or usual)
        for name, value in headers:
            response.headers.add(name, value)
        return response

    def authorise(self, request: Message, challenge: Message) -> Message | None:
        return authorise(request, challenge, self.credentials)

    def sends(self, request: Message, **options) -> SentRequest:
        return SentRequest(self, request, **options)

    def sends_raw(self, datagram: bytes) -> None:
        """Bytes as they are, with no transaction."""
        self.flow().send(datagram)

    # What phones do

    def sends_register(self, expires: int | None = 3600, contacts: list[str] | None = None,
                       headers=(), cseq: int | None = None, **options) -> SentRequest:
        """REGISTER; all of this phone have one Call-ID and the next CSeq (RFC 3261 §10.2)."""
        with loop.changed:
            self._register_cseq = self._register_cseq + 1 if cseq is None else cseq
            request = self.request("REGISTER", f"sip:{self.domain}", to=f"<{self.aor}>",
                                   call_id=self._register_call_id, cseq=self._register_cseq)
            for contact in [f"<{self.contact}>"] if contacts is None else contacts:
                request.headers.add("Contact", contact)
            if expires is not None:
                request.headers.add("Expires", str(expires))
            for name, value in headers:
                request.headers.add(name, value)
            self._register_cseq += 1  # room for the authorised one
            return SentRequest(self, request, **options)

    def registers(self, expires: int | None = 3600, contacts: list[str] | None = None,
                  headers=()) -> Message:
        """REGISTER, 401, REGISTER, 200."""
        return self.sends_register(expires, contacts, headers).receives(200)

    def boots(self) -> Message:
        """Registers anew, under a Call-ID of its own."""
        self._register_call_id = secrets.token_hex(10)
        return self.registers()

    def unregisters(self) -> Message:
        return self.registers(expires=0)

    def calls(self, number: str, body: str | bytes = sdp.OFFER, headers=(), *,
              from_: Address | None = None, max_forwards: int = 70, **options) -> Call:
        """INVITE, 407, INVITE; nothing received yet. Without a body the offer comes in the 200."""
        invite = self.request("INVITE", self.aor_of(number), from_=from_, headers=headers,
                              body=body, max_forwards=max_forwards)
        return Call.outgoing(self, invite, **options)

    def receives(self, method: str, within: float | None = None) -> Call | ReceivedRequest:
        """The next request outside a dialog; an INVITE as a Call."""
        loop.wait(lambda: self._incoming, f"{self.name} receives {method}", within)
        incoming = self._incoming.popleft()
        found = (incoming.received if isinstance(incoming, Call) else incoming).message.method
        assert found == method, f"{self.name} received {found}, expected {method}"
        return incoming

    def sends_subscribe(self, number: str, expires: int = 3600, event: str = "dialog", headers=(),
                        **options) -> Subscription:
        """SUBSCRIBE to `number`; nothing received yet."""
        with loop.changed:
            fields = {"Event": event, "Accept": "application/dialog-info+xml",
                      "Expires": str(expires), **dict(headers)}
            request = self.request("SUBSCRIBE", self.aor_of(number), headers=fields.items())
            subscription = self.subscribes(request, number, event, **options)
            subscription.accept = fields["Accept"]
            return subscription

    def subscribes(self, request: Message, member: str, event: str, kind: type = Subscription,
                   **options) -> Subscription:
        """Sends a SUBSCRIBE that is written already."""
        local, remote = Address.parse(request["From"]), Address.parse(request["To"])
        dialog = Dialog(self, request["Call-ID"], local, remote, request.uri)
        dialog.cseq = request.cseq
        subscription = kind(self, member, dialog, event)

        def learn(response: Message) -> None:
            if response.status < 300:
                dialog.learn(response, as_caller=True)

        with loop.changed:
            self._subscriptions[(dialog.call_id, dialog.local_tag)] = subscription
            subscription.subscribe = SentRequest(self, request, dialog=dialog, on_response=learn,
                                                 **options)
        return subscription

    def takes_over(self, subscription: Subscription) -> None:
        """The phone of `subscription` has a new address, which is this one's."""
        dialog = subscription.dialog
        with loop.changed:
            self._subscriptions[(dialog.call_id, dialog.local_tag)] = subscription
            subscription.phone = dialog.phone = self

    def watches(self, number: str, expires: int = 3600, headers=()) -> Subscription:
        """SUBSCRIBE, 401, SUBSCRIBE, 200, first NOTIFY."""
        subscription = self.sends_subscribe(number, expires, headers=headers)
        subscription.subscribe.receives(200)
        subscription.receives_notify()
        return subscription

    def sends_list_subscribe(self, group: str, expires: int = 3600, headers=(),
                             event: str = "dialog", body: str | bytes = b"",
                             content_type: str | None = None) -> ListSubscription:
        """SUBSCRIBE to `group` as a list (RFC 4662); nothing received yet."""
        with loop.changed:
            fields = {"Event": event, "Expires": str(expires), **dict(list_headers(event)),
                      **dict(headers)}
            request = self.request("SUBSCRIBE", self.aor_of(group), headers=fields.items(),
                                   body=body, content_type=content_type)
            return self.subscribes(request, group, event, ListSubscription)

    def watches_list(self, group: str, headers=(), event: str = "dialog") -> ListSubscription:
        """SUBSCRIBE, 401, SUBSCRIBE, 200."""
        subscription = self.sends_list_subscribe(group, headers=headers, event=event)
        subscription.subscribe.receives(200)
        return subscription

    def key(self, number: str) -> Watch:
        """The key for `number` on a phone that has not subscribed: unsolicited NOTIFYs light it."""
        with loop.changed:
            return self._unsolicited.setdefault(number, Watch(self, number))

    def pings(self) -> None:
        """OPTIONS and its 200: what the server sent to this phone before has arrived by then."""
        self.sends(self.request("OPTIONS", f"sip:{self.domain}")).receives(200)

    def unplugs(self) -> None:
        """Gone without a word: no socket any more."""
        with loop.changed:
            self.layer.close()
            self.sockets.close()

    @property
    def unexpected(self) -> list[str]:
        """Faults so far, and requests that no line of the test expected."""
        unread = [(item.received if isinstance(item, Call) else item).message.first_line
                  for item in self._incoming]
        for call in self.calls_by_id.values():
            unread += call.unread
        faults = list(self.faults)
        faults += [f"{self.name} received {line}, which nothing expected" for line in unread]
        if not self.deaf:
            faults += [f"malformed: {why}\n{what!r}" for what, why in self.sockets.malformed]
        return faults

    def fault(self, text: str) -> None:
        self.faults.append(f"{self.name}: {text}")

    def traces(self, arrow: str, message: Message) -> None:
        elapsed = time.monotonic() - BEGAN
        number = "" if message.is_request else f" ({message.get('CSeq')})"
        self.ladder.append(f"{elapsed:8.3f} {self.name:>8} {arrow} {message.first_line}{number}")

    # From the wire

    def _receive(self, message: Message, flow) -> None:
        if self.deaf:
            self.missed.append(message)
            return
        self.heard.append(message)
        self.layer.receive(message, flow)

    def _take_request(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        self.traces("<-", request)
        call = self.calls_by_id.get((request["Call-ID"], request.to_tag))
        if request.method == "CANCEL":
            self._take_cancel(transaction)
        elif request.method == "NOTIFY" and not call:
            self._take_notify(transaction)
        elif call:
            call.take(transaction)
        elif request.to_tag and request.method != "SUBSCRIBE":
            ReceivedRequest(self, transaction, "").replies(481)
        elif request.method == "INVITE":
            self._incoming.append(Call.incoming(self, transaction))
        elif request.method == "OPTIONS":
            ReceivedRequest(self, transaction, new_tag()).replies(200)
        else:
            self._incoming.append(ReceivedRequest(self, transaction, new_tag()))

    def _take_cancel(self, transaction: ServerTransaction) -> None:
        for call in self.calls_by_id.values():
            if call.received and call.received.message.branch == transaction.request.branch:
                call.take_cancel(transaction)
                return
        ReceivedRequest(self, transaction, new_tag()).replies(481)

    def _take_notify(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        watch = self._subscriptions.get((request["Call-ID"], request.to_tag))
        if watch is None and not request.to_tag:
            watch = self.key(Address.parse(request["From"]).user)
        received = ReceivedRequest(self, transaction, new_tag())
        if watch is None:
            received.replies(481)
            return
        try:
            watch.take(received)
        except AssertionError as broken:
            self.fault(f"{broken}\n{request}")
            received.replies(400)

    def _take_ack(self, ack: Message) -> None:
        self.traces("<-", ack)
        for server in self.layer.servers.values():
            of, number = server.request["Call-ID"], server.request.cseq
            if server.request.method != "INVITE" or (of, number) != (ack["Call-ID"], ack.cseq):
                continue
            call = self.calls_by_id.get((ack["Call-ID"], ack.to_tag))
            if call and not server.acknowledged:
                call.take_ack(ack)
            server.acknowledge()
