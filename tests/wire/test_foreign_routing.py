"""Where calls of phones of others go: codes and forwards, ring groups, rights."""
import unittest

from lib.case import eventually
from lib.linphone import Linphone
from lib.second_phones import SecondPhones


class ForwardByCode(SecondPhones):
    def sets_and_clears(self, owner, caller, target):
        path = f"/api/v1/extensions/{owner.number}/forwarding"
        owner.dials(f"*21*{target.number}")
        eventually(lambda: self.rest.get(path)["always"] == target.number, "the forward is set")
        self.are_in_calls()
        caller.dials(owner.number)
        target.talks()
        whole = self.talks_and_ends(caller, target)
        self.assertEqual(owner.number, whole["dialled"])
        owner.dials("*21")
        eventually(lambda: not self.rest.get(path)["always"], "the forward is gone")
        self.are_in_calls()
        self.recorded_last("answered", (owner.number, "answered"))

    def test_by_linphone(self):
        self.sets_and_clears(self.linphone("202"), self.baresip("201"), self.linphone("203"))

    def test_by_baresip(self):
        self.sets_and_clears(self.baresip("202"), self.linphone("201"), self.baresip("203"))


class RingGroup(SecondPhones):
    def test_all_ring_and_one_answers(self):
        self.ring_group("all")
        caller = self.linphone("205")
        bob, carol = self.baresip("202", False), self.linphone("203", False)
        for answering, other in ((bob, carol), (carol, bob)):
            caller.dials("600")
            bob.rings()
            carol.rings()
            self.rings(["205", "202", "203"])
            answering.answers()
            answering.talks()
            self.talks_and_ends(caller, answering, (other.number, "answered_elsewhere"))

    def test_the_next_one_when_the_first_declines(self):
        self.ring_group("linear")
        caller = self.baresip("201")
        bob, carol = self.linphone("202", False), self.baresip("203", False)
        caller.dials("600")
        bob.rings()
        self.rings(["201", "202"])
        bob.hangs_up()
        carol.rings()
        self.rings(["201", "203"])
        carol.answers()
        self.talks_and_ends(caller, carol, ("202", "declined"))


class Rights(SecondPhones):
    def is_refused(self, caller, heard):
        self.rest.put("/api/v1/digit-plan", {
            "rules": [{"name": "dear", "pattern": "0900.*", "call_class": "premium",
                       "replacement": "202"}],
            "default_right": "national"})
        caller.dials("0900123")
        eventually(lambda: "403 Not Allowed" in heard(), "it is told")
        self.recorded_last("failed", (caller.number, "unanswered"))
        self.are_in_calls()

    def test_of_linphone(self):
        linphone = self.linphone("201")
        self.is_refused(linphone, linphone.log)

    def test_of_baresip(self):
        baresip = self.baresip("201")
        self.is_refused(baresip, lambda: baresip.text)


class Plan(SecondPhones):
    """Rules that rewrite: of several that match, the one that begins with more digits counts; and a class each."""
    RULES = [{"name": "all", "pattern": "9(.*)", "replacement": "202", "call_class": "local"},
             {"name": "longer", "pattern": r"91(\d\d)", "replacement": r"2\1", "call_class": "national"},
             {"name": "abroad", "pattern": "92.*", "replacement": "202", "call_class": "international"},
             {"name": "dear", "pattern": "93.*", "replacement": "202", "call_class": "premium"}]

    def decided(self, dialled):
        """As the test of the plan says, which names the rule."""
        answer = self.rest.request("POST", "/api/v1/digit-plan:test", {"from": "201", "dialled": dialled}).json
        self.assertTrue(answer["steps"])
        return answer["status"], " ".join(answer["steps"])

    def leads(self, caller, heard, bob, carol):
        """201 may call within the country."""
        self.rest.put("/api/v1/digit-plan", {"rules": self.RULES, "rights": {"201": "national"}})
        for dialled, callee, rule in (("9555", bob, "all"), ("9103", carol, "longer")):
            self.assertIn(rule, self.decided(dialled)[1])
            caller.dials(dialled)
            callee.talks()
            whole = self.are_connected_and_end(caller, callee)
            self.assertEqual((dialled, callee.number), (whole["dialled"], whole["answered_by"]))
            if isinstance(caller, Linphone):  # until then it calls nobody else
                caller.says("Call . with .* ended")
        self.assertEqual(403, self.decided("92")[0])
        caller.dials("930")
        eventually(lambda: "403 Not Allowed" in heard(), "it is told")
        self.are_in_calls()
        whole = self.recorded_last("failed", ("201", "unanswered"))
        self.assertEqual(("930", 403), (whole["dialled"], whole["status"]))

    def test_linphone_dials(self):
        caller = self.linphone("201")
        self.leads(caller, caller.log, self.baresip("202"), self.linphone("203"))

    def test_baresip_dials(self):
        caller = self.baresip("201")
        self.leads(caller, lambda: caller.said, self.linphone("202"), self.baresip("203"))


class PlanOverTcp(Plan):
    transports = ("tcp", "udp")


class CallLimit(SecondPhones):
    """So many calls an extension has at once; whoever comes then hears that it is busy."""

    def is_busy(self, caller, heard, callee, own):
        answer = self.rest.request("PATCH", "/api/v1/extensions/202/forwarding", {"call_limit": 1})
        self.assertEqual(200, answer.status, answer.text)
        own.dials("202")
        callee.talks()
        self.are_in_calls(["205", "202"])
        caller.dials("202")
        eventually(lambda: "SIP/2.0 486 " in heard(), "it is told")
        self.are_in_calls(["205", "202"])
        self.recorded_last("busy", ("201", "unanswered"), ("202", "busy"))
        own.hangs_up()
        self.are_in_calls()

    def test_linphone_is_told(self):
        caller = self.linphone("201")
        self.is_busy(caller, caller.log, self.baresip("202"), self.linphone("205"))

    def test_baresip_is_told(self):
        caller = self.baresip("201", traced=True)
        self.is_busy(caller, lambda: caller.text, self.linphone("202"), self.baresip("205"))


class CallLimitOverTcp(CallLimit):
    transports = ("tcp", "udp")


class ForwardByCodeOverTcp(ForwardByCode):
    transports = ("tcp", "udp")


class RingGroupOverTcp(RingGroup):
    transports = ("tcp", "udp")


class RightsOverTcp(Rights):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
