"""Which phones answer when they are asked: OPTIONS, and what REST, events and calls make of it."""
import unittest

from lib.case import WireTest, eventually
from lib.program import standing_still
from lib.events import EventSource
from lib.sdp import ANSWER
from lib.second_phones import SecondPhones


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


class PhonesOfOthers(SecondPhones):
    """A phone that stands still rings no more while another one of its extension answers."""
    options = ["--qualify-interval=1s", "--qualify-misses=1"]

    def answer(self, *expected):
        rows = eventually(lambda: [row for row in [self.rest.items(
            "/api/v1/registrations?extension=202")] if sorted(
                each["reachable"] or False for each in row) == sorted(expected)],
            f"of 202 {expected} answer", 40)[0]
        return [row["round_trip_ms"] for row in rows]

    def calls(self, caller, desk, *ringing):
        call = caller.calls("202")
        incoming = desk.receives("INVITE")
        for phone in ringing:
            phone.rings()
            call.receives(180)
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def stands_still(self, phone):
        caller = self.phone("201", transport=self.transports[0])
        desk = self.phone("202", transport=self.transports[1])
        desk.answers_by_itself |= {"OPTIONS"}
        self.assertTrue(all(self.answer(True, True)))
        with standing_still(phone.process):
            self.answer(True, False)
            self.calls(caller, desk)
        self.answer(True, True)
        self.assertNotRegex(phone.text, "[Ii]ncoming call")
        self.calls(caller, desk, phone)

    def test_linphone(self):
        self.stands_still(self.linphone("202", False))

    def test_baresip(self):
        self.stands_still(self.baresip("202", False))


class PhonesOfOthersOverTcp(PhonesOfOthers):
    transports = ("tcp", "udp")


class NobodyIsAsked(WireTest):
    options = ["--qualify-interval=0"]

    def test_it_is_off(self):
        bob = self.phone("202")
        bob.pings()
        self.assertIsNone(self.rest.items("/api/v1/registrations")[0]["reachable"])
        self.assertEqual([], [each for each in bob.heard if each.method == "OPTIONS"])


if __name__ == "__main__":
    unittest.main()
