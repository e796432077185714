"""Extensions whose phones notify their watchers themselves: the SUBSCRIBE goes to the phone."""
import contextlib
import shutil
import sqlite3
import unittest

from lib.case import WireTest, eventually, ring
from lib.notifier import Notifier, dialog_of
from lib.real_office import RealPhones


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

    def allow(self, sees):
        self.rest.put_group("sales", members=["202"], watchers=["201"] if sees else [])

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

    def test_a_phone_may_ask_for_credentials_of_its_own(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch = anna.sends_subscribe("202")
        bob.receives("SUBSCRIBE").replies(407, headers=[
            ("Proxy-Authenticate", 'Digest realm="desk", nonce="1"')])
        self.assertIn('realm="desk"', watch.subscribe.receives(407)["Proxy-Authenticate"])
        self.assertNotIn("forwarded", [one["kind"] for one in self.rest.items("/api/v1/lamps")])
        theirs = 'Digest username="anna", realm="desk", nonce="1", uri="sip:202@x", response="0"'
        watch = anna.sends_subscribe("202", headers=[("Proxy-Authorization", theirs)])
        phone = Notifier(bob, bob.receives("SUBSCRIBE"))
        self.assertEqual(theirs, phone.subscribe["Proxy-Authorization"])
        self.assertNotIn("Authorization", phone.subscribe.message)
        phone.accepts()
        watch.subscribe.receives(200)
        phone.tells()
        watch.receives_notify("idle")

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


class OverTcp(Forwarded):
    """A connection does not outlive the server; the phones of these do not lose theirs for it."""

    def begun(self, anna, bob):
        watch, phone = self.subscribes(anna, bob)
        eventually(lambda: self.stored() == (2, 1) and self.is_stored(watch),
                   "two bindings and the subscription are stored")
        return watch, phone

    def is_stored(self, watch):
        file = sqlite3.connect(f"file:{self.server.data}/lampline.db?mode=ro", uri=True)
        with contextlib.closing(file):
            return file.execute("SELECT count(*) FROM subscription WHERE call_id = ?",
                                [watch.dialog.call_id]).fetchone()[0] == 1

    def restarts(self, end):
        end()
        self.server.start()

    def goes_on(self, watch, phone):
        phone.tells(dialog_of("early"))
        watch.receives_notify("early")
        refresh = watch.sends_subscribe(600)
        phone.accepts(600, phone.phone.receives("SUBSCRIBE"))
        refresh.receives(200)
        self.assertEqual("told_by_phone", self.lamp()["reason"])
        watch.versions_may_jump = True
        self.allow(False)
        last = watch.receives_notify("idle")
        self.assertEqual(("terminated", "rejected"), (last.state, last.reason))
        phone.sends_notify(dialog_of("early")).receives(481)

    def test_phones_that_listen_after_a_kill(self):
        anna = self.phone("201", transport="tcp", listens=True)
        bob = self.phone("202", transport="tcp", listens=True)
        watch, phone = self.begun(anna, bob)
        self.restarts(self.server.kill)
        self.goes_on(watch, phone)

    def test_phones_that_only_come_back(self):
        for end in ("stop", "kill"):
            with self.subTest(end):
                self.allow(True)
                anna = self.phone("201", transport="tcp", contact_host="127.0.0.1:1")  # refuses
                bob = self.phone("202", transport="tcp", contact_host="127.0.0.1:1")
                watch, phone = self.begun(anna, bob)
                self.restarts(getattr(self.server, end))
                anna.registers()
                bob.registers()
                self.goes_on(watch, phone)
                anna.unregisters()
                bob.unregisters()

    def test_a_watcher_over_tcp_and_a_phone_over_udp(self):
        anna = self.phone("201", transport="tcp", contact_host="127.0.0.1:1")
        watch, phone = self.begun(anna, self.phone("202"))
        self.restarts(self.server.kill)
        anna.registers()
        self.goes_on(watch, phone)

    def test_a_connection_that_is_lost_is_replaced_by_the_next_one(self):
        anna = self.phone("201", transport="tcp", contact_host="127.0.0.1:1")
        bob = self.phone("202", transport="tcp", contact_host="127.0.0.1:1")
        watch, phone = self.begun(anna, bob)
        for lost in (anna, bob):
            lost.flow().close()
            lost.registers()
        self.goes_on(watch, phone)

    def test_what_cannot_be_told_yet_is_to_be_told_again(self):
        anna = self.phone("201", transport="tcp", contact_host="127.0.0.1:1")
        watch, phone = self.begun(anna, self.phone("202"))
        self.restarts(self.server.kill)
        refused = phone.sends_notify(dialog_of("early")).receives(503)
        self.assertGreater(int(refused["Retry-After"]), 0)     # so the phone keeps it
        watch.versions_may_jump = True
        anna.registers()
        self.goes_on(watch, phone)


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

    def ends(self, watch, phone, reason="rejected"):
        """The exchange has ended it; the phone hears so when it notifies again."""
        last = watch.receives_notify("idle")
        self.assertEqual(("terminated", reason), (last.state, last.reason))
        phone.sends_notify(dialog_of("early")).receives(481)
        watch.phone.pings()
        self.assertIs(last, watch.history[-1])

    def test_a_right_that_goes_ends_it_at_once(self):
        for transports in (("udp", "udp"), ("tcp", "udp"), ("udp", "tcp"), ("tcp", "tcp")):
            with self.subTest(transports):
                anna = self.phone("201", transport=transports[0])
                bob = self.phone("202", transport=transports[1])
                watch, phone = self.subscribes(anna, bob)
                phone.tells(dialog_of("early"))
                watch.receives_notify("early")
                self.allow(False)
                self.ends(watch, phone)
                watch.sends_subscribe(600).receives(403)
                self.assertEqual([], self.rest.items("/api/v1/lamps"))
                self.allow(True)
                anna.unregisters()
                bob.unregisters()

    def test_a_right_that_goes_after_a_kill_ends_it_at_once(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        phone.tells(dialog_of("early"))
        watch.receives_notify("early")
        eventually(lambda: self.stored() == (2, 1), "two bindings and a subscription are stored")
        self.server.kill()
        self.server.start()
        watch.versions_may_jump = True
        self.allow(False)
        self.ends(watch, phone)

    def test_a_member_that_hides_turns_dark(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        phone.tells(dialog_of("early"))
        watch.receives_notify("early")
        self.rest.request("PATCH", "/api/v1/extensions/202", {"visibility": "hidden"})
        self.ends(watch, phone)

    def test_a_member_that_is_deleted_turns_dark(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        phone.tells(dialog_of("early"))
        watch.receives_notify("early")
        self.rest.put_group("sales", members=["203"], watchers=["201"])
        self.ends(watch, phone)
        self.rest.delete("/api/v1/extensions/202")
        watch.sends_subscribe(600).receives(403)

    def test_two_phones_are_ended_by_their_own_names(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        told = []
        watch = anna.sends_subscribe("202")
        phones = [Notifier(each, each.receives("SUBSCRIBE")) for each in (desk, mobile)]
        watch.take = lambda request: (told.append(request), request.replies(200))
        for phone, number in zip(phones, (7, 40)):
            phone.dialog.cseq = phone.version = number
            phone.accepts()
            phone.tells(dialog_of("early"))
        watch.subscribe.receives(200)
        self.allow(False)
        eventually(lambda: len(told) == 4, "each phone has told, and is ended")
        for phone, number in zip(phones, (7, 40)):
            first, last = [one.message for one in told
                           if one.message.from_tag == phone.subscribe.local_tag]
            self.assertEqual((number + 1, number + 2), (first.cseq, last.cseq))
            self.assertIn(f'version="{number + 2}"', last.body.decode())
            self.assertNotIn("early", last.body.decode())
            self.assertEqual("terminated;reason=rejected", last["Subscription-State"])
            phone.sends_notify(dialog_of("early")).receives(481)

    def test_the_end_is_repeated_until_it_is_answered(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        anna.deaf = True
        self.allow(False)
        phone.sends_notify(dialog_of("early")).receives(481)
        anna.deaf = False
        self.assertEqual("rejected", watch.receives_notify("idle").reason)

    def test_a_setting_that_goes_hands_it_back(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        self.set(False)
        self.ends(watch, phone, "deactivated")
        watch.sends_subscribe(600).receives(481)
        anna.watches("202")

    def test_a_phone_that_has_booted_leaves_no_lamp_as_it_was(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport):
                anna, bob = self.phone("201"), self.phone("202", transport=transport)
                watch, phone = self.subscribes(anna, bob)
                bob.registers()                         # a mere refresh
                phone.tells(dialog_of("early"))
                watch.receives_notify("early")
                bob.boots()
                self.ends(watch, phone, "deactivated")
                anna.unregisters()
                bob.unregisters()

    def test_one_of_two_phones_has_booted_and_the_other_one_tells_on(self):
        anna, desk, mobile = self.phone("201"), self.phone("202"), self.phone("202")
        told = []
        watch = anna.sends_subscribe("202")
        phones = [Notifier(each, each.receives("SUBSCRIBE")) for each in (desk, mobile)]
        watch.take = lambda request: (told.append(request), request.replies(200))
        for phone in phones:
            phone.accepts()
            phone.tells(dialog_of("early"))
        watch.subscribe.receives(200)
        desk.boots()
        eventually(lambda: len(told) == 3, "the one that has booted is ended")
        last = told[-1].message
        self.assertEqual(phones[0].subscribe.local_tag, last.from_tag)
        self.assertEqual("terminated;reason=deactivated", last["Subscription-State"])
        phones[0].sends_notify(dialog_of("early")).receives(481)
        phones[1].tells()
        eventually(lambda: len(told) == 4, "the other one tells on")
        self.assertEqual("told_by_phone", self.lamp()["reason"])

    def test_who_has_left_is_notified_no_more(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        anna.unregisters()
        self.ends(watch, phone, "deactivated")

    def test_only_notifys_pass_from_the_phone(self):
        anna, bob = self.phone("201"), self.phone("202")
        _, phone = self.subscribes(anna, bob)
        bob.sends(phone.dialog.request("INFO")).receives(481)
        stolen = phone.dialog.request("NOTIFY", [("Event", "dialog"),
                                                 ("Subscription-State", "active")])
        stolen.headers.set("To", f"<{anna.aor}>;tag=another")
        bob.sends(stolen).receives(481)


class Expiring(Forwarded):
    options = ["--min-expires", "1"]

    def test_whose_registration_has_expired_is_told_nothing_more_and_begins_anew_when_it_is_back(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch, phone = self.subscribes(anna, bob)
        anna.registers(expires=1)
        eventually(lambda: not anna.registers(None, contacts=[]).headers.lines("Contact"),
                   "the binding ends")
        told = len(watch.history)
        phone.sends_notify(dialog_of("early")).receives(481)
        watch.sends_subscribe(600).receives(481)
        anna.pings()
        self.assertEqual(told, len(watch.history))
        anna.registers()
        last = watch.receives_notify("idle")
        self.assertEqual(("terminated", "deactivated"), (last.state, last.reason))
        self.subscribes(anna, bob)


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class OfOthers(RealPhones, Forwarded):
    def test_sipp_notifies(self):
        """The ladder of the snom page: 200, and NOTIFYs for off, flashing, steady, off."""
        anna = self.phone("201")
        notifier = self.sipp_phone("notifier", "202")
        watch = anna.sends_subscribe("202")
        watch.subscribe.receives(200)
        for lamp in ("idle", "early", "confirmed", "idle"):
            watch.receives_notify(lamp)
        watch.sends_subscribe(0).receives(200)
        self.assertEqual("terminated", watch.receives_notify("idle").state)
        notifier.succeeds()

    def test_a_right_that_goes_ends_what_two_sipps_have(self):
        notifier = self.sipp_phone("refused_notifier", "202")
        watcher = self.sipp("watcher", service="202", user="201")
        eventually(lambda: self.stored() == (1, 1), "a binding and a subscription are stored")
        self.allow(False)
        watcher.succeeds()
        notifier.succeeds()


if __name__ == "__main__":
    unittest.main()
