"""Calls that go on because of what a phone of others has dialled, or does: no answer, busy, not there, not to be disturbed."""
import unittest

from lib.case import eventually
from lib.linphone import Linphone
from lib.second_phones import SecondPhones


class OfLinphone(SecondPhones):
    """202 is a linphone over UDP, 203 a baresip over TCP."""

    def owner(self):
        return self.linphone("202", False)

    def target(self):
        return self.baresip("203")

    def leaves(self, owner):
        owner.types("unregister")

    def setUp(self):
        super().setUp()
        self.caller = self.baresip("201")
        self.bob = self.owner()
        self.codes = {row["feature"]: row["code"]
                      for row in self.rest.items("/api/v1/feature-codes")}

    def forwarding(self):
        return self.rest.get("/api/v1/extensions/202/forwarding")

    def dials(self, feature, *arguments, **becomes):
        self.bob.dials("*".join((self.codes[feature], *arguments)))
        eventually(lambda: becomes.items() <= self.forwarding().items(), f"{becomes} is set")
        self.are_in_calls()
        if isinstance(self.bob, Linphone):  # until then it calls nobody else
            self.bob.says("Call . with .* (error|ended)")

    def test_no_answer(self):
        carol = self.target()
        self.dials("forward_no_answer", "203", "5", no_answer="203", no_answer_after=5)
        self.caller.dials("202")
        self.bob.rings()
        self.rings(["201", "202"])
        carol.talks()
        self.are_connected_and_end(self.caller, carol, ("202", "answered_elsewhere"))

    def test_busy(self):
        carol, eve = self.target(), self.linphone("205")
        self.dials("forward_busy", "203", busy="203")
        self.rest.request("PATCH", "/api/v1/extensions/202/forwarding", {"call_waiting": False})
        self.bob.dials("205")
        self.are_in_calls(["202", "205"])
        self.caller.dials("202")
        carol.talks()
        self.are_in_calls(["202", "205"], ["201", "203"])
        self.caller.hangs_up()
        self.are_in_calls(["202", "205"])
        whole = self.recorded_last("answered", ("201", "answered"), ("203", "answered"))
        self.assertEqual(("202", "203"), (whole["dialled"], whole["answered_by"]))

    def test_not_registered(self):
        carol = self.target()
        self.dials("forward_unregistered", "203", unregistered="203")
        self.leaves(self.bob)
        eventually(lambda: self.registrations("202") == 0, "202 is gone")
        self.caller.dials("202")
        carol.talks()
        self.are_connected_and_end(self.caller, carol)

    def test_not_to_be_disturbed(self):
        self.dials("do_not_disturb", do_not_disturb=True)
        self.caller.dials("202")
        self.caller.says("480")
        self.are_in_calls()
        self.assertNotIn("early", self.lamps["202"].lamps)
        self.recorded_last("unreachable", ("201", "unanswered"), ("202", "unreachable"))
        self.dials("disturb", do_not_disturb=False)
        self.caller.dials("202")
        self.bob.rings()
        self.rings(["201", "202"])
        self.bob.answers()
        self.are_connected_and_end(self.caller, self.bob)


class OfBaresip(OfLinphone):
    """202 is a baresip over TCP, 203 a linphone over UDP."""

    def owner(self):
        return self.baresip("202", False)

    def target(self):
        return self.linphone("203")

    def leaves(self, owner):
        owner.types("/quit")

    def test_it_says_busy_itself(self):
        carol = self.target()
        self.dials("forward_busy", "203", busy="203")
        self.caller.dials("202")
        self.bob.rings()
        self.bob.hangs_up()  # 486
        carol.talks()
        self.are_connected_and_end(self.caller, carol, ("202", "busy"))


class OfLinphoneOverTcp(OfLinphone):
    """And 203 is a baresip over UDP."""
    transports = ("tcp", "udp")


class OfBaresipOverUdp(OfBaresip):
    """And 203 is a linphone over TCP."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
