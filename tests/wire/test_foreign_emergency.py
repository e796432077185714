"""Emergency numbers dialled at phones of others: they pass rights, limits and wishes, and whatever one carrier says."""
import shutil
import unittest

from lib.case import eventually
from lib.second_carriers import DIALLED, SecondCarriers

HELP = "112"


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Emergency(SecondCarriers):
    """201 may not call outside, and the trunk has room for one call."""
    plan_has = {"rights": {"201": "internal"}, "default_outside": {"calls": 1}}

    def by_sipp(self, name="one", ip="127.0.0.2", calls=1):
        carrier = self.gateway("callee", ip, self.transports[1], calls)
        self.trunk(name, carrier.address, self.plan_has, limits={"calls": 1})
        return carrier

    def by_kamailio(self, refused=""):
        """What it does not refuse is taken by a SIPp behind it."""
        subscriber = self.gateway("callee", "127.0.0.4", "udp", 1)
        return self.kamailio(subscriber.address, self.plan_has, members={"limits": {"calls": 1}}, refused=refused)

    def is_refused(self, caller, heard, phrase):
        """And is done with that call."""
        caller.dials(DIALLED)
        caller.says("session closed|Call . with .* (error|ended)")
        eventually(lambda: phrase in heard(), "it is told why")

    def is_helped(self, caller):
        caller.dials(HELP)
        self.talks_outside(caller, "one", (caller.number, None, "answered"), (HELP, "one", "answered"),
                           dialled=HELP)

    def test_linphone_that_may_not_call_outside(self):
        """It takes 403 for a word about its password, and asks for that; so here the plan is asked."""
        carrier = self.by_sipp()
        answer = self.rest.request("POST", "/api/v1/digit-plan:test", {"from": "201", "dialled": DIALLED}).json
        self.assertEqual((403, "reject"), (answer["status"], answer["outcome"]))
        self.is_helped(self.linphone("201"))
        carrier.succeeds()

    def test_baresip_that_may_not_call_outside(self):
        carrier = self.by_kamailio()
        caller = self.baresip("201")
        self.is_refused(caller, lambda: caller.text, "403 Not Allowed")
        self.are_in_calls()
        self.recorded_last("failed", ("201", "unanswered"))
        self.is_helped(caller)
        self.assertEqual(1, carrier.text.count("INVITE"))

    def the_trunk_is_full(self, caller, heard, talking):
        """Whoever dials no emergency number is refused there."""
        carrier = self.by_sipp(calls=2)
        talking.dials(DIALLED)
        self.are_in_calls([talking.number, ""])
        self.is_refused(caller, heard, "486 All Lines Busy")
        self.are_in_calls([talking.number, ""])
        caller.dials(HELP)
        self.are_in_calls([talking.number, ""], [caller.number, ""])
        caller.hangs_up()
        self.are_in_calls([talking.number, ""])
        talking.hangs_up()
        self.are_in_calls()
        self.recorded(("answered", (talking.number, "answered"), (DIALLED, "answered")),
                      ("failed", (caller.number, "unanswered")),
                      ("answered", (caller.number, "answered"), (HELP, "answered")))
        carrier.succeeds()

    def test_linphone_when_the_trunk_is_full(self):
        caller = self.linphone("202")
        self.the_trunk_is_full(caller, caller.log, self.baresip("203"))

    def test_baresip_when_the_trunk_is_full(self):
        caller = self.baresip("202")
        self.the_trunk_is_full(caller, lambda: caller.text, self.linphone("203"))

    def kamailio_knows_no_such_number(self, caller):
        self.by_kamailio(HELP)
        other = self.by_sipp("two", "127.0.0.3")
        caller.dials(HELP)
        self.talks_outside(caller, "two", (caller.number, None, "answered"), (HELP, "one", "failed"),
                           (HELP, "two", "answered"), dialled=HELP)
        other.succeeds()

    def test_linphone_goes_on_to_the_next_carrier(self):
        self.kamailio_knows_no_such_number(self.linphone("201"))

    def test_baresip_goes_on_to_the_next_carrier(self):
        self.kamailio_knows_no_such_number(self.baresip("201"))

    def rings_the_guard(self, caller, guard):
        """Who is not to be disturbed, and refuses the caller."""
        self.rest.put("/api/v1/digit-plan", {"rules": [
            {"pattern": HELP, "replacement": guard.number, "emergency": True}]})
        self.rest.put(f"/api/v1/extensions/{guard.number}/forwarding", {
            "do_not_disturb": True,
            "exceptions": [{"caller": caller.number, "treatment": "refuse"}]})
        caller.dials(guard.number)
        caller.says("session closed|Call . with .* (error|ended)")
        self.recorded_last("declined", (caller.number, "unanswered"))
        caller.dials(HELP)
        guard.rings()
        self.rings([caller.number, guard.number])
        guard.answers()
        whole = self.are_connected_and_end(caller, guard)
        self.assertEqual((HELP, guard.number), (whole["dialled"], whole["answered_by"]))

    def test_linphone_rings_the_guard(self):
        self.rings_the_guard(self.linphone("201"), self.baresip("203", False))

    def test_baresip_rings_the_guard(self):
        self.rings_the_guard(self.baresip("201"), self.linphone("203", False))


class EmergencyOverUdp(Emergency):
    """By carriers too."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
