"""Calls that do not come about, and calls that end in another way than by a BYE."""
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.sdp import ANSWER, OFFER


class Refusals(WireTest):
    def test_an_unknown_number(self):
        self.phone("201").calls("299").receives(404)

    def test_a_number_without_a_phone(self):
        self.phone("201").calls("205").receives(480)

    def test_busy(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        incoming.replies(486)
        call.receives(486)

    def test_declined(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        incoming.replies(603)
        call.receives(603)

    def test_declined_at_one_phone_silences_all(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_mobile.replies(180)
        call.receives(180)
        at_desk.replies(603)
        call.receives(603)
        at_mobile.receives("CANCEL")

    def test_the_best_response_of_several_phones(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        call = anna.calls("202")
        desk.receives("INVITE").replies(486)
        mobile.receives("INVITE").replies(404)
        self.assertIn(call.invite.receives_final().status, (404, 486))

    def test_a_phone_that_redirects_reveals_nothing(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        incoming.replies(302, headers=[("Contact", "<sip:boss@192.0.2.1>")])
        answer = call.invite.receives_final()
        self.assertGreaterEqual(answer.status, 400)
        self.assertNotIn("192.0.2.1", str(answer))

    def test_a_phone_that_asks_for_a_password(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        incoming.replies(401, headers=[("WWW-Authenticate", 'Digest realm="x", nonce="y"')])
        answer = call.invite.receives_final()
        self.assertGreaterEqual(answer.status, 400)
        self.assertNotIn("WWW-Authenticate", answer)

    def test_not_acceptable_keeps_its_warning(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        warning = '304 192.0.2.7 "Media type not available"'
        incoming.replies(488, headers=[("Warning", warning)])
        self.assertEqual(warning, call.receives(488)["Warning"])

    def test_max_forwards_zero(self):
        self.phone("202")
        self.phone("201").calls("202", max_forwards=0).receives(483)

    def test_a_request_that_has_been_here_before_is_a_loop(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202")
        incoming = bob.receives("INVITE")
        seen = incoming.received.message           # comes back with our own Via below a new one
        looped = bob.request("INVITE", seen.uri, call_id=seen["Call-ID"], body=OFFER,
                             headers=[("From", seen["From"]), ("To", seen["To"])])
        vias = looped.headers.lines("Via") + seen.headers.lines("Via")
        looped.headers.remove("Via")
        for via in reversed(vias):
            looped.headers.fields.insert(0, ("Via", via))
        bob.sends(looped, authenticates=False).receives(482)
        incoming.replies(486)
        call.receives(486)

    def test_a_body_over_64_kilobytes(self):
        anna = self.phone("201", transport="tcp")
        self.phone("202")
        anna.calls("202", "v=0\r\n" + "a=x\r\n" * 13200).receives(413)

    def test_a_body_just_below_passes(self):
        anna, bob = self.phone("201", transport="tcp"), self.phone("202", transport="tcp")
        body = "v=0\r\n" + "a=x\r\n" * 12000
        call = anna.calls("202", body)
        incoming = bob.receives("INVITE")
        self.assertEqual(body.encode(), incoming.offer)
        incoming.replies(486)
        call.receives(486)

    def test_an_extension_that_must_be_understood_and_is_not(self):
        self.phone("202")
        call = self.phone("201").calls("202", headers=[("Require", "teleport")])
        self.assertEqual("teleport", call.receives(420)["Unsupported"])

    def test_an_invite_without_contact(self):
        anna = self.phone("201")
        self.phone("202")
        request = anna.request("INVITE", anna.aor_of("202"), body=OFFER)
        request.headers.remove("Contact")
        anna.sends(request).receives(400)

    def test_a_method_nobody_takes(self):
        anna = self.phone("201")
        for method in ("NOTICE", "DANCE"):
            with self.subTest(method):
                answer = anna.sends(anna.request(method, anna.aor_of("202"))).receives(405, 501)
                self.assertIn("INVITE", answer.headers.values("Allow"))

    def test_a_request_for_another_domain(self):
        self.phone("201").calls("sip:202@elsewhere.test").receives(404, 403)

    def test_a_request_outside_any_dialog(self):
        anna = self.phone("201")
        for method in ("BYE", "UPDATE", "INFO", "PRACK"):
            with self.subTest(method):
                request = anna.request(method, f"sip:{anna.domain}",
                                       to="<sip:202@office.test>;tag=nobody")
                anna.sends(request, authenticates=False).receives(481)


class Withdrawn(WireTest):
    def test_the_caller_cancels(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        call.cancels()
        incoming.receives("CANCEL")

    def test_every_phone_stops_ringing(self):
        anna, desk = self.phone("201"), self.phone("202")
        mobile = self.phone("202", transport="tcp")
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(180)
        at_mobile.replies(180)
        call.receives(180)
        call.cancels()
        at_desk.receives("CANCEL")
        at_mobile.receives("CANCEL")

    def test_a_reason_of_the_caller_reaches_the_callee(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        cancel = call.sends_cancel()
        cancel.receives(200)
        call.receives(487)
        incoming.receives("CANCEL")

    def test_cancel_crosses_the_answer(self):
        anna, bob = self.phone("201"), self.phone("202")
        bob.ignores_cancel = True
        call, incoming = ring(anna, bob)
        call.cancels()
        incoming.receives("CANCEL")
        incoming.replies(200, ANSWER)              # too late: acknowledged, and hung up at once
        incoming.receives("ACK")
        incoming.receives("BYE")

    def test_the_answer_wins_over_a_later_cancel(self):
        call, incoming = talk(self.phone("201"), self.phone("202"))
        call.sends_cancel().receives(200, 481)
        info = call.sends("INFO", "Signal=1")      # the call is still there
        incoming.receives("INFO").replies(200)
        info.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def answered_and_cancelled(self):
        """Bob's 200 is at Anna's phone, which sends a CANCEL instead of the ACK. Whether Bob is told at once."""
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", acks=False)
        incoming = bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        incoming.replies(200, ANSWER)
        success = call.receives(200)
        answer = call.sends_cancel().receives(200)
        self.assertEqual(success.to_tag, answer.to_tag)    # RFC 3261 §9.2
        incoming.receives("ACK")
        self.assertIn("cause=487", incoming.receives("BYE")["Reason"])
        return call

    def test_a_cancel_before_the_ack_hangs_up(self):
        call = self.answered_and_cancelled()
        call.invite.acknowledges()                 # RFC 3261 §15: no BYE to a caller before that
        call.receives("BYE")
        [entry] = eventually(lambda: self.rest.items("/api/v1/call-log"), "it is recorded")
        self.assertEqual(("answered", "caller", "201", 487),
                         tuple(entry[name] for name in ("result", "ended_by", "ended_extension", "status")))

    def test_a_cancel_before_the_ack_and_a_bye(self):
        call = self.answered_and_cancelled()
        call.hangs_up()
        call.invite.acknowledges()

    def test_cancel_of_nothing(self):
        anna = self.phone("201")
        request = anna.request("CANCEL", anna.aor_of("202"))
        anna.sends(request, authenticates=False).receives(481)


    def test_the_caller_hangs_up_before_the_answer(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        call.sends("BYE").receives(200)            # RFC 3261 §15: a caller may
        call.receives(487)
        incoming.receives("CANCEL")


class NobodyAnswers(WireTest):
    options = ["--ring-timeout", "5"]

    def test_ringing_ends_by_itself(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        call.receives(480)
        incoming.receives("CANCEL")

    def test_a_phone_that_says_nothing_at_all(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202")
        incoming = bob.receives("INVITE")
        call.receives(480, 408)
        incoming.replies(486)                      # its late answer disturbs nobody


if __name__ == "__main__":
    unittest.main()
