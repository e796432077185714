"""Appearances of lines that several phones share, over both transports (call-info, line-seize)."""
import unittest

from lib.case import eventually, ring, talk
from lib.packages import Events
from lib.sdp import ANSWER, sdp

AT_ONE = ("Call-Info", "<sip:202@office.test>;appearance-index=1")


class SharedLine:
    """Two phones at 202 with two appearances, which both watch."""

    def __init__(self, test):
        self.test = test
        test.set("202", appearances=2)
        self.phones = self.desk, self.lab = test.phone("202"), test.phone("202")
        self.lines = [test.subscribed(phone, "202", "call-info") for phone in self.phones]
        self.both_see("idle")

    def both_see(self, state: str) -> None:
        for line in self.lines:
            told = line.receives_notify().message["Call-Info"]
            if state == "idle":
                self.test.assertEqual("<sip:202@office.test>;appearance-index=*;appearance-state=idle",
                                      told)
            else:
                self.test.assertIn(f"appearance-index=1;appearance-state={state}", told)
                self.test.assertNotIn(f"appearance-state={state}-", told)

    def claims(self, phone):
        """SUBSCRIBE, 200 and NOTIFY of line-seize for the first appearance."""
        claim = self.test.subscribed(phone, "202", "line-seize", expires=15, headers=[AT_ONE])
        self.test.assertIn("seized", claim.receives_notify().message["Call-Info"])
        self.both_see("seized")
        return claim

    def rings(self, caller):
        call = caller.calls("202")
        rings = [phone.receives("INVITE") for phone in self.phones]
        for one in rings:
            self.test.assertIn("appearance-index=1", one.received.message["Call-Info"])
        self.both_see("alerting")
        return call, rings


