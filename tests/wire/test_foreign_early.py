"""Phones of others that are heard before they answer, and that hear who calls them."""
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


class EarlyMediaOverTcp(EarlyMedia):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
