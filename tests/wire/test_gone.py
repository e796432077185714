"""Phones that are gone in the middle of a call."""
import unittest

from lib.case import WireTest, talk
from lib.event_loop import loop


class Gone(WireTest):
    options = ["--probe-interval", "1"]

    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202")
        for phone in (self.anna, self.bob):
            phone.answers_by_itself |= {"OPTIONS"}

    def test_a_phone_unplugged_in_a_call(self):
        call, _ = talk(self.anna, self.bob)
        self.bob.unplugs()
        call.receives("BYE")

    def test_a_phone_that_restarted_and_knows_no_call(self):
        call, incoming = talk(self.anna, self.bob)
        del self.bob.calls_by_id[(incoming.dialog.call_id, incoming.dialog.local_tag)]
        call.receives("BYE")                       # the probe got 481

    def test_two_phones_that_answer_keep_their_call(self):
        call, incoming = talk(self.anna, self.bob)
        loop.wait(lambda: sum("OPTIONS" in line for line in self.bob.ladder) >= 3, "three probes")
        call.hangs_up()
        incoming.receives("BYE")


class GoneWithoutAWord(WireTest):
    options = ["--probe-interval", "1"]
    patience = 45

    def test_a_phone_that_hears_nothing_any_more(self):
        anna, bob = self.phone("201"), self.phone("202")
        anna.answers_by_itself |= {"OPTIONS"}
        watcher = self.phone("204").watches("202")
        call, _ = talk(anna, bob)
        watcher.shows("confirmed")
        bob.deaf = True
        call.receives("BYE")
        watcher.shows("idle")


if __name__ == "__main__":
    unittest.main()
