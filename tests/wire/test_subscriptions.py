"""SUBSCRIBE to the dialog package of a member (RFC 6665, RFC 4235).

201 and 204 watch `sales`, whose members are 202 and 203."""
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.message import params


class Subscribing(WireTest):
    options = ["--min-expires", "60"]

    def setUp(self):
        super().setUp()
        self.anna = self.phone("201")

    def test_a_subscription_begins_with_the_full_state(self):
        subscription = self.anna.sends_subscribe("202", expires=600)
        answer = subscription.subscribe.receives(200)
        self.assertEqual("600", answer["Expires"])
        self.assertIn("Contact", answer)
        first = subscription.receives_notify("idle")
        self.assertEqual("active", first.state)
        self.assertAlmostEqual(600, first.expires, delta=2)
        self.assertEqual("full", first.document.state)
        self.assertEqual("sip:202@office.test", first.document.entity)
        self.assertEqual("dialog", first.message["Event"])
        self.assertEqual(self.anna.contact, first.message.uri)

    def test_it_is_challenged(self):
        subscription = self.anna.sends_subscribe("202", authenticates=False)
        self.assertIn("WWW-Authenticate", subscription.subscribe.receives(401))

    def test_who_shares_no_group_may_not_watch(self):
        self.anna.sends_subscribe("205").subscribe.receives(403)
        self.phone("203").sends_subscribe("202").subscribe.receives(403)   # a member is no watcher

    def test_an_unknown_number_is_not_given_away(self):
        known = self.anna.sends_subscribe("205").subscribe.receives_final()
        unknown = self.anna.sends_subscribe("299").subscribe.receives_final()
        self.assertEqual(known.status, unknown.status)

    def test_another_event_package(self):
        answer = self.anna.sends_subscribe("202", event="conference").subscribe.receives(489)
        self.assertIn("dialog", answer.headers.values("Allow-Events"))

    def test_no_event_at_all(self):
        request = self.anna.request("SUBSCRIBE", self.anna.aor_of("202"))
        self.assertIn(self.anna.sends(request).receives_final().status, (400, 489))

    def test_a_body_that_no_datagram_holds(self):
        carl = self.phone("203", transport="tcp")

        def asks(content_type):
            return carl.sends(carl.request("SUBSCRIBE", carl.aor_of("203"), body=" " * 70_000,
                                           content_type=content_type,
                                           headers=[("Event", "dialog")])).receives_final()
        for content_type in ("application/resource-lists+xml", "text/xml;charset=utf-8"):
            with self.subTest(content_type):
                refused = asks(content_type)
                self.assertEqual(400, refused.status)
                self.assertIn("at most 32 KB", refused["Warning"])
        self.assertEqual(413, asks("text/plain").status)

    def test_a_watcher_that_cannot_read_dialog_info(self):
        for accept in ("application/pidf+xml", "*/*, application/dialog-info+xml;q=0"):
            with self.subTest(accept):
                headers = [("Accept", accept)]
                self.anna.sends_subscribe("202", headers=headers).subscribe.receives(406)

    def test_a_watcher_that_accepts_anything(self):
        for accept in ("*/*", "application/*", "text/plain, application/dialog-info+xml;q=0.5"):
            with self.subTest(accept):
                self.anna.watches("202", headers=[("Accept", accept)]).ends()

    def test_too_brief_an_interval_names_the_least(self):
        answer = self.anna.sends_subscribe("202", expires=5).subscribe.receives(423)
        self.assertEqual("60", answer["Min-Expires"])

    def test_too_long_an_interval_is_cut_and_none_is_an_hour(self):
        answer = self.anna.sends_subscribe("202", expires=1_000_000).subscribe.receives(200)
        self.assertEqual("7200", answer["Expires"])
        request = self.anna.request("SUBSCRIBE", self.anna.aor_of("203"),
                                    headers=[("Event", "dialog")])
        subscription = self.anna.subscribes(request, "203", "dialog")
        self.assertEqual("3600", subscription.subscribe.receives(200)["Expires"])

    def test_in_another_name(self):
        request = self.anna.request("SUBSCRIBE", self.anna.aor_of("202"), headers=[
            ("Event", "dialog"), ("From", "<sip:204@office.test>;tag=x1")])
        self.anna.sends(request).receives(403)

    def test_a_refresh_of_nothing(self):
        request = self.anna.request("SUBSCRIBE", self.anna.aor_of("202"),
                                    to=f"<{self.anna.aor_of('202')}>;tag=gone",
                                    headers=[("Event", "dialog"), ("Expires", "600")])
        self.anna.sends(request).receives(481)

    def test_a_refresh_brings_the_full_state_again(self):
        subscription = self.anna.watches("202", expires=100)
        again = subscription.refreshes(expires=900)
        self.assertAlmostEqual(900, again.expires, delta=2)
        self.assertEqual("full", again.document.state)

    def test_within_its_dialog_a_subscribe_needs_no_contact(self):
        """The target of the dialog stays (RFC 3261 §12.2.2)."""
        subscription = self.anna.watches("202", expires=100)

        def asks(expires):
            request = subscription.dialog.request(
                "SUBSCRIBE", [("Event", "dialog"), ("Expires", str(expires))])
            request.headers.remove("Contact")
            return self.anna.sends(request, dialog=subscription.dialog)
        asks(900).receives(200)
        again = subscription.receives_notify("idle")
        self.assertAlmostEqual(900, again.expires, delta=2)
        self.assertEqual(self.anna.contact, again.message.uri)
        asks(0).receives(200)
        self.assertEqual("terminated", subscription.receives_notify().state)
        first = self.anna.request("SUBSCRIBE", self.anna.aor_of("202"), headers=[("Event", "dialog")])
        first.headers.remove("Contact")
        self.assertIn("Contact", self.anna.sends(first).receives(400)["Warning"])

    def test_a_refresh_with_an_old_cseq(self):
        subscription = self.anna.watches("202")
        subscription.refreshes()
        subscription.dialog.cseq = 0
        subscription.sends_subscribe(600).receives(500)

    def test_the_watcher_ends_it(self):
        subscription = self.anna.watches("202")
        last = subscription.ends()
        self.assertEqual("terminated", last.state)
        subscription.sends_subscribe(600).receives(481)
        self.assertEqual([], [lamp for lamp in self.lamps() if lamp["watcher"] == "201"])

    def test_a_fetch_is_one_notify_and_no_subscription(self):
        fetch = self.anna.sends_subscribe("202", expires=0)
        fetch.subscribe.receives(200)
        only = fetch.receives_notify("idle")
        self.assertEqual("terminated", only.state)
        call, incoming = ring(self.phone("203"), self.phone("202"))
        call.cancels()
        incoming.receives("CANCEL")
        self.anna.pings()
        self.assertEqual(1, len(fetch.history))

    def test_the_event_id_is_echoed(self):
        subscription = self.anna.sends_subscribe("202", event="dialog;id=207")
        subscription.subscribe.receives(200)
        notify = subscription.receives_notify()
        self.assertEqual("207", params(notify.message["Event"])["id"])

    def test_two_subscriptions_of_one_phone_are_independent(self):
        bob, carol = self.anna.watches("202"), self.anna.watches("203")
        self.phone("202"), self.phone("203")
        self.assertNotEqual(bob.dialog.call_id, carol.dialog.call_id)
        bob.ends()
        self.assertEqual("active", carol.refreshes().state)

    def test_over_tcp(self):
        dan = self.phone("204", transport="tcp")
        subscription = dan.watches("202")
        call, incoming = ring(self.phone("203"), self.phone("202"))
        subscription.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        subscription.shows("idle")

    def test_a_watcher_behind_nat(self):
        dan = self.phone("204", contact_host="192.168.178.20:5060")
        subscription = dan.watches("202")
        call, incoming = ring(self.phone("203"), self.phone("202"))
        self.assertEqual(dan.contact, subscription.shows("early").message.uri)
        call.cancels()
        incoming.receives("CANCEL")
        subscription.shows("idle")

    def test_a_watcher_that_is_not_registered(self):
        subscription = self.phone("204", registered=False).watches("202")
        call, incoming = talk(self.phone("203"), self.phone("202"))
        subscription.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        subscription.shows("idle")

    def test_a_phone_that_moved_is_told_at_its_new_address(self):
        subscription = self.anna.watches("202")
        moved = self.phone("201", registered=False)
        moved.takes_over(subscription)
        again = subscription.refreshes()
        self.assertEqual(moved.contact, again.message.uri)
        call, incoming = ring(self.phone("203"), self.phone("202"))
        subscription.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        subscription.shows("idle")
        self.anna.pings()

    def test_a_watcher_that_answers_481_is_forgotten(self):
        subscription = self.anna.watches("202")
        self.anna.answers_notify = lambda notification: notification.replies(481)
        call, incoming = ring(self.phone("203"), self.phone("202"))
        subscription.receives_notify()
        call.cancels()
        incoming.receives("CANCEL")
        eventually(lambda: not self.lamps(), "the subscription is gone")

    def test_a_watcher_that_must_wait_is_told_the_last_state_later(self):
        subscription = self.anna.watches("202")
        refusals = iter([True])
        self.anna.answers_notify = lambda notification: notification.replies(
            *((500, [("Retry-After", "1")]) if next(refusals, False) else (200,)))
        call, incoming = ring(self.phone("203"), self.phone("202"))
        subscription.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        subscription.shows("idle")

    def lamps(self):
        return self.rest.items("/api/v1/lamps")


class Expiring(WireTest):
    options = ["--min-expires", "1"]

    def test_a_subscription_that_is_not_refreshed_ends_with_a_notify(self):
        subscription = self.phone("201").watches("202", expires=1)
        last = subscription.receives_notify()
        self.assertEqual(("terminated", "timeout"), (last.state, last.reason))
        subscription.sends_subscribe(600).receives(481)

    def test_a_refresh_prolongs_it(self):
        subscription = self.phone("201").watches("202", expires=4)
        self.assertEqual("active", subscription.refreshes(expires=600).state)
        short = self.phone("204").watches("202", expires=5)
        self.assertEqual("terminated", short.receives_notify().state)      # 5 s have gone by
        self.assertEqual(["active"] * 2, [n.state for n in subscription.history])


if __name__ == "__main__":
    unittest.main()
