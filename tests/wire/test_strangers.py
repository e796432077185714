"""Requests within a call by others than its phones: who watches a lamp knows its Call-ID and tags."""
import unittest

from lib.carrier import Carrier, plan
from lib.case import WireTest, talk
from lib.dialog import Dialog, SentRequest
from lib.event_loop import loop
from lib.message import Address
from lib.sdp import ANSWER, sdp


class Strangers(WireTest):
    cseq = 1000  # above that of the phones

    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202")
        self.dan = self.phone("204", ip="127.0.0.9")
        self.rest.put("/api/v1/groups/sales", {
            "name": "sales", "display_name": "Sales", "members": ["201", "202", "203"],
            "watchers": [{"number": "204", "unsolicited": False, "profile": "auto"}],
            "rights": {"parties": False, "pickup": True, "join": False}})
        self.lamp = self.dan.watches("202")

    def sends(self, phone, method, *, call_id, local_tag, remote_tag, headers=(), body=b""):
        """A request of `phone` within a dialog that is another one's."""
        dialog = Dialog(phone, call_id, Address("sip:202@office.test", "", {"tag": local_tag}),
                        Address("sip:201@office.test", "", {"tag": remote_tag}),
                        "sip:x@%s:%d" % phone.address["udp"])
        self.cseq += 10
        dialog.cseq = self.cseq
        with loop.changed:
            return SentRequest(phone, dialog.request(method, headers, body), dialog=dialog)

    def talk(self):
        sides = talk(self.anna, self.bob)
        self.shown = self.lamp.shows("confirmed").document.dialog
        return sides

    def of_the_lamp(self, phone, method, **options):
        """The same within the dialog that the lamp of 202 shows."""
        shown = self.shown
        return self.sends(phone, method, call_id=shown.call_id, local_tag=shown.local_tag,
                          remote_tag=shown.remote_tag, **options)

    def test_whoever_watches_a_call_cannot_touch_it(self):
        eve = self.phone("205")
        call, incoming = self.talk()
        contact = [("Contact", f"<{self.dan.contact}>")]
        for method, headers, body in (("REFER", [("Refer-To", f"<{eve.aor}>"), *contact], b""),
                                      ("INVITE", contact, sdp("thief", 1)),
                                      ("UPDATE", contact, sdp("thief", 1)),
                                      ("INFO", [], b""), ("BYE", [], b"")):
            with self.subTest(method):
                request = self.of_the_lamp(self.dan, method, headers=headers, body=body)
                request.receives(403)
                self.assertEqual([407 if method == "INVITE" else 401],
                                 [challenge.status for challenge in request.challenges])
        legs = self.rest.items("/api/v1/calls")[0]["legs"]
        self.assertEqual([("201", "confirmed"), ("202", "confirmed")],
                         [(leg["extension"], leg["state"]) for leg in legs])
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_stranger_without_an_account(self):
        nobody = self.office.phone("299", registered=False, ip="127.0.0.77")
        call, incoming = self.talk()
        self.of_the_lamp(nobody, "BYE").receives(401)
        call.hangs_up()
        incoming.receives("BYE")

    def test_what_is_refused_does_not_count(self):
        nobody = self.office.phone("299", registered=False, ip="127.0.0.77")
        for hangs_up_first in ("202", "201"):
            with self.subTest(hangs_up_first):
                call, incoming = talk(self.anna, self.bob)
                self.lamp.shows("confirmed")
                self.cseq = 4_000_000
                names = incoming.dialog if hangs_up_first == "202" else call.dialog
                for method, status in (("CANCEL", 481), ("INFO", 401), ("OPTIONS", 401), ("BYE", 401)):
                    self.sends(nobody, method, call_id=names.call_id, local_tag=names.local_tag,
                               remote_tag=names.remote_tag).receives(status)
                own, other = (incoming, call) if hangs_up_first == "202" else (call, incoming)
                own.hangs_up()
                other.receives("BYE")
                self.lamp.shows("idle")

    def test_the_phone_itself_from_another_address(self):
        other = self.phone("202", registered=False, ip="127.0.0.10")
        call, _ = self.talk()
        request = self.of_the_lamp(other, "BYE")
        request.receives(200)
        self.assertEqual([401], [challenge.status for challenge in request.challenges])
        call.receives("BYE")

    def test_who_is_outside_is_known_by_its_address(self):
        carrier = Carrier(self.office)
        carrier.becomes("line")
        self.rest.put("/api/v1/digit-plan", plan("line"))
        call = self.anna.calls("0664999")
        incoming = carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        names = incoming.dialog
        self.sends(self.dan, "BYE", call_id=names.call_id, local_tag=names.local_tag,
                   remote_tag=names.remote_tag).receives(403)
        second = Carrier(self.office, ip="127.0.0.3")
        carrier.becomes("line", servers=[carrier.server, second.server])
        self.sends(second, "BYE", call_id=names.call_id, local_tag=names.local_tag,
                   remote_tag=names.remote_tag).receives(200)
        call.receives("BYE")

    def test_a_server_of_the_carrier_that_has_a_name_alone(self):
        carrier = Carrier(self.office, contact_host="inside.carrier.test")
        carrier.becomes("line")
        self.rest.put("/api/v1/digit-plan", plan("line"))
        call = self.anna.calls("0664999")
        incoming = carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        inside = Carrier(self.office, ip="127.0.0.3")
        names = incoming.dialog
        self.sends(inside, "BYE", call_id=names.call_id, local_tag=names.local_tag,
                   remote_tag=names.remote_tag).receives(200)
        call.receives("BYE")


if __name__ == "__main__":
    unittest.main()
