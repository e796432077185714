"""A trunk over IPv6: REGISTER and calls both ways between [::1] and phones of IPv4 (RFC 3261 §25.1)."""
import shutil
import unittest

from lib.capture import read_capture
from lib.carrier import plan
from lib.case import WireTest, eventually
from lib.registrar import Registrar
from lib.sdp import ANSWER
from lib.transport import has_ipv6


@unittest.skipUnless(has_ipv6(), "this machine has no ::1")
class OverIPv6(WireTest):
    options = ["--sip", "udp:[::1]:0"]

    def setUp(self):
        super().setUp()
        self.carrier = Registrar(self.office, ip="::1")
        self.carrier.address = {"udp": self.server.address["udp6"]}
        self.carrier.becomes("line")
        status = eventually(lambda: (told := self.rest.get("/api/v1/trunks/line")["status"])
                            and told["state"] == "registered" and told, "it is registered", 20)
        self.assertIn("udp:[::1]:", status["server"])
        self.assertIn("@[::1]:", self.carrier.bound[-1]["Contact"])

    def test_a_call_to_outside(self):
        self.rest.put("/api/v1/digit-plan", plan("line"))
        call = self.phone("201").calls("0664123")
        incoming = self.carrier.receives("INVITE")
        self.assertIn("[::1]", incoming.received["Via"])
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        incoming.hangs_up()
        call.receives("BYE")
        call.phone.pings()  # now its 200 has arrived
        if shutil.which("tcpdump"):
            self.is_captured()

    def is_captured(self):
        """IPv4 on the side of the phone and IPv6 on that of the trunk, in one file."""
        entry, = self.logged_calls()
        path = f"/api/v1/call-log/{entry['id']}"
        ladder = self.rest.get(f"{path}/ladder")["messages"]
        packets = read_capture(self.rest.download(f"{path}.pcap"))
        outside = [":" in message["to"]["address"].rsplit(":", 1)[0] for message in ladder]
        self.assertEqual([("IP6" if ipv6 else "IP", message["first_line"])
                          for ipv6, message in zip(outside, ladder)], packets)
        self.assertEqual({True, False}, set(outside))

    def test_a_call_from_outside(self):
        bob = self.phone("202", transport="tcp")
        call = self.carrier.calls_in("+431202")
        incoming = bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")


if __name__ == "__main__":
    unittest.main()
