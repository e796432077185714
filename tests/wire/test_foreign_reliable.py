"""Phones of others of which one tells what happens before the answer reliably, or wants it told so, and the other
knows nothing of that (RFC 3262)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.ports import reserve
from lib.second_phones import TONES, SecondPhones, requests


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class ReliableOnOneSide(SecondPhones):
    def test_linphone_tells_it_reliably_and_is_heard(self):
        """The caller knows nothing of reliable responses, so the exchange acknowledges."""
        caller = self.baresip("201", traced=True)
        bob = self.linphone("202", False, early=True, sip={"100rel_support_level": 2})
        caller.dials("202")
        told = caller.says(r"SIP/2\.0 183 (?s:.)*?\n\r?\n")[0]
        self.assertNotRegex(told, "RSeq|100rel")
        self.assertRegex(told, "application/sdp")
        prack, = eventually(lambda: requests("PRACK", bob.log()), "202 gets a PRACK")
        rseq, = set(re.findall(r"RSeq: (\d+)", bob.log()))
        self.assertRegex(prack, rf"RAck: {rseq} \d+ INVITE")
        eventually(lambda: caller.hears(TONES["202"]), "201 hears the tone of 202 early")
        self.rings(["201", "202"])
        bob.answers()
        self.are_connected_and_end(caller, bob)

    def sipp_calls(self, bob):
        sipp = self.sipp("prack", service="202", user="201")
        bob.rings()
        self.rings(["201", "202"])
        bob.answers()
        bob.talks()
        self.are_in_calls(["201", "202"])
        bob.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")))

    def test_sipp_is_told_reliably_that_linphone_rings(self):
        bob = self.linphone("202", False)
        self.sipp_calls(bob)
        self.assertNotRegex(bob.log(), "Require: .*100rel|RSeq")

    def test_sipp_is_told_reliably_that_baresip_rings(self):
        self.sipp_calls(self.baresip("202", False))

    def calls_sipp(self, caller, dials):
        """Who says again what it hears, before anybody answers."""
        sipp = self.sipp_phone("early", "202", echo=reserve(together=4))
        dials()
        eventually(lambda: caller.hears(TONES["201"]), "201 hears itself early")
        self.rings(["201", "202"])
        caller.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.recorded_last("missed", ("201", "unanswered"), ("202", "missed"))

    def test_baresip_calls_sipp(self):
        caller = self.baresip("201")
        self.calls_sipp(caller, lambda: caller.dials("202"))

    def test_linphone_calls_sipp(self):
        caller = self.linphone("201")
        self.calls_sipp(caller, lambda: caller.types(
            f"call sip:202@{self.office.domain} --early-media"))
        self.assertNotRegex(caller.log(), "RSeq|100rel")


class ReliableOnOneSideOverTcp(ReliableOnOneSide):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
