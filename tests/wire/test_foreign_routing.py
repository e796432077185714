"""Where calls of phones of others go: codes and forwards, ring groups, 302 both ways, rights."""
import shutil
import unittest

from lib.case import eventually
from lib.real_phones import Sipp, free_udp_port
from lib.second_phones import SecondPhones


class Routing(SecondPhones):
    def talks_and_ends(self, caller, callee, *more):
        """`caller` has reached `callee`; `more` are other parts of the call."""
        self.are_in_calls([caller.number, callee.number])
        self.hear_each_other(caller, callee)
        caller.hangs_up()
        self.are_in_calls()
        return self.recorded_last("answered", (caller.number, "answered"),
                                  (callee.number, "answered"), *more)

    def recorded_last(self, result, *parts):
        """The last call that was answered or refused, once it is in the log."""
        def of(whole):
            return whole["result"], sorted((part["extension"], part["result"])
                                           for part in whole["parts"])

        def last():
            entries = self.rest.items("/api/v1/call-log")
            whole = entries and self.rest.get(f"/api/v1/call-log/{entries[0]['id']}")
            return whole and of(whole) == (result, sorted(parts)) and whole

        return eventually(last, f"the last call was {result}: {parts}")


class ForwardByCode(Routing):
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


class RingGroup(Routing):
    def group(self, strategy, **more):
        self.rest.put("/api/v1/ring-groups/600", {
            "display_name": "Sales", "strategy": strategy,
            "members": [{"number": "202"}, {"number": "203"}], **more})

    def test_all_ring_and_one_answers(self):
        self.group("all")
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
        self.group("linear")
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


class Redirected(Routing):
    """Phones that answer 302, and callers that are answered 302."""

    def test_linphone_sends_it_on(self):
        caller, bob, carol = self.baresip("201"), self.linphone("202", False), self.baresip("203")
        caller.dials("202")
        bob.rings()
        bob.types(f"redirect 1 sip:203@{self.office.domain}")
        carol.talks()
        self.talks_and_ends(caller, carol, ("202", "deflected"))

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_sends_it_on(self):
        caller, carol = self.linphone("201"), self.linphone("203")
        port, options = free_udp_port(), {"transport": self.transports[1]}
        register = Sipp("register", self.server.address["udp"], self.folder, port=port, calls=1,
                        service="202", user="202", secret=self.office.secrets["202"])
        self.addCleanup(register.close)
        register.succeeds()
        sipp = Sipp("moved", self.server.address["udp"], self.folder, port=port, calls=1,
                    service="202", keys={"target": "203"})
        self.addCleanup(sipp.close)
        caller.dials("202")
        carol.talks()
        sipp.succeeds()
        self.talks_and_ends(caller, carol, ("202", "deflected"))

    def is_told_where(self, caller, callee):
        answer = self.rest.request("PATCH", f"/api/v1/extensions/{callee.number}",
                                   {"mode": "redirect"})
        self.assertEqual(200, answer.status, answer.text)
        caller.dials(callee.number)
        callee.talks()
        self.talks_and_ends(caller, callee)
        self.recorded(("redirected", (caller.number, "unanswered")),
                      ("answered", (caller.number, "answered"), (callee.number, "answered")))

    def test_linphone_is_told_where_the_phone_is(self):
        self.is_told_where(self.linphone("201"), self.baresip("202"))

    def test_baresip_is_told_where_the_phone_is(self):
        self.is_told_where(self.baresip("201"), self.linphone("202"))


class Rights(Routing):
    def is_refused(self, caller):
        self.rest.put("/api/v1/digit-plan", {
            "rules": [{"name": "dear", "pattern": "0900.*", "call_class": "premium",
                       "replacement": "202"}],
            "default_right": "national"})
        caller.dials("0900123")
        caller.says("403|Not Allowed|declined")
        self.recorded_last("failed", (caller.number, "unanswered"))
        self.are_in_calls()

    def test_of_linphone(self):
        self.is_refused(self.linphone("201"))

    def test_of_baresip(self):
        self.is_refused(self.baresip("201"))


class ForwardByCodeOverTcp(ForwardByCode):
    transports = ("tcp", "udp")


class RingGroupOverTcp(RingGroup):
    transports = ("tcp", "udp")


class RedirectedOverTcp(Redirected):
    transports = ("tcp", "udp")


class RightsOverTcp(Rights):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
