"""A number behind which several extensions ring."""
import unittest

from lib.case import WireTest
from lib.sdp import ANSWER


class RingGroup(WireTest):
    def setUp(self):
        super().setUp()
        self.rest.put_group("sales", members=["202", "203", "204"], watchers=["205"])
        self.anna, self.eve = self.phone("201"), self.phone("205")
        self.bob, self.carol = self.phone("202", transport="tcp"), self.phone("203")
        self.dan = self.phone("204", transport="tcp")

    def team(self, strategy, **more):
        members = [{"number": number} for number in ("202", "203", "204")]
        self.rest.put("/api/v1/ring-groups/600",
                      {"display_name": "Sales", "strategy": strategy, "members": members, **more})

    def test_all_ring_one_answers_and_the_lamps_follow(self):
        self.team("all")
        lamps = {number: self.eve.watches(number) for number in ("202", "203", "204")}
        call = self.anna.calls("600")
        incoming = {phone.number: phone.receives("INVITE")
                    for phone in (self.bob, self.carol, self.dan)}
        for number, each in incoming.items():
            each.replies(180)
            lamps[number].shows("early")
        call.receives(180)
        incoming["203"].replies(200, ANSWER)
        self.assertIn("203@office.test", call.receives(200)["P-Asserted-Identity"])
        for number in ("202", "204"):
            self.assertIn("cause=200", incoming[number].receives("CANCEL")["Reason"])
            lamps[number].shows("idle")
        lamps["203"].shows("confirmed")
        call.hangs_up()
        incoming["203"].receives("BYE")
        lamps["203"].shows("idle")

    def test_one_after_the_other_and_then_the_overflow(self):
        self.team("linear", ring_time=5, overflow="205")
        call = self.anna.calls("600")
        first = self.bob.receives("INVITE")
        first.replies(180)
        call.receives(180)
        first.receives("CANCEL")
        self.carol.receives("INVITE").replies(486)
        self.dan.receives("INVITE").replies(603)
        call.receives(181)
        last = self.eve.receives("INVITE")
        self.assertIn("600@office.test", last.received.message["Diversion"])
        last.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        last.receives("BYE")

    def test_round_robin_begins_with_the_next(self):
        self.team("round_robin")
        for phone in (self.bob, self.carol, self.dan, self.bob):
            call = self.anna.calls("600")
            incoming = phone.receives("INVITE")
            incoming.replies(180)
            call.receives(180)
            call.cancels()
            incoming.receives("CANCEL")

    def turns_outlive_a_restart(self, strategy):
        self.team(strategy)
        self.is_answered_by(self.bob)
        self.is_answered_by(self.carol)
        self.server.stop()
        self.server.start()
        for phone in self.office.phones:
            phone.address = self.server.address
        for phone in (self.bob, self.dan):
            phone.registers()  # over a new connection
        self.is_answered_by(self.dan)
        self.is_answered_by(self.bob)

    def is_answered_by(self, phone):
        call = self.anna.calls("600")
        incoming = phone.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_round_robin_outlives_a_restart(self):
        self.turns_outlive_a_restart("round_robin")

    def test_longest_idle_outlives_a_restart(self):
        self.turns_outlive_a_restart("longest_idle")

    def test_the_plan_tells_who_would_ring(self):
        self.team("linear", ring_time=10)
        self.rest.put("/api/v1/extensions/203/forwarding", {"do_not_disturb": True})
        answer = self.rest.request("POST", "/api/v1/digit-plan:test",
                                   {"from": "201", "dialled": "600"}).json
        self.assertEqual([("202", 0), ("204", 10)],
                         [(each["extension"], each["after"]) for each in answer["targets"]])
        self.assertIn("203 is passed over: it does not want to be disturbed", answer["steps"])


if __name__ == "__main__":
    unittest.main()
