"""Blind transfers by linphone and baresip beyond the plain ones: of a held call, to a ring group, outside, back to itself, to
where nobody is, and with a party that hangs up meanwhile (RFC 5589)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.second_carriers import DIALLED, SecondCarriers


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Transfers(SecondCarriers):
    def talk(self, caller, transferor):
        caller.dials("202")
        transferor.talks()
        self.are_in_calls(["201", "202"])

    def held(self):
        return [leg["extension"] for leg in self.rest.items("/api/v1/calls")[0]["legs"]
                if leg["held"] and leg["state"] == "confirmed"]

    def is_moved(self, target, *more):
        """To `target`, which hangs up."""
        self.are_in_calls(["201", target.number])
        target.hangs_up()
        self.are_in_calls()
        return self.recorded_last("answered", ("201", "answered"), ("202", "answered"), (target.number, "answered"), *more)

    def held_call(self, caller, transferor, hold, target):
        self.talk(caller, transferor)
        if hold == "pause":
            # It shows the call as soon as it answers: before the ACK it is told 491, and does not try again.
            eventually(lambda: re.search("^ACK ", transferor.log(), re.M), "202 is acknowledged")
        transferor.types(hold)
        eventually(lambda: self.held() == ["202"], "202 holds")
        if hold == "pause":
            transferor.says("now paused")  # before that it takes a transfer, but sends no REFER
        transferor.transfers("203")
        self.are_in_calls(["201", "203"])
        eventually(lambda: not self.held(), "nobody holds")
        self.is_moved(target)

    def test_linphone_moves_a_held_call(self):
        self.held_call(self.baresip("201"), self.linphone("202"), "pause", self.baresip("203"))

    def test_baresip_moves_a_held_call(self):
        self.held_call(self.linphone("201"), self.baresip("202"), "/hold", self.linphone("203"))

    def to_a_ring_group(self, caller, transferor, one, other):
        self.rest.put("/api/v1/ring-groups/600", {
            "display_name": "Sales", "strategy": "all", "members": [{"number": "203"}, {"number": "205"}]})
        self.talk(caller, transferor)
        transferor.transfers("600")
        one.rings()
        other.rings()
        for number in (one.number, other.number):
            self.lamps[number].shows("early")
        other.answers()
        self.is_moved(other, (one.number, "answered_elsewhere"))

    def test_linphone_moves_it_to_a_ring_group(self):
        self.to_a_ring_group(self.baresip("201"), self.linphone("202"), self.baresip("203", False),
                             self.linphone("205", False))

    def test_baresip_moves_it_to_a_ring_group(self):
        self.to_a_ring_group(self.linphone("201"), self.baresip("202"), self.linphone("203", False),
                             self.baresip("205", False))

    def outside(self, caller, transferor):
        """Where its right to do so counts, not that of who is moved."""
        carrier = self.gateway("callee", "127.0.0.2", self.transports[1], 1)
        self.trunk("one", carrier.address, {"rights": {"201": "internal"}, "outside": {"202": {"forward": True}}})
        self.talk(caller, transferor)
        transferor.transfers(DIALLED)
        self.are_in_calls(["201", ""])
        caller.hangs_up()
        carrier.succeeds()
        self.are_in_calls()
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"), (DIALLED, "answered"))
        self.assertEqual(("transferred", "one"), (whole["parts"][2]["kind"], whole["parts"][2]["trunk"]))

    def test_linphone_moves_it_outside(self):
        self.outside(self.baresip("201"), self.linphone("202"))

    def test_baresip_moves_it_outside(self):
        self.outside(self.linphone("201"), self.baresip("202"))

    def to_where_nobody_is(self, caller, transferor):
        self.talk(caller, transferor)
        transferor.transfers("203")

    def test_linphone_moves_it_to_where_nobody_is(self):
        """The two talk on."""
        caller, transferor = self.baresip("201"), self.linphone("202")
        self.to_where_nobody_is(caller, transferor)
        eventually(lambda: re.search(r"^SIP/2\.0 480 ", transferor.log(), re.M), "it hears 480")
        self.are_in_calls(["201", "202"])
        caller.hangs_up()
        self.are_in_calls()
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"))
        self.assertEqual([("202", "203", 480)],
                         [(move["by"], move["target"], move["status"]) for move in whole["failed_moves"]])

    def test_baresip_moves_it_to_where_nobody_is(self):
        """It hangs up when it hears that."""
        caller, transferor = self.linphone("201"), self.baresip("202")
        self.to_where_nobody_is(caller, transferor)
        transferor.says("transfer failure: 480 No Phone Registered")
        caller.says("ended")
        self.are_in_calls()
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"))
        self.assertEqual(("callee", "202"), (whole["ended_by"], whole["ended_extension"]))

    def rings_at_the_target(self, caller, transferor, target):
        self.talk(caller, transferor)
        transferor.transfers("203")
        target.rings()
        self.lamps["203"].shows("early")

    def who_moves_it_hangs_up(self, caller, transferor, target):
        """While the target rings: it is connected all the same."""
        self.rings_at_the_target(caller, transferor, target)
        transferor.hangs_up()
        self.lamps["202"].shows("idle")
        target.answers()
        self.is_moved(target)

    def test_linphone_moves_it_and_hangs_up(self):
        self.who_moves_it_hangs_up(self.baresip("201"), self.linphone("202"), self.baresip("203", False))

    def test_baresip_moves_it_and_hangs_up(self):
        self.who_moves_it_hangs_up(self.linphone("201"), self.baresip("202"), self.linphone("203", False))

    def who_is_moved_hangs_up(self, caller, transferor, target):
        """While the target rings, which does so no longer."""
        self.rings_at_the_target(caller, transferor, target)
        caller.hangs_up()
        target.says("ended|terminated|closed|[Cc]ancel")
        self.are_in_calls()
        self.recorded_last("answered", ("201", "answered"), ("202", "answered"), ("203", "missed"))

    def test_who_is_moved_by_linphone_hangs_up(self):
        self.who_is_moved_hangs_up(self.baresip("201"), self.linphone("202"), self.baresip("203", False))

    def test_who_is_moved_by_baresip_hangs_up(self):
        self.who_is_moved_hangs_up(self.linphone("201"), self.baresip("202"), self.linphone("203", False))

    def test_linphone_moves_it_back_to_itself(self):
        """It is busy with that caller, says so itself, and talks on."""
        caller, transferor = self.baresip("201"), self.linphone("202")
        self.talk(caller, transferor)
        transferor.transfers("202")
        eventually(lambda: re.search(r"sipfrag(?:[^\r\n]*\r?\n)+?SIP/2\.0 486 ", transferor.log()), "it hears 486")
        self.are_in_calls(["201", "202"])
        caller.hangs_up()
        self.are_in_calls()
        self.recorded_last("answered", ("201", "answered"), ("202", "answered"), ("202", "busy"))

    def test_baresip_moves_it_back_to_itself(self):
        """A second call rings there, is taken, and the first one is gone."""
        caller, transferor = self.linphone("201"), self.baresip("202", False)
        caller.dials("202")
        transferor.rings()
        transferor.answers()
        self.are_in_calls(["201", "202"])
        transferor.transfers("202")
        transferor.rings()
        transferor.answers()
        eventually(lambda: [leg for leg in self.rest.items("/api/v1/calls")[0]["legs"]
                            if leg["state"] == "terminated"], "what was moved is over")
        self.are_in_calls(["201", "202"])
        caller.hangs_up()
        self.are_in_calls()
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"), ("202", "answered"))
        self.assertEqual("transferred", whole["parts"][2]["kind"])


class TransfersOverTcp(Transfers):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
