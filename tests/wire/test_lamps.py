"""What watchers are told about calls of 202 and 203, the members of `sales`, and in which order."""
import unittest

from lib.case import WireTest, ring, talk
from lib.sdp import ANSWER, sdp


def in_order(wanted: list[str], shown: list[str]) -> bool:
    """Whether `wanted` is what remains of `shown` when states that came between are left out."""
    rest = iter(shown)
    return all(lamp in rest for lamp in wanted)


class Lamps(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob, self.eve = self.phone("201"), self.phone("202"), self.phone("205")
        self.lamp = self.anna.watches("202")

    def test_a_call_to_the_member(self):
        call, incoming = ring(self.eve, self.bob)
        self.lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        self.lamp.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        self.lamp.shows("idle")
        self.assertTrue(in_order(["idle", "early", "confirmed", "idle"], self.lamp.lamps),
                        self.lamp.lamps)

    def test_a_call_by_the_member(self):
        call, incoming = ring(self.bob, self.eve)
        ringing = self.lamp.shows("early").document.dialog
        self.assertEqual("initiator", ringing.direction)
        self.assertEqual(
            (call.dialog.call_id, call.dialog.local_tag, call.dialog.remote_tag),
            (ringing.call_id, ringing.local_tag, ringing.remote_tag))
        self.assertEqual(("sip:205@office.test", "Eve Ng"),
                         (ringing.remote.identity, ringing.remote.display))
        incoming.replies(200, ANSWER)
        call.receives(200)
        self.lamp.shows("confirmed")
        incoming.hangs_up()
        call.receives("BYE")
        self.lamp.shows("idle")

    def test_the_body_names_the_dialog_of_the_watched_phone_so_that_a_pickup_can_name_it(self):
        call, incoming = ring(self.eve, self.bob)
        ringing = self.lamp.shows("early").document.dialog
        self.assertEqual("recipient", ringing.direction)
        self.assertEqual(
            (incoming.dialog.call_id, incoming.dialog.local_tag, incoming.dialog.remote_tag),
            (ringing.call_id, ringing.local_tag, ringing.remote_tag))
        self.assertEqual(("sip:202@office.test", "Bob Stone"),
                         (ringing.local.identity, ringing.local.display))
        self.assertEqual(("sip:205@office.test", "Eve Ng"),
                         (ringing.remote.identity, ringing.remote.display))
        self.assertTrue(ringing.local.target)
        self.assertTrue(ringing.remote.target)
        call.cancels()
        incoming.receives("CANCEL")
        self.lamp.shows("idle")

    def test_every_way_for_ringing_to_end_ends_the_lamp(self):
        for end in ("cancelled", "busy", "declined"):
            with self.subTest(end):
                call, incoming = ring(self.eve, self.bob)
                self.lamp.shows("early")
                if end == "cancelled":
                    call.cancels()
                    incoming.receives("CANCEL")
                else:
                    status = 486 if end == "busy" else 603
                    incoming.replies(status)
                    call.receives(status)
                self.lamp.shows("idle")

    def test_one_extension_with_two_phones_rings_with_two_dialogs_and_talks_with_one(self):
        mobile = self.phone("202")
        call = self.eve.calls("202")
        at_desk, at_mobile = self.bob.receives("INVITE"), mobile.receives("INVITE")
        at_desk.replies(180)
        at_mobile.replies(180)
        self.lamp.shows("early")
        call.receives(180)
        at_mobile.replies(200, ANSWER)
        call.receives(200)
        at_desk.receives("CANCEL")
        talking = self.lamp.shows("confirmed").document
        living = [dialog for dialog in talking.dialogs if dialog.state != "terminated"]
        self.assertEqual([at_mobile.dialog.call_id], [dialog.call_id for dialog in living])
        call.hangs_up()
        at_mobile.receives("BYE")
        self.lamp.shows("idle")

    def test_a_second_call_to_a_busy_member_shows_both(self):
        first, talking = talk(self.eve, self.bob)
        self.lamp.shows("confirmed")
        finn = self.phone("206")
        second, ringing = ring(finn, self.bob)
        both = self.lamp.shows("early").document
        self.assertEqual({"early", "confirmed"}, {dialog.state for dialog in both.dialogs})
        self.assertEqual(2, len({dialog.id for dialog in both.dialogs}))
        ringing.replies(486)
        second.receives(486)
        self.lamp.shows("confirmed")
        first.hangs_up()
        talking.receives("BYE")
        self.lamp.shows("idle")

    def test_a_watcher_who_comes_late_sees_the_call(self):
        call, incoming = talk(self.eve, self.bob)
        late = self.phone("204").sends_subscribe("202")
        late.subscribe.receives(200)
        self.assertEqual("confirmed", late.receives_notify().document.dialog.state)
        call.hangs_up()
        incoming.receives("BYE")
        late.shows("idle")

    def test_a_call_between_two_members_lights_both(self):
        carol = self.phone("203")
        other = self.anna.watches("203")
        call, incoming = talk(self.bob, carol)
        self.assertEqual("initiator", self.lamp.shows("confirmed").document.dialog.direction)
        self.assertEqual("recipient", other.shows("confirmed").document.dialog.direction)
        call.hangs_up()
        incoming.receives("BYE")
        self.lamp.shows("idle")
        other.shows("idle")

    def test_the_watcher_itself_calls_the_member(self):
        call, incoming = talk(self.anna, self.bob)
        self.lamp.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        self.lamp.shows("idle")

    def test_hold_is_told(self):
        call, incoming = talk(self.eve, self.bob)
        self.lamp.shows("confirmed")
        told = len(self.lamp.history)
        held = call.sends("INVITE", sdp("caller", 2, "sendonly"))
        incoming.receives("INVITE").replies(200, sdp("callee", 2, "recvonly"))
        held.receives(200)
        self.anna.pings()
        resumed = incoming.sends("INVITE", sdp("callee", 3, "sendonly"))
        call.receives("INVITE").replies(200, sdp("caller", 3, "recvonly"))
        resumed.receives(200)
        self.anna.pings()
        rendering = [n.document.dialog.local.target_params.get("+sip.rendering")
                     for n in self.lamp.history[told:]]
        self.assertIn("no", rendering)   # 202 does not play what it receives while it holds
        call.hangs_up()
        incoming.receives("BYE")
        self.lamp.shows("idle")

    def test_names_that_need_escaping(self):
        self.rest.put_extension("205", "secret-of-205", 'R&D <"Eve">')
        call, incoming = ring(self.eve, self.bob)
        self.assertEqual('R&D <"Eve">', self.lamp.shows("early").document.dialog.remote.display)
        call.cancels()
        incoming.receives("CANCEL")


class SlowWatcher(WireTest):
    """A watcher that takes its time to answer a NOTIFY: nothing is lost that matters."""

    def setUp(self):
        super().setUp()
        self.anna, self.bob, self.eve = self.phone("201"), self.phone("202"), self.phone("205")
        self.lamp = self.anna.watches("202")
        self.anna.answers_notify = lambda notification: None

    def answers(self) -> None:
        """Answers what is waiting, and from now on everything."""
        self.anna.answers_notify = lambda notification: notification.replies(200)
        self.lamp.history[-1].replies(200)

    def test_one_notify_is_under_way_at_a_time(self):
        call, incoming = ring(self.eve, self.bob)
        waiting = self.lamp.receives_notify()
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        self.anna.pings()
        self.assertIs(waiting, self.lamp.history[-1])
        self.answers()
        self.lamp.shows("idle")

    def test_the_idle_moment_between_two_calls_is_kept(self):
        first, incoming = ring(self.eve, self.bob)
        self.lamp.receives_notify()
        first.cancels()
        incoming.receives("CANCEL")
        second, incoming = ring(self.eve, self.bob)
        self.anna.pings()
        before = len(self.lamp.history)
        self.answers()
        self.lamp.shows("early")
        second.cancels()
        incoming.receives("CANCEL")
        self.lamp.shows("idle")
        told = [n.lamp for n in self.lamp.history[before:]]
        self.assertTrue(in_order(["idle", "early", "idle"], told), told)

    def test_a_watcher_that_was_away_for_a_while(self):
        self.anna.answers_notify = lambda notification: notification.replies(200)
        self.anna.deaf = True
        for _ in range(3):
            call, incoming = ring(self.eve, self.bob)
            call.cancels()
            incoming.receives("CANCEL")
        call, incoming = ring(self.eve, self.bob)
        self.anna.deaf = False
        self.lamp.shows("early")               # at the next repetition, 4 s at the latest
        call.cancels()
        incoming.receives("CANCEL")
        self.lamp.shows("idle")

    def test_many_calls_are_told_in_few_words(self):
        for _ in range(10):
            call, incoming = ring(self.eve, self.bob)
            call.cancels()
            incoming.receives("CANCEL")
        self.anna.pings()
        before = len(self.lamp.history)
        self.answers()
        self.lamp.shows("idle")
        self.anna.pings()
        self.assertLessEqual(len(self.lamp.history) - before, 3)

    def test_a_refresh_does_not_overtake(self):
        ring(self.eve, self.bob)[1].replies(486)
        self.lamp.receives_notify()
        self.lamp.sends_subscribe(600).receives(200)
        self.answers()
        self.lamp.shows("idle")


class ManyCalls(WireTest):
    def test_back_to_back_calls_leave_every_lamp_true(self):
        bob, carol, eve, finn = (self.phone(number) for number in ("202", "203", "205", "206"))
        watchers = [self.phone("201"), self.phone("204"), self.phone("204", transport="tcp")]
        lamps = [watcher.watches(member) for watcher in watchers for member in ("202", "203")]
        for round_ in range(10):
            calls = [talk(eve, bob), talk(finn, carol)]
            if round_ == 9:
                for lamp in lamps:
                    lamp.shows("confirmed")
            for call, incoming in calls:
                call.hangs_up()
                incoming.receives("BYE")
        for lamp in lamps:
            lamp.shows("idle")
        for watcher in watchers:
            watcher.pings()
        self.assertEqual(["idle"] * len(lamps), [lamp.lamp for lamp in lamps])


if __name__ == "__main__":
    unittest.main()
