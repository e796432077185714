"""kill -9 while a phone waits for the answer to its re-INVITE: it gets one from the next run."""
import contextlib
import sqlite3
import unittest

from lib.case import WireTest, eventually, talk
from lib.sdp import sdp


class KilledChanges(WireTest):
    def is_stored(self, what):
        def rows():
            with contextlib.closing(sqlite3.connect(self.server.data / "lampline.db")) as database:
                return database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
        eventually(rows, f"{what} is stored")

    def phone(self, number, **options):
        phone = super().phone(number, **options)
        phone.answers_by_itself |= {"OPTIONS"}     # the probes after a start
        return phone

    def test_one_that_was_just_sent_over_udp_is_repeated(self):
        call, incoming = talk(self.phone("201"), self.phone("202", transport="tcp", listens=True))
        self.is_stored("talking_call")
        self.is_stored("binding")
        change = call.sends("INVITE", sdp("caller", 2))
        incoming.receives("INVITE")
        self.server.kill()
        self.assertEqual([], change.responses)
        self.server.start()
        again = incoming.receives("INVITE")
        self.assertEqual(sdp("caller", 2).encode(), again.body)
        again.replies(200, sdp("callee", 2))
        self.assertEqual(sdp("callee", 2).encode(), change.receives(200).body)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")


if __name__ == "__main__":
    unittest.main()
