"""kill -9 in the middle of calls of more than two phones."""
import unittest

from lib.case import eventually, talk
from lib.event_loop import loop
from lib.sdp import ANSWER, sdp
from test_survive import SurvivingOffice


class OneCallerAndSeveralPhones(SurvivingOffice):
    """In proxy mode the caller has a dialog with each that has answered (RFC 3261 section 13.2.2.4)."""

    def setUp(self):
        super().setUp()
        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "proxy"})
        anna = self.phone("201")
        desk, mobile = self.phone("202"), self.phone("202")
        self.watch = self.phone("204").watches("202")
        desk.ignores_cancel = True
        self.call = anna.calls("202", acks=False)
        self.at_desk, self.at_mobile = desk.receives("INVITE"), mobile.receives("INVITE")
        self.at_desk.replies(180)
        self.call.receives(180)
        self.at_mobile.replies(200, ANSWER)
        self.first = self.call.receives(200)
        self.at_desk.receives("CANCEL")
        self.at_desk.replies(200, ANSWER)
        self.second = loop.wait(
            lambda: next((m for m in anna.heard if m.status == 200 and m.cseq_method == "INVITE"
                          and m.to_tag != self.first.to_tag), None), "the second 200")
        self.watch.shows("confirmed")
        self.uses(self.first)
        self.call.invite.acknowledges()
        self.talk("201", "202", "202")

    def uses(self, answer):
        """The caller goes on in this of its dialogs."""
        self.call.dialog.learn(answer, as_caller=True)

    def talk(self, *numbers):
        def talking():
            return sorted(leg["extension"] for live in self.rest.items("/api/v1/calls")
                          for leg in live["legs"] if leg["state"] == "confirmed")
        eventually(lambda: talking() == sorted(numbers), f"{numbers} talk")

    def is_killed(self, dialogs):
        eventually(lambda: self.rows("SELECT count(*) FROM talking_call") == [(dialogs,)],
                   "each dialog is stored")
        self.server.kill()
        self.watch.versions_may_jump = True
        before = len(self.watch.history)
        self.server.start()
        loop.wait(lambda: len(self.watch.history) > before, "the first NOTIFY after the start")
        self.assertEqual({"confirmed"}, {n.lamp for n in self.watch.history[before:]})

    def test_each_dialog_outlives_the_exchange(self):
        self.is_killed(2)
        self.talk("201", "202", "202")
        self.call.hangs_up()
        self.at_mobile.receives("BYE")
        self.talk("201", "202")
        self.assertEqual("confirmed", self.watch.lamp)
        self.is_killed(1)
        self.uses(self.second)
        self.at_desk.hangs_up()
        self.call.receives("BYE")
        self.watch.shows("idle")
        eventually(lambda: self.rows("SELECT count(*) FROM talking_call") == [(0,)], "no row left")


class ATargetHasAnswered(SurvivingOffice):
    def test_it_and_who_was_to_talk_to_it_are_hung_up(self):
        anna, bob, carl = self.phone("201"), self.phone("202"), self.phone("203")
        call, incoming = talk(anna, bob)
        incoming.sends("REFER", headers=[("Refer-To", "<sip:203@office.test>")]).receives(202)
        incoming.receives("NOTIFY").replies(200)
        target = carl.receives("INVITE")
        target.replies(180)
        incoming.receives("NOTIFY").replies(200)
        incoming.hangs_up()
        # Who waits alone is stored with what rings for it, and then with who has answered.
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(2,)], "stored")
        target.replies(200, sdp("target", 1))
        call.receives("INVITE")                    # and its phone takes its time
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite WHERE stage = 'answered'")
                   == [(2,)], "both are stored")
        self.server.kill()
        self.server.start()
        for waiting in (call, target):
            self.assertIn("Exchange restarted", waiting.receives("BYE")["Reason"])
        self.assertEqual([], self.rest.items("/api/v1/calls"))
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(0,)], "no row left")


if __name__ == "__main__":
    unittest.main()
