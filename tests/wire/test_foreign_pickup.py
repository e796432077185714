"""Calls that are taken by phones of others while they ring at phones of others: by a code, or because REST has a phone ring."""
import unittest

from lib.case import eventually
from lib.pickup_office import PickupOffice
from lib.second_phones import requests


class Pickup(PickupOffice):
    def changes_once(self, caller, picker, code, heard):
        """Both lamps, by one NOTIFY each; the phone that rang hears why it is to stop."""
        told = {number: len(self.lamps[number].history) for number in ("202", "203")}
        picker.dials(code)
        self.are_in_calls(["201", "203"])
        self.lamps["203"].phone.pings()
        for number, lamp in (("202", "idle"), ("203", "confirmed")):
            self.assertEqual([lamp], [each.lamp for each in self.lamps[number].history[told[number]:]], number)
        cancel, = eventually(lambda: requests("CANCEL", heard()), "202 is cancelled")
        self.assertRegex(cancel, r'(?m)^Reason: SIP;cause=200;text="Call completed elsewhere"')
        self.is_taken(caller, picker)

    def test_linphone_dials_the_code(self):
        caller, bob, picker = self.baresip("201"), self.baresip("202", False, traced=True), self.linphone("203")
        self.rings_at_bob(caller, bob)
        self.changes_once(caller, picker, "**202", lambda: bob.said)

    def test_baresip_dials_the_code_for_the_group(self):
        caller, bob, picker = self.linphone("201"), self.linphone("202", False), self.baresip("203")
        self.rings_at_bob(caller, bob)
        self.changes_once(caller, picker, "*8", bob.log)

    def is_taken_by_each_code(self, caller, bob, picker, is_over=lambda: None):
        for code in ("**202", "*8202", "**", "*8", "blfpickup-202"):
            self.rings_at_bob(caller, bob)
            picker.dials(code)
            self.are_in_calls(["201", "203"])
            caller.hangs_up()
            self.are_in_calls()
            whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered_elsewhere"),
                                       ("203", "answered"))
            self.assertEqual(("202", "203"), (whole["dialled"], whole["answered_by"]))
            is_over()

    def test_linphone_dials_each_code(self):
        caller, bob = self.baresip("201"), self.baresip("202", False)
        picker = self.linphone("203")
        self.is_taken_by_each_code(caller, bob, picker, self.is_over_for(picker))

    def test_baresip_dials_each_code(self):
        caller, bob = self.linphone("201"), self.linphone("202", False)
        self.is_taken_by_each_code(caller, bob, self.baresip("203"))

    def by_rest(self, caller, bob, picker):
        self.rings_at_bob(caller, bob)
        call, = self.rest.items("/api/v1/calls")
        answer = self.rest.request("POST", f"/api/v1/calls/{call['id']}:pickup", {"by": "203"})
        self.assertEqual(202, answer.status, answer.text)
        self.is_taken(caller, picker)

    def test_rest_has_linphone_take_it(self):
        self.by_rest(self.baresip("201"), self.linphone("202", False), self.linphone("203"))

    def test_rest_has_baresip_take_it(self):
        self.by_rest(self.linphone("201"), self.baresip("202", False), self.baresip("203"))


class PickupOverTcp(Pickup):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
