"""Who is logged in to a ring group: a code, a key and REST change it, a lamp shows it."""
import contextlib
import sqlite3
import unittest

from lib.case import WireTest, eventually


class RingGroupLogin(WireTest):
    def setUp(self):
        super().setUp()
        self.rest.put("/api/v1/ring-groups/sales",
                      {"strategy": "all", "members": [{"number": "202"}, {"number": "203"}]})
        self.anna, self.carol = self.phone("201"), self.phone("203", transport="tcp")

    def members(self):
        group = self.rest.get("/api/v1/ring-groups/sales")
        return {row["number"]: row["logged_in"] for row in group["members"]}

    def dials(self, phone, code):
        """Answered, and hung up when the phone has shown it."""
        call = phone.calls(code)
        answer = call.receives(200)
        call.receives("BYE")
        return answer

    def rings(self, *phones):
        """A call to the group rings these phones, and no others."""
        call = self.anna.calls("sales")
        incoming = [phone.receives("INVITE") for phone in phones]
        for each in incoming:
            each.replies(180)
        call.receives(180)
        for phone in self.office.phones:
            phone.pings()
        call.cancels()
        for each in incoming:
            each.receives("CANCEL")

    def logs_out_and_in(self, transport):
        bob = self.phone("202", transport=transport, listens=transport == "tcp")
        lamp = bob.sends_subscribe("login+sales")
        lamp.subscribe.receives(200)
        lamp.receives_notify("confirmed")
        self.rings(bob, self.carol)
        self.assertIn("Logged out of sales", self.dials(bob, "*51*sales")["P-Asserted-Identity"])
        lamp.shows("idle")
        self.assertEqual({"202": False, "203": True}, self.members())
        self.rings(self.carol)

        eventually(lambda: self.stored() == (1, 0), "the subscription and the end of the call are stored")
        self.server.kill()
        lamp.versions_may_jump = True
        self.server.start()
        lamp.receives_notify("idle")
        self.carol.registers()  # over a new connection
        self.assertEqual({"202": False, "203": True}, self.members())
        self.rings(self.carol)

        if transport == "tcp":
            bob.registers()
        self.dials(bob, "login+sales")
        lamp.shows("confirmed")
        self.assertEqual({"202": True, "203": True}, self.members())
        self.rings(bob, self.carol)
        self.assertEqual("login+sales is on",
                         self.rest.get("/api/v1/lamps/202/login+sales")["summary"][:17])

    def stored(self):
        path = self.server.data / "lampline.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(
                "SELECT (SELECT count(*) FROM subscription WHERE member = 'login+sales'),"
                " (SELECT count(*) FROM ringing_invite)").fetchone()

    def test_over_udp(self):
        self.logs_out_and_in("udp")

    def test_over_tcp(self):
        self.logs_out_and_in("tcp")

    def test_rest_and_the_codes_are_about_the_same(self):
        bob = self.phone("202")
        lamp = bob.watches("login+sales")
        self.rest.put("/api/v1/ring-groups/sales", {"members": [
            {"number": "202", "logged_in": False}, {"number": "203"}]})
        lamp.shows("idle")
        self.rings(self.carol)
        # A PUT that says nothing of it leaves it as it is.
        self.rest.put("/api/v1/ring-groups/sales",
                      {"members": [{"number": "203"}, {"number": "202"}, {"number": "204"}]})
        self.assertEqual({"202": False, "203": True, "204": True}, self.members())
        self.dials(bob, "*50")
        lamp.shows("confirmed")
        self.assertEqual({"202": True, "203": True, "204": True}, self.members())

    def test_with_nobody_logged_in_the_call_overflows(self):
        dan = self.phone("204")
        self.rest.put("/api/v1/ring-groups/sales",
                      {"overflow": "204", "members": [{"number": "203"}]})
        self.dials(self.carol, "*51")
        call = self.anna.calls("sales")
        call.receives(181)
        incoming = dan.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        self.assertIn("sales@office.test", incoming.received.message["Diversion"])
        call.cancels()
        incoming.receives("CANCEL")


if __name__ == "__main__":
    unittest.main()
