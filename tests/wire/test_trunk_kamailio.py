"""A trunk whose carrier is a Kamailio: registrar with digest, proxy with Record-Route."""
import shutil
import tempfile
import unittest
from pathlib import Path

from lib.carrier import Carrier, plan
from lib.case import WireTest, eventually
from lib.kamailio_registrar import KamailioRegistrar
from lib.sdp import ANSWER, OFFER


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


if __name__ == "__main__":
    unittest.main()
