"""Calls in proxy mode: which phone takes it, and what is heard of the others (RFC 3261 section 16.7)."""
import unittest

from lib.call import Call
from lib.case import eventually, ring
from lib.proxy import Proxy
from lib.sdp import ANSWER


class Branches(Proxy):
    def test_a_caller_gives_up(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        call.sends_cancel().receives(200)
        incoming.receives("CANCEL")
        call.receives(487)
        self.no_calls()
        self.assertEqual("missed", self.logged_calls()[0]["result"])

    def test_a_phone_declines(self):
        anna, bob = self.phone("201"), self.phone("202")
        for status in (486, 404, 603):
            call, incoming = ring(anna, bob)
            incoming.replies(status, headers=[("X-Why", "because")])
            self.assertEqual("because", call.receives(status)["X-Why"])
            self.no_calls()

    def test_one_of_two_phones_answers(self):
        anna = self.phone("201")
        desk, mobile = self.phone("202"), self.phone("202", transport="tcp")
        call = anna.calls("202")
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(180)
        call.receives(180)
        at_mobile.replies(200, ANSWER)
        call.receives(200)
        self.assertIn("cause=200", at_desk.receives("CANCEL").message["Reason"])
        call.hangs_up()
        at_mobile.receives("BYE")
        self.no_calls()

    def test_an_answer_that_crosses_the_6xx_of_another_phone_is_a_call(self):
        self.rest.put_group("all", members=["201", "202"], watchers=["204"])
        dan = self.phone("204")
        lamps = [dan.watches(number) for number in ("201", "202")]
        for calls, transport in enumerate(("udp", "tcp"), start=1):
            anna = self.phone("201", transport=transport)
            desk, mobile = self.phone("202", transport=transport), self.phone("202")
            desk.ignores_cancel = True
            call = anna.calls("202")
            at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
            at_desk.replies(180)
            call.receives(180)
            at_mobile.replies(603)
            at_desk.receives("CANCEL")
            lamps[1].shows("idle")
            self.assertEqual("early", lamps[0].lamp)  # it waits for what the desk says
            at_desk.replies(200, ANSWER)
            call.receives(200)
            at_desk.receives("ACK")
            for lamp in lamps:
                lamp.shows("confirmed")
            live, = self.rest.items("/api/v1/calls")
            self.assertEqual({"201": "confirmed", "202": "confirmed"},
                             {leg["extension"]: leg["state"] for leg in live["legs"]
                              if leg["state"] != "terminated"})
            call.hangs_up()
            at_desk.receives("BYE")
            for lamp in lamps:
                lamp.shows("idle")
            self.no_calls()
            record = self.logged_calls(calls)[0]
            self.assertEqual(("answered", "202"), (record["result"], record["answered_by"]))
            for phone in (anna, desk, mobile):
                phone.unregisters()

    def test_both_phones_answer_and_the_caller_hears_of_both(self):
        anna = self.phone("201")
        desk, mobile = self.phone("202"), self.phone("202")
        desk.ignores_cancel = True
        call = anna.calls("202", acks=False)
        at_desk, at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(180)
        call.receives(180)
        at_mobile.replies(200, ANSWER)
        first = call.receives(200)
        at_desk.receives("CANCEL")
        at_desk.replies(200, ANSWER)
        tags = {first.to_tag}
        eventually(lambda: {m.to_tag for m in anna.heard
                            if m.status == 200 and m.cseq_method == "INVITE"} - tags,
                   "the second 200 arrives")
        call.dialog.learn(first, as_caller=True)
        call.invite.acknowledges()
        call.hangs_up()
        at_mobile.receives("BYE")
        self.talk(2)
        second = next(m for m in anna.heard if m.cseq_method == "INVITE" and m.status == 200
                      and m.to_tag != first.to_tag)
        call.dialog.learn(second, as_caller=True)
        call.invite.acknowledges()
        call.hangs_up()
        at_desk.receives("BYE")
        self.no_calls()

    def test_a_proxy_behind_a_phone_forks_and_two_answer(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", acks=False)
        first = bob.receives("INVITE")
        second = Call.incoming(bob, first.received.transaction)
        first.replies(200, ANSWER)
        one = call.receives(200)
        second.replies(200, ANSWER)
        other = eventually(lambda: next((m for m in anna.heard if m.status == 200
                                         and m.cseq_method == "INVITE"
                                         and m.to_tag != one.to_tag), None),
                           "the second 200 arrives")
        self.talk(3)
        call.dialog.learn(one, as_caller=True)
        call.invite.acknowledges()
        call.hangs_up()
        first.receives("BYE")
        self.talk(2)
        call.dialog.learn(other, as_caller=True)
        call.invite.acknowledges()
        second.hangs_up()
        call.receives("BYE")
        self.no_calls()
        record, = self.logged_calls()
        self.assertEqual(3, len([part for part in record["parts"] if part["answered_at"]]))

    def talk(self, legs):
        """So many legs of the only call do."""
        def talking():
            live, = self.rest.items("/api/v1/calls")
            return len([leg for leg in live["legs"] if leg["state"] == "confirmed"])
        eventually(lambda: talking() == legs, f"{legs} legs talk")

    def test_the_challenges_of_two_phones(self):
        anna = self.phone("201")
        desk, mobile = self.phone("202"), self.phone("202")
        call = anna.calls("202")
        one, other = desk.receives("INVITE"), mobile.receives("INVITE")
        one.replies(407, headers=[("Proxy-Authenticate", 'Digest realm="desk", nonce="1"')])
        other.replies(401, headers=[("WWW-Authenticate", 'Digest realm="mobile", nonce="2"')])
        refused = call.invite.receives(407)
        self.assertIn('realm="desk"', refused["Proxy-Authenticate"])
        self.assertIn('realm="mobile"', refused["WWW-Authenticate"])

    def test_a_repeated_invite_gets_the_same_answer(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = ring(anna, bob)
        anna.flow().send(call.invite.request)
        anna.pings()
        self.assertEqual(1, len([m for m in bob.heard if m.method == "INVITE"]))
        self.assertEqual(2, len([m for m in anna.heard if m.status == 180]))
        incoming.replies(486)
        call.receives(486)
        self.no_calls()

    def test_a_repeated_answer_passes_until_it_is_acknowledged(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", acks=False)
        incoming = bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        eventually(lambda: len([m for m in anna.heard if m.status == 200
                                and m.cseq_method == "INVITE"]) > 1, "the 200 comes again")
        call.invite.acknowledges()
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_forwards_and_do_not_disturb_still_count(self):
        anna, bob, carol = self.phone("201"), self.phone("202"), self.phone("203")
        path = "/api/v1/extensions/202/forwarding"
        self.rest.put(path, {"do_not_disturb": True})
        anna.calls("202").receives(480)
        self.rest.put(path, {"busy": "203"})
        call = anna.calls("202")
        bob.receives("INVITE").replies(486)
        target = carol.receives("INVITE")
        self.assertIn("reason=user-busy", target.received.message["Diversion"])
        self.assertEqual(carol.contact, target.received.message.uri)
        target.replies(200, ANSWER)
        call.receives(200)
        target.hangs_up()
        call.receives("BYE")
        self.no_calls()


if __name__ == "__main__":
    unittest.main()
