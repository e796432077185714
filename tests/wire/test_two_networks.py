"""A machine on two networks: phones on one, the carrier on the other. What goes out to the carrier says, and comes from,
the address that the way to it leads out of, though another one is the first `--sip`."""
import socket
import unittest

from lib.carrier import Carrier, plan
from lib.case import WireTest, eventually
from lib.ports import reserve
from lib.registrar import Registrar
from lib.sdp import ANSWER


def second_address() -> str:
    """An IPv4 address of this machine beside loopback; empty: it has none. To reach itself by that, it also sends from it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        address = probe.getsockname()[0]
        return "" if address.startswith("127.") else address


SECOND = second_address()


@unittest.skipUnless(SECOND, "this machine has no address beside 127.0.0.1 to be a second network")
class TwoNetworks(WireTest):
    def setUp(self):
        self.ports = {transport: reserve() for transport in ("udp", "tcp")}
        self.options = [argument for transport, port in self.ports.items()
                        for argument in ("--sip", f"{transport}:{SECOND}:{port}")]
        super().setUp()
        # The server names both of its addresses when it starts; the phones are at the first.
        self.server.address = {kind: ("127.0.0.1", self.server.ports[kind])
                               for kind in ("udp", "tcp", "http")}

    def carrier(self, kind=Carrier, transport="udp"):
        carrier = kind(self.office, transport=transport, ip=SECOND)
        carrier.address = {each: (SECOND, port) for each, port in self.ports.items()}
        return carrier

    def is_from_there(self, request, transport="udp"):
        request = getattr(request, "message", request)
        at = f"{SECOND}:{self.ports[transport]}"
        self.assertIn(at, request["Via"])
        if "Contact" in request:
            self.assertIn(at, request["Contact"])

    def test_registrations_and_qualifying(self):
        registrar = self.carrier(Registrar)
        registrar.becomes("line")
        eventually(lambda: (told := self.rest.get("/api/v1/trunks/line")["status"])
                   and told["state"] == "registered", "it is registered", 20)
        self.is_from_there(registrar.bound[-1])

    def call_to_outside(self, transport, **options):
        carrier = self.carrier(transport=transport)
        carrier.becomes("line")
        self.rest.put("/api/v1/digit-plan", plan("line"))
        call = self.phone("201").calls("0664123")
        incoming = carrier.receives("INVITE")
        self.is_from_there(incoming.received, transport)
        incoming.replies(200, ANSWER, **options)
        call.receives(200)
        self.is_from_there(incoming.receives("ACK"), transport)
        call.hangs_up()
        self.is_from_there(incoming.receives("BYE"), transport)

    def test_a_call_over_udp(self):
        self.call_to_outside("udp")

    def test_a_call_over_tcp(self):
        self.call_to_outside("tcp")


if __name__ == "__main__":
    unittest.main()
