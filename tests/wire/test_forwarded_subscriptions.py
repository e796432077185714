"""Extensions whose phones notify their watchers themselves: the SUBSCRIBE goes to the phone."""
import contextlib
import sqlite3
import tempfile
import unittest
from pathlib import Path

from lib.case import WireTest, eventually, ring
from lib.notifier import Notifier, dialog_of
from lib.real_phones import Sipp, free_udp_port


class Forwarded(WireTest):
    def setUp(self):
        super().setUp()
        self.rest.put_group("sales", members=["202"], watchers=[
            {"number": "201", "unsolicited": True}])
        self.set(True)

    def set(self, phone_notifies):
        answer = self.rest.request("PATCH", "/api/v1/extensions/202",
                                   {"phone_notifies": phone_notifies})
        self.assertEqual(200, answer.status, answer.text)

    def stored(self):
        file = sqlite3.connect(f"file:{self.server.data}/lampline.db?mode=ro", uri=True)
        with contextlib.closing(file):
            return (file.execute("SELECT count(*) FROM binding").fetchone()[0],
                    file.execute("SELECT count(*) FROM subscription WHERE forwarded").fetchone()[0])

    def lamp(self):
        return self.rest.get("/api/v1/lamps/201/202")

    def subscribes(self, anna, bob, expires=600):
        """SUBSCRIBE, 401, SUBSCRIBE; the phone's 200 and its first NOTIFY."""
        watch = anna.sends_subscribe("202")
        phone = Notifier(bob, bob.receives("SUBSCRIBE"))
        phone.accepts(expires)
        self.assertEqual(str(expires), watch.subscribe.receives(200)["Expires"])
        phone.tells()
        watch.receives_notify("idle")
        return watch, phone


