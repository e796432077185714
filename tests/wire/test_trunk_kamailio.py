"""A trunk whose carrier is a Kamailio: registrar with digest, or known by its address; proxy with Record-Route."""
import shutil
import tempfile
import unittest
from pathlib import Path

from lib.carrier import Carrier, plan
from lib.case import WireTest, eventually
from lib.kamailio import CARRIER, Kamailio
from lib.kamailio_registrar import KamailioRegistrar
from lib.phone import Phone
from lib.ports import reserve
from lib.sdp import ANSWER, OFFER, sdp


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
class KamailioAsCarrier(WireTest):
    patience = 20

    def setUp(self):
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="lampline-kamailio-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        # Whoever is called outside; on another address than the carrier, so it is no trunk's.
        self.zoe = Carrier(self.office, ip="127.0.0.3")

    def trunk(self, transport, **options):
        kamailio = KamailioRegistrar(self.folder, self.zoe.sockets.udp_address, **options)
        self.addCleanup(kamailio.close)
        self.rest.put("/api/v1/trunks/line", {
            "kind": "registering", "domain": "carrier.test", "username": kamailio.user,
            "secret": kamailio.password, "realm": "carrier.test", "expires": 600,
            "servers": [{"host": kamailio.host, "port": kamailio.port, "transport": transport}],
            "caller_id": {"main_number": "+4310"},
            "inbound": [{"pattern": ".*", "destination": "202"}]})
        eventually(lambda: (self.status() or {}).get("state") == "registered", "the trunk is registered")
        return kamailio

    @staticmethod
    def says(kamailio, text, count=1):
        eventually(lambda: kamailio.text.count(text) >= count, f"kamailio says {text!r}")

    def status(self):
        return self.rest.get("/api/v1/trunks/line")["status"]

    def a_day(self, transport):
        kamailio = self.trunk(transport)
        self.says(kamailio, "saved 600")
        self.rest.put("/api/v1/digit-plan", plan("line"))
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")

        call = anna.calls("0664999")  # INVITE, 407, INVITE with credentials
        incoming = self.zoe.receives("INVITE")
        self.assertNotIn("Proxy-Authorization", incoming.received.message)
        incoming.replies(180)
        call.receives(180)
        incoming.replies(200, ANSWER)
        call.receives(200)
        change = call.sends("INVITE", OFFER)
        incoming.receives("INVITE").replies(200, ANSWER)
        change.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

        inbound = self.zoe.calls(f"sip:{kamailio.user}@{kamailio.host}:{kamailio.port}",
                                 flow=self.zoe.sockets.udp_to((kamailio.host, kamailio.port)))
        at_bob = bob.receives("INVITE")
        at_bob.replies(200, ANSWER)
        inbound.receives(200)
        at_bob.hangs_up()
        inbound.receives("BYE")

        self.rest.put("/api/v1/digit-plan", {"rules": []})
        self.rest.delete("/api/v1/trunks/line")
        self.says(kamailio, "saved 0")

    def test_a_day_over_udp(self):
        self.a_day("udp")

    def test_a_day_over_tcp(self):
        self.a_day("tcp")

    def test_sha_256(self):
        self.trunk("udp", algorithm="SHA-256")

    def test_a_refresh(self):
        kamailio = self.trunk("udp", max_expires=10)
        self.says(kamailio, "saved 600", 2)


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
class KamailioAsPeer(WireTest):
    """A carrier whose proxy stays in the dialog: Record-Route, loose routing, ACK and BYE by Route."""
    patience = 20

    def setUp(self):
        super().setUp()
        folder = Path(tempfile.mkdtemp(prefix="lampline-kamailio-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        host, port = "127.0.0.2", reserve("127.0.0.2")
        self.anna = self.phone("201")
        self.far = Phone("+43664999", "none", "carrier.test", {"udp": (host, port)},
                         ip="127.0.0.3")
        self.office.phones.append(self.far)
        kamailio = Kamailio(folder, CARRIER.format(
            host=host, port=port, office=self.server.address["udp"],
            subscriber=self.far.sockets.udp_address), host, port)
        self.addCleanup(kamailio.close)
        self.rest.put("/api/v1/trunks/line", {
            "servers": [{"host": host, "port": port}], "domain": "carrier.test",
            "inbound": [{"pattern": r"\+431(20\d)", "destination": r"\1"}]})
        self.rest.put("/api/v1/digit-plan", plan("line"))
        self.far.pings()

    def they_talk_and_change(self, call, incoming):
        incoming.replies(180)
        call.receives(180)
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        for one, other in ((call, incoming), (incoming, call)):
            change = one.sends("INVITE", sdp("change", 2))
            request = other.receives("INVITE")
            request.replies(200, sdp("changed", 2))
            change.receives(200)
            other.receives("ACK")

    def test_a_call_to_outside(self):
        call = self.anna.calls("0664999")
        incoming = self.far.receives("INVITE")
        self.assertIn("127.0.0.2", incoming.received.message["Record-Route"])
        self.they_talk_and_change(call, incoming)
        incoming.hangs_up()
        call.receives("BYE")

    def test_a_call_from_outside(self):
        call = self.far.calls("sip:+431201@office.test")
        incoming = self.anna.receives("INVITE")
        self.assertNotIn("Record-Route", incoming.received.message)
        self.they_talk_and_change(call, incoming)
        incoming.hangs_up()
        call.receives("BYE")

    def test_a_caller_that_gives_up(self):
        call = self.anna.calls("0664999")
        incoming = self.far.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        call.cancels()
        incoming.receives("CANCEL")


if __name__ == "__main__":
    unittest.main()
