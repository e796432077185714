"""What watchers may see and do: rights of a group, consent of the watched, whole groups as watchers."""
import unittest

from lib.case import WireTest, ring, talk


class Rights(WireTest):
    def group(self, **more):
        self.rest.put("/api/v1/groups/sales", {"members": ["202", "203"], "watchers": [
            {"number": "201", "unsolicited": False}], **more})

    def test_a_lamp_without_a_name(self):
        self.group(rights={"parties": False})
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        call, incoming = ring(eve, bob)
        ringing = lamp.shows("early")
        self.assertNotIn("sip:205@", ringing.message.body.decode())
        self.assertIn("sip:anonymous@anonymous.invalid", ringing.message.body.decode())
        # Who calls is hidden, not what is needed to take the call.
        shown = ringing.document.dialog
        taken = anna.calls("202", headers=[("Replaces", f"{shown.call_id};to-tag={shown.remote_tag};"
                                                        f"from-tag={shown.local_tag}")])
        taken.receives(200)
        incoming.receives("CANCEL")
        call.receives(200)
        lamp.shows("idle")
        taken.hangs_up()
        call.receives("BYE")

    def test_a_lamp_that_may_not_be_picked_up(self):
        self.group(rights={"pickup": False})
        anna, bob, eve = self.phone("201"), self.phone("202", transport="tcp"), self.phone("205")
        lamp = anna.watches("202")
        call, incoming = ring(eve, bob)
        shown = lamp.shows("early").document.dialog
        named = incoming.dialog
        self.assertEqual((shown.id, "", ""), (shown.call_id, shown.local_tag, shown.remote_tag))
        self.assertNotIn(shown.id, (named.call_id, named.local_tag, named.remote_tag))
        anna.calls("202", headers=[("Replaces", shown.call_id)]).receives(481)
        anna.calls("202", headers=[("Replaces", f"{named.call_id};to-tag={named.remote_tag};"
                                                f"from-tag={named.local_tag}")]).receives(403)
        anna.calls("**202").receives(403)
        anna.calls("*8").receives(480)
        call.cancels()
        incoming.receives("CANCEL")
        lamp.shows("idle")

    def test_who_hides_in_mid_call_turns_dark_and_is_not_seen_again(self):
        self.group()
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        talk(eve, bob)
        lamp.shows("confirmed")
        self.rest.request("PATCH", "/api/v1/extensions/202", {"visibility": "hidden"})
        last = lamp.shows("idle")
        self.assertEqual("terminated", last.state)
        self.assertEqual("rejected", last.reason)
        anna.sends_subscribe("202").subscribe.receives(403)
        self.assertEqual(["203"], [row["member"] for row in
                                   self.rest.items("/api/v1/extensions/201/watches?kind=extension")])

    def test_the_name_goes_and_comes_while_the_lamp_stays_lit(self):
        self.group()
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        talk(eve, bob)
        self.assertIn(b"sip:205@", lamp.shows("confirmed").message.body)
        self.rest.request("PATCH", "/api/v1/extensions/202", {"visibility": "anonymous"})
        self.assertNotIn(b"sip:205@", lamp.receives_notify("confirmed").message.body)
        self.rest.request("PATCH", "/api/v1/extensions/202", {"visibility": "open"})
        self.assertIn(b"sip:205@", lamp.receives_notify("confirmed").message.body)

    def test_a_group_watches_itself(self):
        self.group(watching_groups=[{"name": "sales"}])
        carl, bob, eve = self.phone("203"), self.phone("202"), self.phone("205")
        key = carl.key("202")
        key.receives_notify("idle")
        call, incoming = ring(eve, bob)
        key.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        key.shows("idle")
        bob.key("203").receives_notify("idle")
        bob.pings()
        self.assertEqual([], bob.key("202").history)


if __name__ == "__main__":
    unittest.main()