class Lamps(Forwarded):
    def test_the_phone_tells_and_the_exchange_is_silent(self):
        for transports in (("udp", "udp"), ("tcp", "udp"), ("udp", "tcp"), ("tcp", "tcp")):
            with self.subTest(transports):
                anna = self.phone("201", transport=transports[0])
                bob = self.phone("202", transport=transports[1])
                eve = self.phone("205")
                unasked = anna.key("202")
                unasked.receives_notify("idle")
                watch, phone = self.subscribes(anna, bob)
                asked = phone.subscribe.message
                self.assertNotIn("Authorization", asked)    # our realm's credentials stay here
                self.assertEqual(("dialog", bob.contact), (asked["Event"], asked.uri))

                account = self.lamp()
                self.assertEqual("told_by_phone", account["reason"])
                self.assertIn("notifies its watchers itself", account["phones"][0]["explanation"])
                self.assertEqual(["forwarded"],
                                 [lamp["kind"] for lamp in self.rest.items("/api/v1/lamps")])
                call, incoming = ring(eve, bob)
                phone.tells(dialog_of("early"))
                watch.receives_notify("early")
                call.cancels()
                incoming.receives("CANCEL")
                phone.tells()
                watch.receives_notify("idle")
                anna.pings()
                self.assertEqual(1, len(unasked.history))   # nothing of ours beside it

                refresh = watch.sends_subscribe(3600)
                again = bob.receives("SUBSCRIBE")
                self.assertEqual(phone.subscribe.local_tag, again.message.to_tag)
                phone.accepts(900, again)
                self.assertEqual("900", refresh.receives(200)["Expires"])
                phone.tells()
                watch.receives_notify("idle")

                end = watch.sends_subscribe(0)
                phone.accepts(0, bob.receives("SUBSCRIBE"))
                end.receives(200)
                phone.tells(state="terminated;reason=timeout")
                self.assertEqual("terminated", watch.receives_notify("idle").state)
                unasked.receives_notify("idle")             # and now it is ours to tell
                for one in (anna, bob, eve):
                    one.unregisters()

    def test_a_notify_may_come_before_the_answer(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch = anna.sends_subscribe("202")
        phone = Notifier(bob, bob.receives("SUBSCRIBE"))
        phone.tells()
        watch.receives_notify("idle")
        phone.accepts()
        watch.subscribe.receives(200)
        refresh = watch.sends_subscribe(600)     # the route of the NOTIFY leads to the phone
        phone.accepts(600, bob.receives("SUBSCRIBE"))
        refresh.receives(200)

    def test_a_restart_changes_nothing(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        eventually(lambda: self.stored() == (2, 1), "two bindings and a subscription are stored")
        self.server.kill()
        self.server.start()
        phone.tells(dialog_of("early"))
        watch.receives_notify("early")
        self.assertEqual("told_by_phone", self.lamp()["reason"])
        told = len(anna.key("202").history)
        refresh = watch.sends_subscribe(600)
        phone.accepts(600, bob.receives("SUBSCRIBE"))
        refresh.receives(200)
        anna.pings()
        self.assertEqual(told, len(anna.key("202").history))

    def test_two_phones_are_asked_and_the_first_that_accepts_counts(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        watch = anna.sends_subscribe("202")
        desk_asked, mobile_asked = desk.receives("SUBSCRIBE"), mobile.receives("SUBSCRIBE")
        desk_asked.replies(489)
        phone = Notifier(mobile, mobile_asked)
        phone.accepts()
        watch.subscribe.receives(200)
        phone.tells()
        watch.receives_notify("idle")


class Gone(Forwarded):
    def test_no_phone_is_there(self):
        anna = self.phone("201")
        answer = anna.sends_subscribe("202").subscribe.receives(480)
        self.assertIn("no phone of 202 is registered", answer["Warning"])

    def test_the_phone_has_forgotten_it(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, _ = self.subscribes(anna, bob)
        refresh = watch.sends_subscribe(600)
        bob.receives("SUBSCRIBE").replies(481)
        refresh.receives(481)
        self.subscribes(anna, bob)

    def test_the_phone_is_silent(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        watch, _ = self.subscribes(anna, bob)
        bob.unplugs()
        watch.sends_subscribe(600).receives(480, within=25)

    def test_the_watcher_has_forgotten_it(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        told = len(anna.key("202").history)
        anna.answers_notify = lambda n: n.replies(481 if n.message.to_tag else 200)
        phone.sends_notify().receives(481)
        anna.key("202").receives_notify("idle") if told == 0 else anna.key("202").shows("idle")


class Rights(Forwarded):
    def test_who_may_not_see_is_refused_and_nothing_reaches_the_phone(self):
        eve, bob = self.phone("205"), self.phone("202")
        eve.sends_subscribe("202").subscribe.receives(403)
        eve.sends_subscribe("202", authenticates=False).subscribe.receives(401)
        bob.pings()
        self.assertEqual([], [m for m in bob.heard if m.method == "SUBSCRIBE"])

    def test_a_refresh_is_authenticated_and_is_the_watchers_alone(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        watch, _ = self.subscribes(anna, bob)
        watch.sends_subscribe(600, authenticates=False).receives(401)
        theirs = watch.dialog.request("SUBSCRIBE", [("Event", "dialog"), ("Expires", "600")])
        theirs.headers.set("From", f"<{eve.aor}>;tag={watch.dialog.local_tag}")
        eve.sends(theirs).receives(403)

    def test_a_right_that_goes_ends_it_with_the_next_notify(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        self.rest.put_group("sales", members=["202"], watchers=[])
        phone.sends_notify(dialog_of("early"))
        last = watch.receives_notify()
        self.assertEqual(("terminated", "rejected", b""),
                         (last.state, last.reason, last.message.body))
        watch.sends_subscribe(600).receives(403)

    def test_a_setting_that_goes_hands_it_back(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        self.set(False)
        phone.sends_notify(dialog_of("early"))
        last = watch.receives_notify()
        self.assertEqual(("terminated", "deactivated", b""),
                         (last.state, last.reason, last.message.body))
        watch.sends_subscribe(600).receives(481)
        anna.watches("202")

    def test_only_notifys_pass_from_the_phone(self):
        anna, bob = self.phone("201"), self.phone("202")
        _, phone = self.subscribes(anna, bob)
        bob.sends(phone.dialog.request("INFO")).receives(481)
        stolen = phone.dialog.request("NOTIFY", [("Event", "dialog"),
                                                 ("Subscription-State", "active")])
        stolen.headers.set("To", f"<{anna.aor}>;tag=another")
        bob.sends(stolen).receives(481)


class OfOthers(Forwarded):
    def test_sipp_notifies(self):
        """The ladder of the snom page: 200, and NOTIFYs for off, flashing, steady, off."""
        anna = self.phone("201")
        with tempfile.TemporaryDirectory() as folder:
            port = free_udp_port()
            registers = Sipp("register", self.server.address["udp"], Path(folder), port=port,
                             calls=1, service="202", user="202",
                             secret=self.office.secrets["202"])
            self.addCleanup(registers.close)
            registers.succeeds()
            notifier = Sipp("notifier", self.server.address["udp"], Path(folder), port=port,
                            calls=1, service="202")
            self.addCleanup(notifier.close)
            watch = anna.sends_subscribe("202")
            watch.subscribe.receives(200)
            for lamp in ("idle", "early", "confirmed", "idle"):
                watch.receives_notify(lamp)
            watch.sends_subscribe(0).receives(200)
            self.assertEqual("terminated", watch.receives_notify("idle").state)
            notifier.succeeds()


if __name__ == "__main__":
    unittest.main()
