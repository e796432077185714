"""Keys for do not disturb and forwarding: what they show, and what pressing them does."""
import unittest

from lib.case import WireTest


class FeatureKeys(WireTest):
    def setUp(self):
        super().setUp()
        self.bob = self.phone("202")

    def presses(self, key):
        """The owner's call to its key is answered, and hung up when the phone has shown it."""
        call = self.bob.calls(key)
        answer = call.receives(200)
        call.receives("BYE")
        return answer

    def forwarding(self):
        return self.rest.get("/api/v1/extensions/202/forwarding")

    def test_do_not_disturb_is_switched_by_its_key_and_by_rest(self):
        own = self.bob.watches("dnd+202")
        colleague = self.phone("201").watches("dnd+202")
        self.presses("dnd+202")
        for key in (own, colleague):
            key.shows("confirmed")
        self.assertTrue(self.forwarding()["do_not_disturb"])
        self.rest.put("/api/v1/extensions/202/forwarding", {"do_not_disturb": False})
        for key in (own, colleague):
            key.shows("idle")
        self.assertEqual("dnd+202 is off", self.rest.get("/api/v1/lamps/202/dnd+202")["summary"][:14])

    def test_a_forward_is_ended_by_its_key(self):
        self.rest.put("/api/v1/extensions/202/forwarding", {"always": "203"})
        key = self.bob.sends_subscribe("fwd+202")
        key.subscribe.receives(200)
        key.receives_notify("confirmed")
        self.presses("fwd+202")
        key.shows("idle")
        self.assertIsNone(self.forwarding()["always"])
        self.bob.calls("fwd+202").receives(484)

    def test_nobody_else_presses_or_sees_it(self):
        eve = self.phone("205")
        eve.calls("dnd+202").receives(403)
        eve.sends_subscribe("dnd+202").subscribe.receives(403)

    def test_a_snom_shows_a_colleague_who_wants_peace_as_busy(self):
        lamps = {agent: self.phone("201", user_agent=agent).watches("202")
                 for agent in ("snomD785/10.1.175.16", "snom360/5.5", "Acme 1.0")}
        self.rest.put("/api/v1/extensions/202/forwarding", {"do_not_disturb": True})
        lamps["snomD785/10.1.175.16"].shows("confirmed")
        for agent in ("snom360/5.5", "Acme 1.0"):
            lamps[agent].phone.pings()
            self.assertEqual("idle", lamps[agent].lamp)
        self.rest.put("/api/v1/extensions/202/forwarding", {"do_not_disturb": False})
        lamps["snomD785/10.1.175.16"].shows("idle")

    def test_a_profile_may_tell_states_apart_on_the_key_of_a_colleague(self):
        self.rest.put("/api/v1/body-profiles/telling",
                      {"unregistered": "trying", "do_not_disturb": "confirmed", "forwarded": "early"})
        self.rest.put_group("sales", ["202", "203"], [
            {"number": "201", "unsolicited": False, "profile": "telling"}])
        anna = self.phone("201")
        bob, carol = anna.watches("202"), anna.sends_subscribe("203")
        carol.subscribe.receives(200)
        carol.receives_notify("trying")        # it has no phone
        self.phone("203")
        carol.shows("idle")
        self.rest.put("/api/v1/extensions/202/forwarding", {"do_not_disturb": True})
        bob.shows("confirmed")
        self.rest.put("/api/v1/extensions/202/forwarding", {"always": "203"})
        bob.shows("early")
        self.bob.unregisters()
        bob.shows("trying")


if __name__ == "__main__":
    unittest.main()
