"""Calls that are moved by phones of others, or by a program for them: to phones of others."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones


class Moves(SecondPhones):
    def talk(self, caller, callee):
        caller.dials(callee.number)
        callee.talks()
        self.are_in_calls([caller.number, callee.number])

    def the_rest_talk(self, one, other, by):
        """After a move of the first call's `by`-th part."""
        self.are_in_calls([one.number, other.number])
        eventually(lambda: other.hears(300 if one.number == "201" else 440),
                   f"{other.number} hears the tone of {one.number}")
        other.hangs_up()
        self.are_in_calls()


class BlindTransfer(Moves):
    """REFER to a number whose phone rings."""

    def transfers(self, caller, transferor, target):
        self.talk(caller, transferor)
        transferor.transfers(target.number)
        self.the_rest_talk(caller, target, 1)
        self.records([("caller", "201", None), ("called", "202", None), ("transferred", "203", 1)])

    def test_by_linphone(self):
        self.transfers(self.baresip("201"), self.linphone("202"), self.baresip("203"))

    def test_by_baresip(self):
        self.transfers(self.linphone("201"), self.baresip("202"), self.linphone("203"))


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class SippMoves(Moves):
    def test_refer_outside_a_dialog(self):
        clicked, target = self.linphone("202"), self.baresip("203")
        self.sipp("dialer", service="202", user="202", target="203", traced=True).is_told(200)
        self.the_rest_talk(clicked, target, None)
        self.records([("caller", "202", None), ("called", "203", None)])

    def test_refer_in_a_dialog(self):
        held, target = self.baresip("202"), self.linphone("203")
        sipp = self.sipp("blind", service="202", user="201", target="203", traced=True)
        sipp.succeeds()
        sipp.is_told(200)
        self.the_rest_talk(held, target, 0)
        self.records([("caller", "201", None), ("called", "202", None), ("transferred", "203", 0)])

    def test_bye_with_contact(self):
        held, target = self.baresip("202"), self.linphone("203")
        self.sipp("contact", service="202", user="201", target="203").succeeds()
        self.the_rest_talk(held, target, 0)
        self.records([("caller", "201", None), ("called", "202", None), ("transferred", "203", 0)])


class ByRest(Moves):
    """Phones that know nothing of it."""

    def order(self, verb, body=None):
        call, = self.rest.items("/api/v1/calls")
        answer = self.rest.request("POST", f"/api/v1/calls/{call['id']}:{verb}", body)
        self.assertEqual(202, answer.status, answer.text)

    def all_held(self, held):
        eventually(lambda: [leg["held"] for leg in self.rest.items("/api/v1/calls")[0]["legs"]]
                   == [held, held], f"held: {held}")

    def test_hold_resume_and_transfer(self):
        caller, callee, target = self.linphone("201"), self.linphone("202"), self.baresip("203")
        self.talk(caller, callee)
        self.order("hold")
        self.all_held(True)
        for number in ("201", "202"):
            self.lamps[number].shows("confirmed")
        self.order("resume")
        self.all_held(False)
        self.order("transfer", {"to": "203"})
        self.the_rest_talk(caller, target, None)
        record, = self.recorded(("answered", ("201", "answered"), ("202", "answered"),
                                 ("203", "answered")))
        self.assertEqual("transferred", record["parts"][2]["kind"])

    def test_transfer_from_baresip_to_linphone(self):
        caller, callee, target = self.baresip("201"), self.baresip("202"), self.linphone("203")
        self.talk(caller, callee)
        self.order("transfer", {"to": "203"})
        self.the_rest_talk(caller, target, None)
        self.recorded(("answered", ("201", "answered"), ("202", "answered"), ("203", "answered")))


    def clicks(self, caller, callee):
        """A call that REST has begun, it ends too."""
        answer = self.rest.request("POST", "/api/v1/calls", {"from": caller.number, "to": callee.number})
        self.assertEqual(201, answer.status, answer.text)
        self.are_in_calls([caller.number, callee.number])
        self.hear_each_other(caller, callee)
        self.order("hangup")
        self.are_in_calls()
        for phone in (caller, callee):
            phone.says("ended|terminated|closed")
        self.recorded_last("answered", (caller.number, "answered"), (callee.number, "answered"))

    def test_linphone_is_made_to_call(self):
        self.clicks(self.linphone("201"), self.baresip("202"))

    def test_baresip_is_made_to_call(self):
        self.clicks(self.baresip("201"), self.linphone("202"))


class BlindTransferOverTcp(BlindTransfer):
    transports = ("tcp", "udp")


class SippMovesOverTcp(SippMoves):
    transports = ("tcp", "udp")


class ByRestOverTcp(ByRest):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
