"""NOTIFYs that a registered watcher gets without having subscribed."""
import unittest

from lib.case import WireTest, ring


class Unsolicited(WireTest):
    def setUp(self):
        super().setUp()
        self.rest.put_group("sales", members=["202"], watchers=[
            {"number": "201", "unsolicited": True, "profile": "standard"},
            {"number": "204", "unsolicited": False, "profile": "standard"}])
        self.bob, self.eve = self.phone("202"), self.phone("205")

    def rings(self):
        """A call to 202 that is given up."""
        call, incoming = ring(self.eve, self.bob)
        call.cancels()
        incoming.receives("CANCEL")

    def test_a_registered_watcher_is_told_without_asking(self):
        anna = self.phone("201")
        key = anna.key("202")
        first = key.receives_notify("idle")
        self.assertEqual(anna.contact, first.message.uri)
        self.assertEqual("dialog", first.message["Event"])
        self.assertIn("active", first.message["Subscription-State"])
        self.assertEqual("", first.message.to_tag)      # there is no dialog
        call, incoming = ring(self.eve, self.bob)
        ringing = key.shows("early").document.dialog
        self.assertEqual((incoming.dialog.call_id, incoming.dialog.local_tag),
                         (ringing.call_id, ringing.local_tag))
        call.cancels()
        incoming.receives("CANCEL")
        key.shows("idle")

    def test_it_can_be_switched_off_for_a_watcher(self):
        dan = self.phone("204")
        self.rings()
        dan.pings()
        self.assertEqual([], dan.key("202").history)

    def test_who_subscribes_gets_each_state_once(self):
        anna = self.phone("201")
        key = anna.key("202")
        key.receives_notify()
        subscription = anna.watches("202")
        told = len(key.history)
        self.rings()
        subscription.shows("idle")
        anna.pings()
        self.assertEqual(told, len(key.history))

    def test_every_phone_of_the_watcher_is_told(self):
        desk, mobile = self.phone("201"), self.phone("201", transport="tcp")
        call, incoming = ring(self.eve, self.bob)
        desk.key("202").shows("early")
        mobile.key("202").shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        desk.key("202").shows("idle")
        mobile.key("202").shows("idle")

    def test_a_phone_that_refuses_is_left_alone_until_it_registers_anew(self):
        for refusal in (405, 481, 489):
            with self.subTest(refusal):
                anna = self.phone("201", registered=False)
                anna.answers_notify = lambda n, refusal=refusal: n.replies(refusal)
                anna.registers()
                anna.key("202").receives_notify()
                self.rings()
                anna.registers()                        # a refresh is not anew
                self.rings()
                anna.pings()
                self.assertEqual(1, len(anna.key("202").history))

                anna.unregisters()
                anna.answers_notify = lambda n: n.replies(200)
                anna.registers()
                anna.key("202").receives_notify("idle")
                anna.unregisters()

    def test_a_phone_that_unregisters_is_told_no_more(self):
        anna = self.phone("201")
        anna.key("202").receives_notify()
        anna.unregisters()
        told = len(anna.key("202").history)
        self.rings()
        anna.pings()
        self.assertEqual(told, len(anna.key("202").history))

    def test_a_change_of_the_group_acts_at_once(self):
        dan = self.phone("204")
        self.rest.put_group("sales", members=["202", "203"], watchers=[
            {"number": "204", "unsolicited": True, "profile": "standard"}])
        dan.key("202").receives_notify("idle")
        dan.key("203").receives_notify("idle")
        self.rest.put_group("sales", members=["203"], watchers=[
            {"number": "204", "unsolicited": True, "profile": "standard"}])
        told = len(dan.key("202").history)
        self.rings()
        dan.pings()
        news = dan.key("202").history[told:]
        self.assertEqual([], [n for n in news if n.state != "terminated" and n.lamp != "idle"])


if __name__ == "__main__":
    unittest.main()
