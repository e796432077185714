"""Which phones answer when they are asked: OPTIONS, and what REST, events and calls make of it."""
import unittest

from lib.case import WireTest, eventually
from lib.events import EventSource
from lib.sdp import ANSWER


class Qualify(WireTest):
    options = ["--qualify-interval=1s", "--qualify-misses=1"]

    def contacts(self, number):
        return self.rest.items(f"/api/v1/registrations?extension={number}")

    def questions(self, phone):
        return [each for each in phone.heard if each.method == "OPTIONS"]

    def a_phone_that_answers(self, transport):
        bob = self.phone("202", transport=transport)
        eventually(lambda: self.contacts("202")[0]["reachable"], "202 is reachable")
        contact = self.contacts("202")[0]
        self.assertGreater(contact["round_trip_ms"], 0)
        self.assertIsNotNone(contact["reachable_since"])
        asked = self.questions(bob)[0]
        self.assertEqual(bob.contact, asked.uri)
        self.assertTrue(asked["From"].startswith("<sip:office.test>"), asked["From"])
        eventually(lambda: len(self.questions(bob)) >= 2, "it is asked again")

    def test_a_phone_that_answers(self):
        self.a_phone_that_answers("udp")

    def test_a_phone_that_answers_over_tcp(self):
        self.a_phone_that_answers("tcp")

    def test_a_phone_that_falls_silent_and_comes_back(self):
        desk, soft = self.phone("202"), self.phone("202", transport="tcp")
        anna = self.phone("201")
        eventually(lambda: all(each["reachable"] for each in self.contacts("202")), "both answer")
        stream = EventSource(self.server.address["http"], self.rest.token, "?types=reachability")
        self.addCleanup(stream.close)
        desk.deaf = True
        gone = stream.receives("reachability", extension="202")
        self.assertFalse(gone.data["reachable"])
        self.assertEqual(desk.contact, gone.data["contact"])
        self.assertEqual({True, False}, {each["reachable"] for each in self.contacts("202")})
        metrics = self.rest.request("GET", "/metrics").text
        self.assertIn('lampline_contacts{state="unreachable"} 1', metrics)

        call = anna.calls("202")
        at_soft = soft.receives("INVITE")
        at_soft.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        at_soft.receives("BYE")

        desk.deaf = False
        desk.registers()
        back = stream.receives("reachability", extension="202")
        self.assertTrue(back.data["reachable"])


class NobodyIsAsked(WireTest):
    options = ["--qualify-interval=0"]

    def test_it_is_off(self):
        bob = self.phone("202")
        bob.pings()
        self.assertIsNone(self.rest.items("/api/v1/registrations")[0]["reachable"])
        self.assertEqual([], [each for each in bob.heard if each.method == "OPTIONS"])


if __name__ == "__main__":
    unittest.main()
