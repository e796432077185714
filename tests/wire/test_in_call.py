"""Requests within a call, carried from one leg to the other: RFC 3261 §14, 3262, 3311, 4028."""
import unittest

from lib.case import WireTest, ring, talk
from lib.event_loop import loop
from lib.message import params
from lib.sdp import ANSWER, sdp


class InCall(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")

    def talks(self):
        return talk(self.anna, self.bob)

    def changes(self, sender, receiver, method, offer, answer):
        """An offer one way, the answer back: both arrive to the byte."""
        sent = sender.sends(method, offer)
        arrived = receiver.receives(method)
        self.assertEqual(offer.encode(), arrived.body)
        arrived.replies(200, answer)
        self.assertEqual(answer.encode(), sent.receives(200).body)
        if method == "INVITE":
            receiver.receives("ACK")

    def test_what_is_required_and_not_known_is_refused(self):
        call, incoming = self.talks()
        for method, body in (("INVITE", sdp("one", 2)), ("UPDATE", b""), ("INFO", b"")):
            with self.subTest(method=method):
                refused = call.sends(method, body, headers=[("Require", "precondition")]).receives(420)
                self.assertEqual(["precondition"], refused.headers.values("Unsupported"))
        call.hangs_up()  # whatever a BYE requires
        incoming.receives("BYE")

    def test_hold_and_resume_both_ways_by_invite_and_update(self):
        call, incoming = self.talks()
        version = 2
        for method in ("INVITE", "UPDATE"):
            for sender, receiver in ((call, incoming), (incoming, call)):
                for direction, back in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
                    with self.subTest(method=method, direction=direction):
                        self.changes(sender, receiver, method, sdp("one", version, direction),
                                     sdp("two", version, back))
                    version += 1
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_change_of_codec(self):
        call, incoming = self.talks()
        self.changes(incoming, call, "INVITE", sdp("callee", 2, codecs="0"),
                     sdp("caller", 2, codecs="0"))
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_delayed_offer_in_a_reinvite(self):
        call, incoming = self.talks()
        sent = call.sends("INVITE")
        arrived = incoming.receives("INVITE")
        self.assertEqual(b"", arrived.body)
        arrived.replies(200, sdp("callee", 2))
        self.assertEqual(sdp("callee", 2).encode(), sent.receives(200).body)
        sent.acknowledges(sdp("caller", 2))
        self.assertEqual(sdp("caller", 2).encode(), incoming.receives("ACK").body)
        incoming.hangs_up()
        call.receives("BYE")

    def test_a_refused_change_leaves_the_call_alone(self):
        call, incoming = self.talks()
        sent = call.sends("INVITE", sdp("caller", 2))
        incoming.receives("INVITE").replies(488)
        sent.receives(488)
        self.changes(call, incoming, "UPDATE", sdp("caller", 3), sdp("callee", 2))
        call.hangs_up()
        incoming.receives("BYE")

    def test_an_update_to_a_phone_without(self):
        call = self.anna.calls("202")
        incoming = self.bob.receives("INVITE")
        self.assertIn("UPDATE", incoming.received.message.headers.values("Allow"))
        incoming.replies(200, ANSWER, headers=[("Allow", "INVITE, ACK, CANCEL, BYE")])
        self.assertNotIn("UPDATE", call.receives(200).headers.values("Allow"))
        incoming.receives("ACK")
        sent = call.sends("UPDATE", sdp("caller", 2, "sendonly"))
        arrived = incoming.receives("INVITE")
        self.assertEqual(sdp("caller", 2, "sendonly").encode(), arrived.body)
        arrived.replies(200, sdp("callee", 2, "recvonly"))
        self.assertEqual(sdp("callee", 2, "recvonly").encode(), sent.receives(200).body)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_glare_gets_491_on_the_later_one(self):
        call, incoming = self.talks()
        first = call.sends("INVITE", sdp("caller", 2, "sendonly"))
        arrived = incoming.receives("INVITE")
        incoming.sends("INVITE", sdp("callee", 2, "sendonly")).receives(491)
        arrived.replies(200, ANSWER)
        first.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_glare_of_two_updates(self):
        call, incoming = self.talks()
        first = call.sends("UPDATE", sdp("caller", 2))
        arrived = incoming.receives("UPDATE")
        incoming.sends("UPDATE", sdp("callee", 2)).receives(491)
        arrived.replies(200, sdp("callee", 2))
        first.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_second_change_while_one_is_under_way(self):
        call, incoming = self.talks()
        first = call.sends("UPDATE", sdp("caller", 2))
        arrived = incoming.receives("UPDATE")
        call.sends("UPDATE", sdp("caller", 3)).receives(500, 491)
        arrived.replies(200, sdp("callee", 2))
        first.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_phone_that_moves_in_a_call_is_found_at_its_new_contact(self):
        call, incoming = self.talks()
        moved = f"sip:201@{self.anna.host_port};line=moved"
        sent = call.sends("UPDATE", sdp("caller", 2), headers=[("Contact", f"<{moved}>")])
        incoming.receives("UPDATE").replies(200, sdp("callee", 2))
        sent.receives(200)
        info = incoming.sends("INFO", "Signal=1")
        arrived = call.receives("INFO")
        self.assertEqual(moved, arrived.message.uri)
        arrived.replies(200)
        info.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_both_hang_up_at_once(self):
        call, incoming = self.talks()
        with loop.changed:                     # neither hears of the other's before it has spoken
            one, other = call.sends("BYE"), incoming.sends("BYE")
        one.receives(200)
        other.receives(200, 481)
        self.anna.pings()
        self.bob.pings()
        for side in (call, incoming):
            while side.unread:
                side.receives("BYE")

    def test_hanging_up_while_a_change_is_under_way(self):
        call, incoming = self.talks()
        change = incoming.sends("INVITE", sdp("callee", 2))
        arrived = call.receives("INVITE")
        call.hangs_up()
        incoming.receives("BYE")
        self.assertGreaterEqual(change.receives_final().status, 400)
        arrived.replies(487)

    def test_info_with_its_body(self):
        call, incoming = self.talks()
        for sender, receiver in ((call, incoming), (incoming, call)):
            sent = sender.sends("INFO", "Signal=5\r\nDuration=160\r\n")
            arrived = receiver.receives("INFO")
            self.assertEqual(b"Signal=5\r\nDuration=160\r\n", arrived.body)
            self.assertEqual("application/dtmf-relay", arrived["Content-Type"])
            arrived.replies(200)
            sent.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_options_asks_the_other_phone(self):
        call, incoming = self.talks()
        sent = incoming.sends("OPTIONS")
        call.receives("OPTIONS").replies(200)
        sent.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_request_the_other_phone_refuses(self):
        call, incoming = self.talks()
        sent = call.sends("INFO", "Signal=5")
        incoming.receives("INFO").replies(415)
        sent.receives(415)
        call.hangs_up()
        incoming.receives("BYE")

    def test_an_old_cseq_is_refused(self):
        call, incoming = self.talks()
        call.dialog.cseq = 0
        call.sends("INFO", "Signal=5").receives(500)
        call.dialog.cseq = 50
        call.hangs_up()
        incoming.receives("BYE")


class EarlyDialog(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202")

    def test_reliable_provisional_responses_end_to_end(self):
        call = self.anna.calls("202", headers=[("Supported", "100rel")])
        incoming = self.bob.receives("INVITE")
        self.assertIn("100rel", incoming.received.message.headers.values("Supported"))
        incoming.replies(183, sdp("early"), reliable=True)
        progress = call.receives(183)
        self.assertIn("100rel", progress.headers.values("Require"))
        self.assertEqual(sdp("early").encode(), progress.body)
        sent = call.acknowledges_reliably(progress)
        arrived = incoming.receives("PRACK")
        self.assertEqual(f"1 {incoming.received.message.cseq} INVITE", arrived["RAck"])
        arrived.replies(200)
        sent.receives(200)
        incoming.replies(200)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_reliable_response_that_is_repeated_is_one(self):
        call = self.anna.calls("202", headers=[("Supported", "100rel")])
        incoming = self.bob.receives("INVITE")
        for _ in range(2):  # the PRACK takes its time
            incoming.replies(183, sdp("early"), [("Require", "100rel"), ("RSeq", "7")])
        progress = call.receives(183)
        for rseq in (7, 8):
            sent = call.acknowledges_reliably(progress)
            arrived = incoming.receives("PRACK")
            self.assertEqual(f"{rseq} {incoming.received.message.cseq} INVITE", arrived["RAck"])
            arrived.replies(200)
            sent.receives(200)
            if rseq == 7:
                incoming.replies(180, b"", [("Require", "100rel"), ("RSeq", "8")])
                progress = call.receives(180)
        incoming.replies(200)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_an_offer_in_prack_reaches_the_callee(self):
        call = self.anna.calls("202", headers=[("Supported", "100rel")])
        incoming = self.bob.receives("INVITE")
        incoming.replies(183, ANSWER, reliable=True)
        sent = call.acknowledges_reliably(call.receives(183), sdp("caller", 2))
        arrived = incoming.receives("PRACK")
        self.assertEqual(sdp("caller", 2).encode(), arrived.body)
        arrived.replies(200, sdp("callee", 2))
        self.assertEqual(sdp("callee", 2).encode(), sent.receives(200).body)
        incoming.replies(486)
        call.receives(486)

    def test_a_caller_that_requires_100rel_calls_a_phone_without(self):
        call = self.anna.calls("202", headers=[("Require", "100rel")])
        incoming = self.bob.receives("INVITE")
        self.assertNotIn("Require", incoming.received.message)
        for status, body in ((180, ""), (183, ANSWER)):
            incoming.replies(status, body)
            progress = call.receives(status)
            self.assertIn("100rel", progress.headers.values("Require"))
            self.assertEqual(body.encode(), progress.body)
            call.acknowledges_reliably(progress).receives(200)
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_caller_without_100rel_gets_plain_ones(self):
        call, incoming = ring(self.anna, self.bob)
        self.assertNotIn("100rel", incoming.received.message.headers.values("Supported"))
        incoming.replies(200, ANSWER)
        self.assertNotIn("RSeq", call.receives(200))
        call.hangs_up()
        incoming.receives("BYE")

    def test_each_early_offer_to_a_caller_without_one_is_answered(self):
        mobile = self.phone("202", transport="tcp")
        call = self.anna.calls("202", "", headers=[("Supported", "100rel")])
        first, second = self.bob.receives("INVITE"), mobile.receives("INVITE")
        first.replies(183, sdp("first", 1), reliable=True)
        progress = call.receives(183)
        self.assertEqual(sdp("first", 1).encode(), progress.body)
        sent = call.acknowledges_reliably(progress, sdp("caller", 1))
        arrived = first.receives("PRACK")
        self.assertEqual(sdp("caller", 1).encode(), arrived.body)
        arrived.replies(200)
        sent.receives(200)
        second.replies(183, sdp("second", 1), reliable=True)
        progress = call.receives(183)
        self.assertEqual(b"", progress.body)
        sent = call.acknowledges_reliably(progress)
        arrived = second.receives("PRACK")
        self.assertEqual("application/sdp", arrived["Content-Type"])
        self.assertIn(b"a=inactive", arrived.body)
        arrived.replies(200)
        sent.receives(200)
        second.replies(200)
        self.assertEqual(b"", call.receives(200).body)
        call.invite.acknowledges()
        first.receives("CANCEL")
        second.receives("ACK")
        second.receives("INVITE").replies(200, sdp("second", 2))
        offered = call.receives("INVITE")
        self.assertEqual(sdp("second", 2).encode(), offered.body)
        offered.replies(200, sdp("caller", 2))
        call.receives("ACK")
        self.assertEqual(sdp("caller", 2).encode(), second.receives("ACK").body)
        call.hangs_up()
        second.receives("BYE")

    def test_update_before_the_answer(self):
        call, incoming = ring(self.anna, self.bob)
        sent = call.sends("UPDATE", sdp("caller", 2))
        incoming.receives("UPDATE").replies(200, sdp("callee", 1))
        sent.receives(200)
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")


class SessionTimers(WireTest):
    """RFC 4028: the exchange carries the timer through, and asks for one of its own."""
    options = ["--session-expires", "1800", "--min-se", "90"]

    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202")

    def test_both_phones_refresh_end_to_end(self):
        call = self.anna.calls("202", headers=[("Supported", "timer"), ("Session-Expires", "600"),
                                               ("Min-SE", "120")])
        incoming = self.bob.receives("INVITE")
        self.assertEqual("600", incoming.received["Session-Expires"].split(";")[0])
        self.assertEqual("120", incoming.received["Min-SE"])
        incoming.replies(200, ANSWER, headers=[("Require", "timer"),
                                               ("Session-Expires", "600;refresher=uac")])
        answered = call.receives(200)
        self.assertEqual("600", answered["Session-Expires"].split(";")[0])
        self.assertEqual("uac", params(answered["Session-Expires"])["refresher"])
        self.assertIn("timer", answered.headers.values("Require"))

        sent = call.sends("UPDATE", headers=[("Supported", "timer"),
                                             ("Session-Expires", "600;refresher=uac")])
        refreshed = incoming.receives("UPDATE")
        self.assertEqual("600", refreshed["Session-Expires"].split(";")[0])
        refreshed.replies(200, headers=[("Session-Expires", "600;refresher=uac")])
        self.assertEqual("600", sent.receives(200)["Session-Expires"].split(";")[0])
        call.hangs_up()
        incoming.receives("BYE")

    def test_too_small_an_interval_names_the_least(self):
        call = self.anna.calls("202", headers=[("Supported", "timer"), ("Session-Expires", "60")])
        self.assertEqual("90", call.receives(422)["Min-SE"])

    def test_a_callee_that_wants_longer_is_heard(self):
        call = self.anna.calls("202", headers=[("Supported", "timer"), ("Session-Expires", "200")])
        self.bob.receives("INVITE").replies(422, headers=[("Min-SE", "300")])
        self.assertEqual("300", call.receives(422)["Min-SE"])


class ShortSession(WireTest):
    options = ["--session-expires", "90", "--min-se", "90"]

    def test_the_exchange_puts_a_timer_into_a_call_that_has_none(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        self.assertEqual("90", incoming.received["Session-Expires"].split(";")[0])
        incoming.replies(486)
        call.receives(486)


if __name__ == "__main__":
    unittest.main()
