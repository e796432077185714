"""Phones of others that act at the same time, while the exchange stands still and cannot tell either of the other: what both
want meets in it when it goes on (RFC 3261 §9.1, §14.1; RFC 3891)."""
import re
import unittest

from lib.at_once import AtOnce
from lib.case import eventually


class BothHold(AtOnce):
    """They are told 491, or one of them is: baresip tries again by itself, linphone does not."""

    def held(self):
        return [leg["extension"] for leg in self.rest.items("/api/v1/calls")[0]["legs"] if leg["held"]]

    def both_hold(self, caller, callee, linphone, baresip):
        caller.dials(callee.number)
        linphone.talks()
        baresip.talks()
        self.is_acknowledged(linphone)
        self.are_in_calls(["201", "202"])
        sent = len(re.findall("^INVITE ", linphone.log(), re.M))
        self.at_once((lambda: linphone.types("pause"), self.linphone_has_sent(linphone, "INVITE ", sent + 1)),
                     (lambda: baresip.types("/hold"), self.baresip_has_sent(baresip, "INVITE ")))
        eventually(lambda: baresip.number in self.held(), "baresip holds, at once or later")
        self.assertRegex(linphone.log() + baresip.text, r"SIP/2\.0 491 ")
        left = [] if "SIP/2.0 491 " in linphone.log() else [linphone.number]
        self.assertEqual(sorted([baresip.number, *left]), self.held())
        baresip.types("/resume")
        eventually(lambda: self.held() == left, "baresip does not hold")
        self.are_in_calls(["201", "202"])
        linphone.hangs_up()
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")))

    def test_linphone_calls(self):
        linphone, baresip = self.linphone("201"), self.baresip("202", traced=True)
        self.both_hold(linphone, baresip, linphone, baresip)

    def test_baresip_calls(self):
        baresip, linphone = self.baresip("201", traced=True), self.linphone("202")
        self.both_hold(baresip, linphone, linphone, baresip)


class OneHoldsOneTransfers(AtOnce):
    """REFER during a re-INVITE: the transfer is made, and nobody is left on hold."""

    def moves(self, holder, hold, transferor, transfer, target, remain):
        self.at_once(hold, transfer)
        self.are_in_calls(remain)
        target.hangs_up()
        self.are_in_calls()
        entry, = eventually(lambda: self.rest.items("/api/v1/call-log"), "it is recorded")
        whole = self.rest.get(f"/api/v1/call-log/{entry['id']}")
        self.assertEqual(["caller", "called", "transferred"], [part["kind"] for part in whole["parts"]])

    def test_linphone_holds_and_baresip_transfers(self):
        holder, transferor, target = self.linphone("201"), self.baresip("202", traced=True), self.linphone("203")
        holder.dials("202")
        transferor.talks()
        self.are_in_calls(["201", "202"])
        sent = len(re.findall("^INVITE ", holder.log(), re.M))
        self.moves(holder, (lambda: holder.types("pause"), self.linphone_has_sent(holder, "INVITE ", sent + 1)),
                   transferor, (lambda: transferor.transfers("203"), self.baresip_has_sent(transferor, "REFER ")),
                   target, ["201", "203"])

    def test_baresip_holds_and_linphone_transfers(self):
        holder, transferor, target = self.baresip("201", traced=True), self.linphone("202"), self.baresip("203")
        holder.dials("202")
        holder.talks()
        self.is_acknowledged(transferor)
        self.are_in_calls(["201", "202"])
        self.moves(holder, (lambda: holder.types("/hold"), self.baresip_has_sent(holder, "INVITE ")),
                   transferor, (lambda: transferor.transfers("203"), self.linphone_has_sent(transferor, "REFER ")),
                   target, ["201", "203"])


class GivenUpWhileLifted(AtOnce):
    """CANCEL against 200: whichever the exchange reads first, the call is over for all, and the record says the same."""

    def crosses(self, caller, gives_up, callee, answers):
        caller.dials("202")
        callee.rings()
        self.rings(["201", "202"])
        self.at_once(gives_up, answers)
        eventually(lambda: not self.live(), "the call is over")  # a baresip acknowledges nothing after its CANCEL
        callee.says("ended|terminated|closed|[Cc]ancel")
        self.are_in_calls()
        entry, = eventually(lambda: self.rest.items("/api/v1/call-log"), "it is recorded")
        whole = self.rest.get(f"/api/v1/call-log/{entry['id']}")
        self.assertIn((whole["result"], [part["result"] for part in whole["parts"]]), [
            ("missed", ["unanswered", "missed"]), ("missed", ["unanswered", "answered"]),
            ("answered", ["answered", "answered"])])

    def test_linphone_gives_up(self):
        caller, callee = self.linphone("201"), self.baresip("202", False, traced=True)
        self.crosses(caller, (caller.hangs_up, self.linphone_has_sent(caller, "CANCEL ")),
                     callee, (callee.answers, self.baresip_has_sent(callee, r"SIP/2\.0 200 (?s:.){1,400}INVITE")))

    def test_baresip_gives_up(self):
        caller, callee = self.baresip("201", traced=True), self.linphone("202", False)
        self.crosses(caller, (caller.hangs_up, self.baresip_has_sent(caller, "CANCEL ")), callee, (
            callee.answers, self.linphone_has_sent(
                callee, r"SIP/2\.0 200 [^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*?CSeq: \d+ INVITE")))


class PickedUpByTwo(AtOnce):
    """One of them has the call, and the other hears at once that it has not."""

    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=["201", "202", "203", "205"], watchers=["204", "203", "205"])

    def test_linphone_and_baresip(self):
        caller, bob = self.baresip("201"), self.linphone("202", False)
        linphone, baresip = self.linphone("203"), self.baresip("205", traced=True)
        caller.dials("202")
        bob.rings()
        self.rings(["201", "202"])
        self.at_once((lambda: linphone.dials("**202"), self.linphone_has_sent(linphone, "INVITE ")),
                     (lambda: baresip.dials("**202"), self.baresip_has_sent(baresip, "INVITE ")))
        winner = eventually(lambda: [number for number in ("203", "205")
                                     if {"201": "confirmed", number: "confirmed"} in self.live()], "one has it")[0]
        self.are_in_calls(["201", winner])
        heard = (lambda: baresip.text) if winner == "203" else linphone.log
        eventually(lambda: re.search(r"SIP/2\.0 481 Somebody Else Was Quicker", heard()),
                   "the other hears that it is gone")
        caller.hangs_up()
        self.are_in_calls()
        eventually(lambda: len(self.rest.items("/api/v1/call-log")) == 2, "both are recorded")
        results = sorted(entry["result"] for entry in self.rest.items("/api/v1/call-log"))
        self.assertEqual("answered", results[0])


for case in (BothHold, OneHoldsOneTransfers, GivenUpWhileLifted, PickedUpByTwo):
    globals()[case.__name__ + "OverTcp"] = type(case.__name__ + "OverTcp", (case,), {"transports": ("tcp", "udp")})
del case


if __name__ == "__main__":
    unittest.main()
