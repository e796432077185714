"""A carrier that wants to know who we are: challenges REGISTER, and calls if it is told to."""
from __future__ import annotations

import secrets

from .carrier import Carrier
from .dialog import ReceivedRequest, new_tag
from .digest import HASHES, parse_challenge
from .message import Address, Message


class Registrar(Carrier):
    """Knows one user. `attempts` has every REGISTER, `bound` those that were accepted."""

    def __init__(self, office, user: str = "4310", password: str = "pstn", **options):
        super().__init__(office, **options)
        self.user, self.password, self.realm = user, password, "carrier.test"
        self.algorithms = ["MD5"]
        self.qop: str | None = "auth"
        self.granted: int | None = None    # seconds, whatever is asked for
        self.min_expires = 0
        self.service_route: str | None = None
        self.refuses: int | None = None    # with this status, once somebody is who he says
        self.redirects_to: list[str] = []  # Contacts of a 302 that REGISTER gets
        self.silent = False                # REGISTER is not heard
        self.challenges: set[str] = {"REGISTER"}  # methods
        self.nonce = secrets.token_hex(8)
        self.outdated: set[str] = set()    # nonces that were good once
        self.counts: dict[str, int] = {}   # nonce counts seen
        self.attempts: list[Message] = []
        self.bound: list[Message] = []
        self.acked: list[Message] = []

    def becomes(self, trunk: str, **members) -> None:
        super().becomes(trunk, **{"kind": "registering", "username": self.user,
                                  "secret": self.password, "realm": self.realm, "qualify": 0,
                                  **members})

    def renews_nonce(self) -> None:
        """What was handed out before is outdated from now on."""
        self.outdated.add(self.nonce)
        self.nonce = secrets.token_hex(8)

    def drops_connections(self) -> None:
        for connection in list(self.sockets.connections):
            connection.close()

    def _take_ack(self, message: Message) -> None:
        self.acked.append(message)
        super()._take_ack(message)

    def _take_request(self, transaction) -> None:
        request = transaction.request
        if request.method == "REGISTER":
            self.attempts.append(request)
            if self.silent:
                return
            if self.redirects_to:
                ReceivedRequest(self, transaction, new_tag()).replies(
                    302, headers=[("Contact", f"<{uri}>") for uri in self.redirects_to])
                return
        if request.method in self.challenges:
            verdict = self._judge(request)
            if verdict != "right":
                self.traces("<-", request)
                self._challenge(transaction, verdict == "stale")
                return
        if request.method == "REGISTER":
            self.traces("<-", request)
            self._register(transaction)
        else:
            super()._take_request(transaction)

    def _challenge(self, transaction, stale: bool) -> None:
        proxy = transaction.request.method != "REGISTER"
        headers = []
        for algorithm in self.algorithms:
            value = (f'Digest realm="{self.realm}", nonce="{self.nonce}", algorithm={algorithm}, '
                     'opaque="a,b"')
            if self.qop:
                value += f', qop="{self.qop}"'
            if stale:
                value += ", stale=true"
            headers.append(("Proxy-Authenticate" if proxy else "WWW-Authenticate", value))
        ReceivedRequest(self, transaction, new_tag()).replies(407 if proxy else 401, headers=headers)

    def _judge(self, request: Message) -> str:
        """right, wrong or stale: by a calculation of its own (RFC 7616 §3.4.1)."""
        name = "Authorization" if request.method == "REGISTER" else "Proxy-Authorization"
        given = request.get(name)
        if given is None:
            return "wrong"
        fields = parse_challenge(given)
        nonce = fields["nonce"]
        if nonce in self.outdated:
            return "stale"
        if nonce != self.nonce or fields["realm"] != self.realm or fields["username"] != self.user:
            return "wrong"
        hashed = HASHES[fields.get("algorithm", "MD5").lower()]

        def digest(*parts: str) -> str:
            return hashed(":".join(parts).encode()).hexdigest()

        ha1 = digest(self.user, self.realm, self.password)
        ha2 = digest(request.method, fields["uri"])
        if self.qop:
            count = int(fields["nc"], 16)
            if count <= self.counts.get(nonce, 0):
                return "wrong"
            self.counts[nonce] = count
            expected = digest(ha1, nonce, fields["nc"], fields["cnonce"], "auth", ha2)
        else:
            expected = digest(ha1, nonce, ha2)
        return "right" if fields["response"] == expected else "wrong"

    def _register(self, transaction) -> None:
        request = transaction.request
        received = ReceivedRequest(self, transaction, new_tag())
        asked = int(request["Expires"])
        if self.refuses:
            received.replies(self.refuses)
        elif 0 < asked < self.min_expires:
            received.replies(423, headers=[("Min-Expires", str(self.min_expires))])
        else:
            self.bound.append(request)
            granted = asked if self.granted is None or asked == 0 else self.granted
            headers = [("Contact", f"<sip:{self.user}@192.0.2.99>;expires=4000")]
            if granted:
                headers.append(("Contact", f"{request['Contact']};expires={granted}"))
            if self.service_route:
                headers.append(("Service-Route", self.service_route))
            received.replies(200, headers=headers)

    @property
    def contact_of_office(self) -> str:
        """Where we said that we are reached."""
        return Address.parse(self.bound[-1]["Contact"]).uri
