"""Watchers that were told a lamp unasked, and are away when the right to see it ends."""
import contextlib
import re
import sqlite3
import unittest

from lib.case import WireTest, eventually, talk
from lib.event_loop import loop


class OwedEnds(WireTest):
    """The end of a lamp that was told unasked is owed until its phone has answered it: nobody names that lamp later."""
    patience = 60  # a NOTIFY is given up after 32 s (RFC 3261 §17.1.2.2, timer F)

    def setUp(self):
        super().setUp()
        self.watched_by([{"number": "201", "unsolicited": True, "profile": "standard"}])
        self.anna, self.bob, self.eve = (self.phone(number) for number in ("201", "202", "205"))
        for phone in (self.bob, self.eve):
            phone.answers_by_itself |= {"OPTIONS"}  # the probes after a start
        self.key = self.anna.key("202")
        self.sides = talk(self.eve, self.bob)
        self.key.shows("confirmed")
        self.told = len(self.key.history)
        self.key.versions_may_jump = True
        self.anna.deaf = True

    def watched_by(self, watchers):
        self.rest.put_group("sales", members=["202"], watchers=watchers)

    def ends(self):
        """NOTIFYs of the end that came to the phone while nobody was there, by their branches."""
        return {message.branch for message in self.anna.missed if message.method == "NOTIFY" and
                message["Subscription-State"].startswith("terminated")}

    def is_told_the_end(self):
        """What it heard last, and once; the member talks on unseen."""
        self.anna.deaf = False
        last = self.key.shows("idle")
        self.assertEqual(("terminated", "rejected"), (last.state, last.reason))
        call, incoming = self.sides
        call.hangs_up()
        incoming.receives("BYE")
        self.anna.pings()
        self.assertEqual(["idle"], [news.lamp for news in self.key.history[self.told:]])

    def owed(self) -> int:
        return int(re.search(r"^lampline_lamp_ends (\d+)", self.rest.request("GET", "/metrics").text, re.M)[1])

    def stored(self):
        """Rows of calls that talk, and of lamps that may be lit."""
        path = self.server.data / "lampline.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                    for table in ("talking_call", "unasked_lamp")]

    def test_one_that_is_plugged_in_again_is_told_without_registering_anew(self):
        self.watched_by([])
        loop.wait(lambda: len(self.ends()) > 1, "the first NOTIFY of the end was given up, and another is sent")
        self.assertEqual(1, self.owed())
        self.is_told_the_end()
        eventually(lambda: self.owed() == 0, "nothing is owed any more")

    def test_over_a_kill_it_is_told_when_it_registers_anew(self):
        self.watched_by([])
        loop.wait(self.ends, "it is told the end, and does not hear it")
        eventually(lambda: self.stored() == [1, 1], "the call and the lamp are stored")
        self.server.kill()
        self.server.start()
        self.anna.deaf = False
        self.anna.boots()
        self.is_told_the_end()


if __name__ == "__main__":
    unittest.main()
