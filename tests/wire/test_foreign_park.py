"""Calls that phones of others park, and take out of the slot or have back (UDP and TCP)."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import TONES, SecondPhones, requests


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Park(SecondPhones):
    def setUp(self):
        super().setUp()
        self.is_rung_back_after(60)
        self.slot = self.phone("204").watches("park+701")

    def is_rung_back_after(self, seconds):
        """Who has parked a call."""
        self.rest.put("/api/v1/park-lot", {"number": "700", "first_slot": "701", "slots": 3, "timeout": seconds})

    def waits(self):
        """201 is alone in the slot, and says so; its lamp and that of the slot are lit."""
        def parked():
            calls = self.rest.items("/api/v1/calls")
            return [call["parked_in"] for call in calls] == ["701"] and \
                "202" not in self.live()[0] and calls[0]
        call = eventually(parked, "the call waits in 701")
        self.assertEqual("confirmed", self.live()[0]["201"])
        shown = self.slot.shows("confirmed").document.dialog
        self.assertEqual("sip:201@office.test", shown.remote.identity)
        for number, lamp in self.lamps.items():
            lamp.shows("confirmed" if number == "201" else "idle")
        return call

    def parks(self, caller, parker, by_slot=False):
        caller.dials("202")
        parker.talks()
        self.are_in_calls(["201", "202"])
        parker.transfers("701" if by_slot else "700")
        self.waits()

    def is_taken(self):
        self.are_in_calls(["201", "203"])
        self.slot.shows("idle")

    def is_recorded(self):
        self.are_in_calls()
        whole, = self.records([("caller", "201", None), ("called", "202", None),
                               ("parked", "park+701", 1), ("took_over", "203", None)])
        self.assertEqual(2, whole["parts"][3]["in_place_of"])

    def taken_by(self, caller, taker):
        taker.dials("701")
        taker.talks()
        self.is_taken()
        eventually(lambda: taker.hears(TONES["201"]), "203 hears the tone of 201")
        taker.hangs_up()
        self.is_recorded()

    def test_linphone_parks_and_linphone_takes(self):
        caller, taker = self.baresip("201"), self.linphone("203")
        self.parks(caller, self.linphone("202"))
        self.taken_by(caller, taker)

    def test_linphone_parks_in_the_slot_it_names_and_baresip_takes(self):
        caller, taker = self.linphone("201"), self.baresip("203")
        self.parks(caller, self.linphone("202"), by_slot=True)
        self.taken_by(caller, taker)

    def test_linphone_parks_and_sipp_takes(self):
        caller = self.baresip("201")
        self.parks(caller, self.linphone("202"))
        sipp = self.sipp("taker", service="701", user="203")
        self.is_taken()
        caller.hangs_up()
        sipp.succeeds()
        self.is_recorded()

    def test_sipp_parks_and_linphone_takes(self):
        """Its user called who waits then."""
        held, taker = self.linphone("201"), self.linphone("203")
        self.sipp("transferor", service="201", user="202", target="701").succeeds()
        self.waits()
        taker.dials("701")
        taker.talks()
        self.is_taken()
        held.hangs_up()
        self.are_in_calls()
        self.records([("caller", "202", None), ("called", "201", None),
                      ("parked", "park+701", 0), ("took_over", "203", None)])

    def test_baresip_parks_and_linphone_takes(self):
        caller, taker = self.linphone("201"), self.linphone("203")
        self.parks(caller, self.baresip("202"))
        self.taken_by(caller, taker)

    def is_not_given(self, caller, taker, heard, allowed):
        """To who may not take it: the call waits on, and another one takes it."""
        self.rest.put_group("few", members=["201", "202", "203", "204"], watchers=["204"])
        self.rest.put("/api/v1/park-lot", {"number": "700", "first_slot": "701", "slots": 3, "timeout": 60, "groups": ["few"]})
        self.parks(caller, self.linphone("202"))
        taker.dials("701")
        eventually(lambda: "SIP/2.0 403 " in heard(), "it is told that it may not")
        self.waits()
        self.recorded_last("failed", ("205", "unanswered"))
        allowed.dials("701")
        allowed.talks()
        self.is_taken()
        caller.hangs_up()
        self.are_in_calls()

    def test_linphone_is_not_given_what_waits(self):
        taker = self.linphone("205")
        self.is_not_given(self.baresip("201"), taker, taker.log, self.baresip("203"))

    def test_baresip_is_not_given_what_waits(self):
        taker = self.baresip("205", traced=True)
        self.is_not_given(self.baresip("201"), taker, lambda: taker.said, self.linphone("203"))

    def test_nobody_takes_it_so_linphone_is_rung_and_told_who_it_was(self):
        """The INVITE names the slot, and an UPDATE the caller; with what it is shown while it rings."""
        self.is_rung_back_after(10)
        caller, parker = self.baresip("201"), self.linphone("202")
        self.parks(caller, parker)
        parker.says(r"incoming call from [^\n]*Parked 701")
        parker.talks()
        self.are_in_calls(["201", "202"])
        self.slot.shows("idle")
        update, = eventually(lambda: requests("UPDATE", parker.log()), "an UPDATE tells who it is")
        self.assertRegex(update, r"P-Asserted-Identity: .*<sip:201@office\.test>")
        parker.hangs_up()
        self.are_in_calls()
        self.records([("caller", "201", None), ("called", "202", None),
                      ("parked", "park+701", 1), ("transferred", "202", 2)])


class ParkOverTcp(Park):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
