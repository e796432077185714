"""What is there again after the server was stopped or killed."""
import contextlib
import signal
import sqlite3
import time
import unittest

from lib.case import SLACK, WireTest, eventually, ring, talk
from lib.message import Address


class Restart(WireTest):
    def test_bindings_are_there_after_a_stop(self):
        self.bindings_survive(self.server.stop)

    def test_bindings_are_there_after_a_kill(self):
        self.bindings_survive(self.server.kill)

    def bindings_survive(self, end):
        anna, bob, carol = self.phone("201"), self.phone("202"), self.phone("203", transport="tcp",
                                                                           listens=True)
        self.stored(bindings=3)
        end()
        self.server.start()
        for callee in (bob, carol):
            call, incoming = ring(anna, callee)
            call.cancels()
            incoming.receives("CANCEL")

    def test_a_phone_that_unregistered_stays_unregistered(self):
        anna, bob = self.phone("201"), self.phone("202")
        self.stored(bindings=2)
        bob.unregisters()
        self.stored(bindings=1)
        self.server.kill()
        self.server.start()
        anna.calls("202").receives(480)

    def test_a_refresh_after_a_restart_needs_no_new_binding(self):
        bob = self.phone("202")
        self.stored(bindings=1)
        self.server.kill()
        self.server.start()
        found = bob.registers().headers.values("Contact")
        self.assertEqual([bob.contact], [Address.parse(value).uri for value in found])

    def test_a_subscription_goes_on_after_a_stop(self):
        lamp = self.phone("201").watches("202")
        bob, eve = self.phone("202"), self.phone("205")
        self.server.stop()
        self.server.start()
        self.a_call_shows(lamp, eve, bob)          # versions go on without a gap: the watch checks
        self.assertEqual("active", lamp.refreshes().state)

    def test_a_subscription_goes_on_after_a_kill(self):
        lamp = self.phone("201").watches("202")
        bob, eve = self.phone("202"), self.phone("205")
        self.stored(bindings=3, subscriptions=1)
        self.server.kill()
        lamp.versions_may_jump = True
        self.server.start()
        self.a_call_shows(lamp, eve, bob)
        self.assertEqual("active", lamp.refreshes().state)

    def test_lamps_are_true_within_two_seconds_of_a_kill_while_it_rings(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        other = self.phone("204", transport="tcp", listens=True).watches("202")
        unasked = self.unsolicited_watcher()
        ring(eve, bob)
        for watch in (lamp, other, unasked):
            watch.shows("early")
        self.stored(bindings=5, subscriptions=2)
        self.server.kill()
        for watch in (lamp, other, unasked):
            watch.versions_may_jump = True
        self.server.start()
        began = time.monotonic()
        for watch in (lamp, other, unasked):
            watch.shows("idle")
        self.assertLess(time.monotonic() - began, 2 + SLACK)
        for phone in (bob, eve):                   # what their old call still says is refused
            phone.calls_by_id.clear()
        self.a_call_shows(lamp, eve, bob)

    def test_over_tcp_without_a_way_back_it_is_told_when_it_registers_anew(self):
        anna = self.phone("201", transport="tcp", contact_host="127.0.0.1:1")    # refuses
        bob, eve = self.phone("202"), self.phone("205")
        lamp, presence = anna.watches("202"), anna.sends_subscribe(
            "202", event="presence", headers=[("Accept", "application/pidf+xml")])
        presence.subscribe.receives(200)
        presence.receives_notify()
        self.stored(bindings=3, subscriptions=2)
        self.server.kill()
        for watch in (lamp, presence):
            watch.versions_may_jump = True
        self.server.start()
        anna.registers()
        lamp.shows("idle")
        presence.receives_notify()
        self.a_call_shows(lamp, eve, bob)
        self.assertEqual("active", lamp.refreshes().state)

    def stored(self, bindings: int, subscriptions: int = 0) -> None:
        """Storage follows what phones are told by some 20 ms; a kill before that may undo it."""
        def counts():
            path = self.server.data / "lampline.db"
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return tuple(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                             for table in ("binding", "subscription"))
        eventually(lambda: counts() == (bindings, subscriptions), "all is stored")

    def unsolicited_watcher(self):
        self.rest.put_group("reception", members=["202"], watchers=[
            {"number": "206", "unsolicited": True, "profile": "auto"}])
        return self.phone("206").key("202")

    def test_draining_lets_a_call_finish_and_takes_no_new_one(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        call, incoming = talk(anna, bob)
        self.server.process.send_signal(signal.SIGTERM)
        refused = eventually(lambda: self.refused(eve), "new calls are refused")
        self.assertIn("Retry-After", refused)
        info = call.sends("INFO", "Signal=1")
        incoming.receives("INFO").replies(200)
        info.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        self.assertEqual(0, self.server._reap())
        self.server.start()

    @staticmethod
    def refused(phone):
        """The 503 a new call gets; before that, a number without a phone gets 480."""
        response = phone.calls("206").invite.receives_final()
        return response if response.status == 503 else None

    def a_call_shows(self, lamp, caller, callee):
        call, incoming = talk(caller, callee)
        lamp.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")


if __name__ == "__main__":
    unittest.main()
