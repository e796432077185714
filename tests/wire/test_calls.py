"""Calls from INVITE to BYE through the exchange, over UDP, TCP and from one to the other."""
import unittest

from lib.case import WireTest, ring, talk
from lib.message import Address, Uri
from lib.sdp import ANSWER, OFFER, sdp


class Calls(WireTest):
    def test_a_call_from_invite_to_bye(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", OFFER)
        incoming = bob.receives("INVITE")
        self.assertEqual(OFFER.encode(), incoming.offer)
        incoming.replies(180)
        call.receives(180)
        incoming.replies(200, ANSWER)
        self.assertEqual(ANSWER.encode(), call.receives(200).body)
        incoming.receives("ACK")

        call.hangs_up()
        incoming.receives("BYE")

    def test_the_callee_hangs_up(self):
        call, incoming = talk(self.phone("201"), self.phone("202"))
        incoming.hangs_up()
        call.receives("BYE")

    def test_the_callee_sees_who_calls(self):
        incoming = ring(self.phone("201"), self.phone("202"))[1]
        caller = Address.parse(incoming.received["From"])
        self.assertEqual(("Anna Lee", "sip:201@office.test"), (caller.display, caller.uri))
        self.assertEqual("202", Address.parse(incoming.received["To"]).user)
        incoming.replies(486)

    def test_the_two_legs_have_nothing_in_common(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        self.assertNotEqual(call.dialog.call_id, incoming.dialog.call_id)
        self.assertNotEqual(call.dialog.local_tag, incoming.dialog.remote_tag)
        self.assertNotEqual(call.dialog.remote_tag, incoming.dialog.local_tag)
        incoming.replies(486)

    def test_the_exchange_names_its_own_address_as_contact(self):
        call, incoming = talk(self.phone("201"), self.phone("202", transport="tcp"))
        for dialog, kind in ((call.dialog, "udp"), (incoming.dialog, "tcp")):
            target = Uri(dialog.remote_target)
            self.assertEqual(self.server.address[kind], (target.host, target.port))
            self.assertEqual(kind, target.params.get("transport", "udp").lower())
        call.hangs_up()
        incoming.receives("BYE")

    def test_transports_may_differ(self):
        for caller, callee in (("tcp", "tcp"), ("udp", "tcp"), ("tcp", "udp")):
            with self.subTest(caller=caller, callee=callee):
                anna, bob = self.phone("201", transport=caller), self.phone("202", transport=callee)
                call, incoming = talk(anna, bob)
                incoming.hangs_up()
                call.receives("BYE")
                bob.unregisters()

    def test_session_progress_with_early_media(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        early = sdp("callee", port=41002)
        incoming.replies(183, early)
        self.assertEqual(early.encode(), call.receives(183).body)
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_delayed_offer_travels_in_200_and_ack(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", body=b"")
        incoming = bob.receives("INVITE")
        self.assertEqual(b"", incoming.offer)
        incoming.replies(180)
        call.receives(180)
        incoming.replies(200, OFFER)
        self.assertEqual(OFFER.encode(), call.receives(200).body)
        call.invite.acknowledges(ANSWER)
        self.assertEqual(ANSWER.encode(), incoming.receives("ACK").body)
        call.hangs_up()
        incoming.receives("BYE")

    def test_every_phone_of_the_callee_rings_and_the_first_answer_wins(self):
        anna, desk = self.phone("201"), self.phone("202")
        mobile = self.phone("202", transport="tcp")
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(180)
        call.receives(180)
        at_mobile.replies(200, ANSWER)
        call.receives(200)
        at_mobile.receives("ACK")
        self.assertIn("cause=200", at_desk.receives("CANCEL")["Reason"])   # RFC 3326
        call.hangs_up()
        at_mobile.receives("BYE")

    def test_two_phones_answer_at_once_and_one_is_hung_up(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(200, ANSWER)
        at_mobile.replies(200, sdp("mobile"))   # no CANCEL can come before a provisional response
        self.assertEqual(ANSWER.encode(), call.receives(200).body)
        at_mobile.receives("BYE")
        call.hangs_up()
        at_desk.receives("BYE")

    def test_an_answer_that_crosses_its_cancel_is_hung_up(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        mobile.ignores_cancel = True
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_mobile.replies(180)
        call.receives(180)
        at_desk.replies(200, ANSWER)
        call.receives(200)
        at_mobile.receives("CANCEL")
        at_mobile.replies(200, sdp("mobile"))
        at_mobile.receives("ACK")
        at_mobile.receives("BYE")
        call.hangs_up()
        at_desk.receives("BYE")

    def test_one_phone_busy_and_the_other_answers(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(486)
        at_mobile.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        at_mobile.receives("BYE")

    def test_an_extension_can_be_dialled_in_several_ways(self):
        anna, bob = self.phone("201"), self.phone("202")
        host, port = self.server.address["udp"]
        for uri in ("sip:202@office.test;user=phone", "sip:%32%30%32@office.test",
                    "sip:202@OFFICE.TEST", f"sip:202@{host}:{port}", "sips:202@office.test"):
            with self.subTest(uri):
                call = anna.calls(uri)
                bob.receives("INVITE").replies(486)
                call.receives(486)

    def test_a_phone_can_call_the_other_phone_of_its_own_extension(self):
        desk, mobile = self.phone("201"), self.phone("201")
        call = desk.calls("201")
        mobile.receives("INVITE").replies(486)
        call.receives(486)

    def test_a_repeated_invite_is_one_call(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = ring(anna, bob)
        for _ in range(3):
            anna.sends_raw(bytes(call.invite.request))
        anna.pings()
        bob.pings()                             # no second INVITE has come
        incoming.replies(486)
        call.receives(486)

    def test_a_large_offer_stays_on_udp(self):
        anna, bob = self.phone("201"), self.phone("202", listens=True)
        large = OFFER + "".join(f"a=candidate:{i} 1 UDP 1 192.0.2.7 {40000 + i} typ host\r\n"
                                for i in range(100))
        call, incoming = talk(anna, bob, large, large)
        self.assertEqual(large.encode(), incoming.offer)
        self.assertEqual("udp", incoming.received.transaction.flow.transport)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_body_that_is_not_sdp_passes_too(self):
        anna, bob = self.phone("201"), self.phone("202")
        body = "--b\r\nContent-Type: application/sdp\r\n\r\n" + OFFER + "--b--\r\n"
        call = anna.calls("202", body, headers=[("Content-Type", "multipart/mixed;boundary=b")])
        incoming = bob.receives("INVITE")
        self.assertEqual(body.encode(), incoming.offer)
        self.assertEqual("multipart/mixed;boundary=b", incoming.received["Content-Type"])
        incoming.replies(488)
        call.receives(488)

    def test_only_headers_of_the_allow_list_reach_the_other_leg(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", headers=[
            ("Subject", "lunch"), ("X-Inside", "secret"), ("P-Asserted-Identity", "<sip:1@x>"),
            ("Route", f"<sip:127.0.0.1:{self.server.address['udp'][1]};lr>"),
            ("Alert-Info", "<http://office.test/ring>"), ("Replaces-Not", "1")])
        incoming = bob.receives("INVITE")
        arrived = incoming.received.message
        self.assertEqual("lunch", arrived.get("Subject"))
        for name in ("X-Inside", "Replaces-Not", "P-Asserted-Identity", "Proxy-Authorization",
                     "Route", "Record-Route"):
            self.assertNotIn(name, arrived)
        self.assertEqual(1, len(arrived.headers.values("Via")))
        incoming.replies(486, headers=[("X-Inside", "secret")])
        self.assertNotIn("X-Inside", call.receives(486))

    def test_max_forwards_goes_down_by_one(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", max_forwards=20)
        incoming = bob.receives("INVITE")
        self.assertEqual("19", incoming.received["Max-Forwards"])
        incoming.replies(486)
        call.receives(486)


if __name__ == "__main__":
    unittest.main()
