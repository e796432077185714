"""Phones of others that are heard before they answer, and that hear who calls them."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import TONES, SecondPhones


class EarlyMedia(SecondPhones):
    def test_baresip_hears_linphone_early(self):
        caller, bob = self.linphone("201"), self.baresip("202", False, early=True)
        caller.types(f"call sip:202@{self.office.domain} --early-media")
        bob.says("incoming rtp for 'audio' established")
        caller.says("early media")
        self.rings(["201", "202"])
        bob.answers()
        self.talks_and_ends(caller, bob)

    def test_linphone_is_heard_and_declines(self):
        caller = self.baresip("201")
        bob = self.linphone("202", False, early=True)
        caller.dials("202")
        eventually(lambda: caller.hears(TONES["202"]), "201 hears the tone of 202 early")
        self.rings(["201", "202"])
        bob.hangs_up()  # 603
        caller.says("603")
        self.are_in_calls()
        self.recorded_last("declined", ("201", "unanswered"), ("202", "declined"))


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class EarlyDialogEnds(SecondPhones):
    """A SIPp says so by 199 (RFC 6228), which reaches who understands it."""

    def ends_early(self):
        return self.sipp_phone("ends_early", "202")

    def is_over(self, callee):
        callee.succeeds()
        self.are_in_calls()
        self.recorded_last("busy", ("201", "unanswered"), ("202", "busy"))

    def test_sipp_is_told(self):
        callee = self.ends_early()
        self.sipp("ended_early", service="202", user="201", transport=self.transports[0]).succeeds()
        self.is_over(callee)

    def is_told_just_the_end(self, caller, heard):
        callee = self.ends_early()
        caller.dials("202")
        eventually(lambda: "SIP/2.0 486 " in heard(), "it is told that 202 is busy")
        self.is_over(callee)
        self.assertNotIn("SIP/2.0 199 ", heard())

    def test_linphone_is_told_just_the_end(self):
        caller = self.linphone("201")
        self.is_told_just_the_end(caller, caller.log)

    def test_baresip_is_told_just_the_end(self):
        caller = self.baresip("201", traced=True)
        self.is_told_just_the_end(caller, lambda: caller.said)


class EarlyDialogEndsOverTcp(EarlyDialogEnds):
    transports = ("tcp", "udp")


class EarlyMediaOverTcp(EarlyMedia):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