class OverUdp(Events):
    def test_a_hold_becomes_private(self):
        self.set("202", appearances=1)
        desk, eve = self.phone("202"), self.phone("205")
        line = self.subscribed(desk, "202", "call-info")
        line.receives_notify()
        outgoing, incoming = talk(eve, desk)

        def line_is(state: str) -> None:
            while f"appearance-state={state};" not in line.receives_notify().message["Call-Info"]:
                pass
        line_is("active")
        for state in ("held", "held-private", "held"):
            change = incoming.sends("INVITE", sdp("callee", 2, "sendonly"), [
                ("Call-Info", f"<sip:202@office.test>;appearance-index=1;appearance-state={state}")])
            passed = outgoing.receives("INVITE")
            self.assertNotIn("Call-Info", passed.message)
            passed.replies(200, ANSWER)
            change.receives(200)
            line_is(state)

    def test_a_shared_line_is_claimed_and_called(self):
        line = self.shared_line()
        desk, lab, eve = line.desk, line.lab, self.phone("205")
        claim = line.claims(desk)
        lab.sends_subscribe("202", 15, "line-seize", [("Accept", "*/*"), AT_ONE]) \
           .subscribe.receives(480)
        lab.sends_subscribe("202", 15, "line-seize", [("Accept", "*/*")]).subscribe.receives(400)

        outgoing = desk.calls("205", headers=[AT_ONE])
        incoming = eve.receives("INVITE")
        self.assertNotIn("Call-Info", incoming.received.message)
        line.both_see("progressing")
        self.assertEqual("terminated", claim.receives_notify().state)
        incoming.replies(200, "v=0\r\n")
        outgoing.receives(200)
        incoming.receives("ACK")
        line.both_see("active")
        outgoing.hangs_up()
        line.both_see("idle")
        incoming.receives("BYE")

    def test_a_call_that_is_refused_at_once_leaves_its_appearance_idle(self):
        line = self.shared_line()
        claim = line.claims(line.desk)
        line.desk.calls("299", headers=[AT_ONE]).receives(404)
        line.both_see("idle")
        self.assertIn("noresource", claim.receives_notify().message["Subscription-State"])

    def test_a_shared_line_is_called_held_and_retrieved(self):
        line = self.shared_line()
        desk, lab, eve = line.desk, line.lab, self.phone("205")
        call, rings = line.rings(eve)
        rings[1].replies(180)                   # what has not answered at all is not cancelled
        call.receives(180)
        rings[0].replies(200, ANSWER)
        call.receives(200)
        rings[0].receives("ACK")
        rings[1].receives("CANCEL")
        line.both_see("active")
        lab.calls("202", headers=[AT_ONE]).receives(403)       # it talks

        self.holds(line, rings[0], call, "held-private")
        lab.calls("202", headers=[AT_ONE]).receives(403)
        resumed = rings[0].sends("INVITE", sdp("holder", 3))
        call.receives("INVITE").replies(200, ANSWER)
        resumed.receives(200)
        line.both_see("active")
        self.holds(line, rings[0], call, "held")

        retrieved = lab.calls("202", headers=[AT_ONE])
        call.receives("INVITE").replies(200, ANSWER)
        retrieved.receives(200)
        rings[0].receives("BYE")
        line.both_see("active")
        self.assertEqual(1, len(self.rest.items("/api/v1/calls")))
        info = retrieved.sends("INFO", "Signal=1")
        call.receives("INFO").replies(200)
        info.receives(200)
        retrieved.hangs_up()
        call.receives("BYE")
        line.both_see("idle")

    def holds(self, line, holder, held, state: str):
        request = holder.sends("INVITE", sdp("holder", 2, "sendonly"),
                               [("Call-Info", f"{AT_ONE[1]};appearance-state={state}")])
        incoming = held.receives("INVITE")
        self.assertNotIn("Call-Info", incoming.message)
        incoming.replies(200, ANSWER)
        request.receives(200)
        line.both_see(state)

    def test_an_appearance_is_free_after_a_cancel_and_a_phone_that_unregisters(self):
        line = self.shared_line()
        call, rings = line.rings(self.phone("205"))
        for one in rings:
            one.replies(180)
        call.receives(180)
        call.cancels()
        for one in rings:
            one.receives("CANCEL")
        line.both_see("idle")

        claim = line.claims(line.lab)
        line.lab.unregisters()
        self.assertIn("noresource", claim.receives_notify().message["Subscription-State"])
        self.assertEqual("terminated;reason=deactivated",
                         line.lines.pop().receives_notify().message["Subscription-State"])
        line.both_see("idle")
        line.claims(line.desk)

    def shared_line(self):
        return SharedLine(self)

    def test_a_talking_call_keeps_its_appearance_over_a_kill(self):
        self.set("202", appearances=3)
        desk, lab, eve = [self.phone(number, listens=self.transport == "tcp")
                          for number in ("202", "202", "205")]
        for phone in (desk, lab, eve):
            phone.answers_by_itself |= {"OPTIONS"}  # the probes after a start
        lines = [self.subscribed(phone, "202", "call-info") for phone in (desk, lab)]
        for line in lines:
            line.receives_notify()
        at_two = "<sip:202@office.test>;appearance-index=2"
        outgoing = desk.calls("205", headers=[("Call-Info", at_two)])
        incoming = eve.receives("INVITE")
        incoming.replies(200, "v=0\r\n")
        outgoing.receives(200)
        incoming.receives("ACK")

        def see(lines, what: str, before=(0, 0)):
            def shown(line, length):
                told = line.history[-1].message["Call-Info"]
                return len(line.history) > length and f"{at_two};appearance-state={what}" in told
            eventually(lambda: all(map(shown, lines, before)), f"appearance 2 is {what}")

        see(lines, "active")
        eventually(lambda: self.rows("SELECT a_appearance FROM talking_call") == [(2,)],
                   "the call is on disk")
        eventually(lambda: self.stored() == 2, "the subscriptions are on disk")
        self.server.kill()
        told = [len(line.history) for line in lines]
        self.server.start()
        see(lines, "active", told)
        if self.transport == "tcp":
            for phone in (desk, lab, eve):
                phone.registers()
        request = outgoing.sends("INVITE", sdp("caller", 2, "sendonly"))
        incoming.receives("INVITE").replies(200, ANSWER)
        request.receives(200)
        see(lines, "held", told)
        outgoing.hangs_up()
        incoming.receives("BYE")

    def test_appearances_without_the_right_to_see_with_whom(self):
        self.set("202", appearances=2, visibility="anonymous")
        bob, dan, eve = self.phone("202"), self.phone("204"), self.phone("205")
        own, other = [self.subscribed(phone, "202", "call-info") for phone in (bob, dan)]
        for line in (own, other):
            line.receives_notify()
        call, incoming = ring(eve, bob)
        self.assertIn("sip:205@", own.receives_notify().message["Call-Info"])
        told = other.receives_notify().message["Call-Info"]
        self.assertIn("appearance-state=alerting", told)
        self.assertIn("anonymous.invalid", told)
        self.assertNotIn("205", told)
        call.cancels()
        incoming.receives("CANCEL")


class OverTcp(OverUdp):
    transport = "tcp"


if __name__ == "__main__":
    unittest.main()
