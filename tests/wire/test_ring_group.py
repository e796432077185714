"""A number behind which several extensions ring."""
import unittest

from lib.case import WireTest, eventually
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

    def live(self):
        """Who is in each call, and how; one that is over for it is left out."""
        return [{leg["extension"]: leg["state"] for leg in call["legs"]
                 if leg["state"] != "terminated"} for call in self.rest.items("/api/v1/calls")]

    def rings(self, call, *phones):
        """The call of Anna rings at just these phones, by their INVITEs, the lamps and /calls."""
        incoming = {}
        for phone in phones:
            incoming[phone.number] = phone.receives("INVITE")
            incoming[phone.number].replies(180)
        call.receives(180)
        for number, lamp in self.lamps.items():
            lamp.shows("early" if number in incoming else "idle")
        eventually(lambda: {"201": "early"} | {number: "early" for number in incoming}
                   in self.live(), f"{list(incoming)} ring")
        return incoming

    def is_recorded(self, answered_by, *called):
        """The last call: who answered, and whose phones rang, with what became of it."""
        self.newly_logged(("600", answered_by, sorted(called)), lambda whole: (
            whole["dialled"], whole["answered_by"],
            sorted((part["extension"], part["result"]) for part in whole["parts"] if part["kind"] == "called")))

    def talks_and_ends(self, call, incoming, number):
        incoming[number].replies(200, ANSWER)
        call.receives(200)
        incoming[number].receives("ACK")
        for other in incoming.keys() - {number}:
            incoming[other].receives("CANCEL")
        eventually(lambda: {"201": "confirmed", number: "confirmed"} in self.live(), "they talk")
        for other, lamp in self.lamps.items():
            lamp.shows("confirmed" if other == number else "idle")
        call.hangs_up()
        incoming[number].receives("BYE")
        self.lamps[number].shows("idle")

    def watches_all(self):
        self.lamps = {number: self.eve.watches(number) for number in ("202", "203", "204")}

    def test_a_member_with_a_delay_rings_later(self):
        self.watches_all()
        self.rest.put("/api/v1/ring-groups/600", {
            "display_name": "Sales", "strategy": "all",
            "members": [{"number": "202"}, {"number": "203", "delay": 1}]})
        call = self.anna.calls("600")
        incoming = self.rings(call, self.bob)
        later = self.carol.receives("INVITE")
        later.replies(180)
        self.lamps["203"].shows("early")
        self.talks_and_ends(call, incoming | {"203": later}, "203")
        self.is_recorded("203", ("202", "answered_elsewhere"), ("203", "answered"))

    def test_in_any_order(self):
        self.watches_all()
        self.team("random")
        first = {self.rest.request("POST", "/api/v1/digit-plan:test", {
            "from": "201", "dialled": "600"}).json["targets"][0]["extension"] for _ in range(60)}
        self.assertEqual({"202", "203", "204"}, first)  # else by a chance of one in 10^10
        call = self.anna.calls("600")
        ringing, = eventually(lambda: [call.keys() - {"201"} for call in self.live()
                                       if len(call) > 1], "one of them is called")
        phone, = (phone for phone in (self.bob, self.carol, self.dan) if phone.number in ringing)
        self.talks_and_ends(call, self.rings(call, phone), phone.number)
        self.is_recorded(phone.number, (phone.number, "answered"))

    def test_who_talks_is_skipped_or_not(self):
        self.watches_all()
        own = self.bob.calls("205")
        talking = self.eve.receives("INVITE")
        talking.replies(200, ANSWER)
        own.receives(200)
        talking.receives("ACK")
        self.lamps["202"].shows("confirmed")
        self.team("all", skip_busy=True)
        call = self.anna.calls("600")
        incoming = {phone.number: phone.receives("INVITE") for phone in (self.carol, self.dan)}
        incoming["203"].replies(486)
        self.lamps["203"].shows("idle")
        incoming["204"].replies(200, ANSWER)
        call.receives(200)
        self.assertEqual("confirmed", self.lamps["202"].lamp)
        call.hangs_up()
        incoming["204"].receives("BYE")
        self.is_recorded("204", ("203", "busy"), ("204", "answered"))

        self.team("all", skip_busy=False)
        call = self.anna.calls("600")
        incoming = self.rings_beside(call, self.bob, self.carol, self.dan)
        incoming["202"].replies(200, ANSWER)
        call.receives(200)
        for number in ("203", "204"):
            incoming[number].receives("CANCEL")
        call.hangs_up()
        incoming["202"].receives("BYE")
        self.is_recorded("202", ("202", "answered"), ("203", "answered_elsewhere"),
                         ("204", "answered_elsewhere"))

        self.rest.put("/api/v1/extensions/202/forwarding", {"call_limit": 1})
        call = self.anna.calls("600")
        incoming = self.rings_beside(call, self.carol, self.dan)
        self.assertEqual("confirmed", self.lamps["202"].lamp)
        call.cancels()
        for each in incoming.values():
            each.receives("CANCEL")
        self.is_recorded(None, ("203", "missed"), ("204", "missed"))
        own.hangs_up()
        talking.receives("BYE")

    def rings_beside(self, call, *phones):
        """The same while Bob talks to Eve, whose lamp stays as it is."""
        incoming = {}
        for phone in phones:
            incoming[phone.number] = phone.receives("INVITE")
            incoming[phone.number].replies(180)
            if phone is not self.bob:
                self.lamps[phone.number].shows("early")
        call.receives(180)
        return incoming

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
