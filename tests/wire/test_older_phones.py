"""Phones older than RFC 3261, which give no tag (RFC 2543): in From, and in To of what they answer.

RFC 3261 wants them understood: the remote tag of such a dialog is null (section 12.1), what we answer
has the From as it came (8.2.6.2), and what we send in it a To without tag (12.2.1.1)."""
import unittest

from lib.case import eventually, ring, talk
from lib.sdp import ANSWER, sdp
from test_survive import SurvivingOffice


class OlderPhones(SurvivingOffice):
    def setUp(self):
        super().setUp()
        self.old, self.bob = self.phone("201", tagless=True), self.phone("202")

    def tearDown(self):
        for phone in self.office.phones:
            for message in phone.heard if phone.tagless else []:
                tag = message.to_tag if message.is_request else message.from_tag
                self.assertEqual("", tag, f"a tag that {phone.name} has not given, in\n{message}")
        super().tearDown()

    def shared(self):
        """Between the phones of 201 and 202 one dialog, whoever calls."""
        for number in ("201", "202"):
            self.rest.request("PATCH", f"/api/v1/extensions/{number}", {"mode": "proxy"})

    def pairs(self):
        return (self.old, self.bob), (self.bob, self.old)

    def talk_and_end(self):
        """Each calls the other; sessions change from both sides, and both hang up first."""
        for caller, callee in self.pairs():
            for caller_ends in (True, False):
                with self.subTest(caller=caller.name, caller_ends=caller_ends):
                    call, incoming = talk(caller, callee)
                    self.changes(call, incoming, sdp("caller", 2), sdp("callee", 2))
                    self.changes(incoming, call, sdp("callee", 3), sdp("caller", 3))
                    one, other = (call, incoming) if caller_ends else (incoming, call)
                    one.hangs_up()
                    other.receives("BYE")
        eventually(lambda: not self.rest.items("/api/v1/calls"), "no call is left")
        self.assertEqual([("answered", caller.number, callee.number)
                          for caller, callee in reversed(self.pairs()) for _ in range(2)],
                         [(record["result"], record["from"], record["answered_by"])
                          for record in self.logged_calls(4)])

    def test_they_register_and_are_asked(self):
        self.old.pings()
        registered = "/api/v1/registrations?extension=201"
        self.assertEqual(1, len(self.rest.get(registered)["items"]))
        self.old.unregisters()
        self.assertEqual([], self.rest.get(registered)["items"])

    def test_they_call_and_are_called(self):
        self.talk_and_end()

    def test_in_proxy_mode_what_they_say_leaves_as_it_came(self):
        self.shared()
        self.talk_and_end()
        asked = [m.from_tag for m in self.bob.heard if m.method == "INVITE"]
        answered = [m.to_tag for m in self.bob.heard if m.status == 200 and m.cseq_method == "INVITE"]
        self.assertEqual({""}, set(asked))
        self.assertEqual({""}, set(answered))

    def test_two_of_them_in_proxy_mode(self):
        self.shared()
        other = self.phone("202", tagless=True)
        self.bob.unregisters()
        for caller_ends in (True, False):
            call, incoming = talk(self.old, other)
            self.changes(incoming, call, sdp("callee", 2), sdp("caller", 2))
            one, last = (call, incoming) if caller_ends else (incoming, call)
            one.hangs_up()
            last.receives("BYE")
        eventually(lambda: not self.rest.items("/api/v1/calls"), "no call is left")

    def test_who_does_not_wait(self):
        for mode in ("bridge", "proxy"):
            if mode == "proxy":
                self.shared()
            for caller, callee in self.pairs():
                with self.subTest(mode=mode, caller=caller.name):
                    call, incoming = ring(caller, callee)
                    call.cancels()
                    incoming.receives("CANCEL")

    def test_what_is_repeated_is_the_same(self):
        """An INVITE and a BYE that come twice (RFC 3261 section 17.2.3)."""
        call = self.old.calls("202")
        incoming = self.bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        self.old.flow().send(call.invite.request)
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        bye = call.sends("BYE")
        bye.receives(200)
        self.old.flow().send(bye.request)
        incoming.receives("BYE")
        self.old.pings()
        record, = self.logged_calls()
        self.assertEqual("answered", record["result"])

    def test_their_keys(self):
        lamp = self.old.watches("202")
        call, incoming = talk(self.phone("205"), self.bob)
        lamp.shows("confirmed")
        self.assertEqual("confirmed", lamp.refreshes().lamp)
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")
        self.assertEqual("terminated", lamp.ends().state)

    def test_a_lamp_that_shows_them_and_takes_the_call(self):
        """What they have not given is not in the document (RFC 4235); who picks up says 0 for it (RFC
        3891 section 3), or nothing."""
        carl = self.phone("203")
        self.rest.put_group("sales", members=["201"], watchers=["203"])
        lamp = carl.watches("201")
        for picked_as in (";from-tag=0", ";from-tag=0;early-only", ""):
            with self.subTest(picked_as=picked_as):
                call, incoming = ring(self.bob, self.old)
                shown = lamp.shows("proceeding").document.dialog
                self.assertEqual("", shown.local_tag)
                self.assertNotEqual("", shown.remote_tag)
                taken = carl.calls("202", sdp("picker"), headers=[
                    ("Replaces", f"{shown.call_id};to-tag={shown.remote_tag}{picked_as}")])
                incoming.receives("CANCEL")
                taken.receives(200)
                call.receives(200)
                lamp.shows("idle")
                taken.hangs_up()
                call.receives("BYE")

    def test_who_takes_a_proxied_call_with_them_over_says_0_for_their_tag(self):
        self.shared()
        call, incoming = talk(self.bob, self.old)
        own = call.dialog.local_tag
        other = self.phone("202").calls("201", sdp("picker"), headers=[
            ("Replaces", f"{call.dialog.call_id};to-tag=0;from-tag={own}")])
        asked = self.old.receives("INVITE")
        self.assertEqual(f"{call.dialog.call_id};to-tag=0;from-tag={own}",
                         asked.received.message["Replaces"])
        asked.replies(486)
        other.receives(486)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_call_of_theirs_is_taken_up_after_a_kill(self):
        for mode in ("bridge", "proxy"):
            if mode == "proxy":
                self.shared()
            for caller, callee in self.pairs():
                for caller_ends in (True, False):
                    with self.subTest(mode=mode, caller=caller.name, caller_ends=caller_ends):
                        self.calls_kept = 0
                        call, incoming = self.talks(caller, callee, watched=False)
                        self.restarts()
                        one, other = (call, incoming) if caller_ends else (incoming, call)
                        self.changes(one, other, sdp("caller", 2), sdp("callee", 2))
                        self.changes(other, one, sdp("callee", 3), sdp("caller", 3))
                        self.ends(one, other)

    def test_a_key_of_theirs_goes_on_after_a_kill(self):
        lamp = self.old.watches("202")
        self.watches = [lamp]
        call, incoming = self.talks(self.phone("205"), self.bob, watched=False)
        self.restarts()
        self.ends(call, incoming)
        self.assertEqual("idle", lamp.refreshes().lamp)

    def test_the_ladder_of_their_call(self):
        call, incoming = talk(self.old, self.bob)
        call.hangs_up()
        incoming.receives("BYE")
        record, = self.logged_calls()
        messages = self.rest.get(f"/api/v1/call-log/{record['id']}/ladder")["messages"]
        self.assertEqual(["INVITE", "407", "ACK", "INVITE", "100", "180", "200", "ACK", "BYE", "200"],
                         [message["first_line"].replace("SIP/2.0 ", "").split(" ")[0] for message in messages
                          if "caller" in (message["from"]["role"], message["to"]["role"])
                          and not message["repeated"]])


if __name__ == "__main__":
    unittest.main()
