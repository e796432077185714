"""Event packages beside `dialog`, over both transports: who is told what, and by what right."""
import re
import unittest

from lib.case import eventually, ring
from lib.packages import Events

SUMMARY = "application/simple-message-summary"
PIDF = "application/pidf+xml"
FEATURES = "application/x-as-feature-event+xml"
TOGETHER = FEATURES + ", multipart/mixed"


def body(notification) -> str:
    text = notification.message.body
    return text.decode() if isinstance(text, bytes) else text


class OverUdp(Events):
    def features(self, subscription) -> str:
        """All that it is told first, in NOTIFYs that are whole datagrams (RFC 3261 §18.1.1)."""
        told = ""
        while "forwardNoAns" not in told:
            notification = subscription.receives_notify()
            if self.transport == "udp":
                self.assertLessEqual(len(bytes(notification.message)), 1300)
            else:
                self.assertTrue(
                    notification.message["Content-Type"].startswith("multipart/mixed"))
            told += body(notification)
        for word in ("<doNotDisturbOn>", "forwardImmediate", "forwardBusy", "forwardNoAns"):
            self.assertEqual(1, told.count(word))
        return told

    def counts(self, number: str, **messages) -> None:
        self.rest.put(f"/api/v1/extensions/{number}/messages", messages)

    def test_messages_that_wait(self):
        anna = self.phone("201")
        subscription = self.subscribed(anna, "201", "message-summary", SUMMARY)
        first = subscription.receives_notify()
        self.assertIn("Messages-Waiting: no", body(first))
        self.assertEqual(SUMMARY, first.message["Content-Type"])
        self.counts("201", new=2, old=1, urgent_new=1)
        self.assertIn("Voice-Message: 2/1 (1/0)", body(subscription.receives_notify()))
        self.assertEqual({"new": 2, "old": 1, "urgent_new": 1, "urgent_old": 0},
                         {name: count for name, count in
                          self.rest.get("/api/v1/extensions/201/messages").items()
                          if name in ("new", "old", "urgent_new", "urgent_old")})
        row = next(row for row in self.rest.items("/api/v1/subscriptions?watcher=201"))
        self.assertEqual(("message-summary", "201", "subscribed"),
                         (row["package"], row["resource"], row["kind"]))
        answer = self.rest.request("PUT", "/api/v1/extensions/201/messages",
                                   {"new": 1, "urgent_new": 2})
        self.assertEqual(422, answer.status)
        metrics = self.rest.request("GET", "/metrics").text
        self.assertIn('lampline_event_subscriptions{package="message-summary"} 1', metrics)

    def test_messages_without_a_subscription(self):
        anna = self.phone("201")
        self.counts("201", new=3)
        told = anna.key("201").receives_notify()
        self.assertIn("Voice-Message: 3/0", body(told))
        self.assertEqual("message-summary", told.message["Event"])
        again = self.phone("201")
        self.assertIn("Voice-Message: 3/0", body(again.key("201").receives_notify()))

    def test_presence_follows_calls(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        subscription = self.subscribed(anna, "202", "presence", PIDF)
        self.assertIn("<note>Ready</note>", body(subscription.receives_notify()))
        outgoing, incoming = ring(eve, bob)
        self.assertIn("<note>Ringing</note>", body(subscription.receives_notify()))
        incoming.replies(200, "v=0\r\n")
        outgoing.receives(200)
        incoming.receives("ACK")
        self.assertIn("<rpid:on-the-phone/>", body(subscription.receives_notify()))
        outgoing.hangs_up()
        incoming.receives("BYE")
        self.assertIn("<note>Ready</note>", body(subscription.receives_notify()))
        eve.sends_subscribe("202", event="presence", headers=[("Accept", PIDF)]) \
           .subscribe.receives(403)
        answer = anna.sends_subscribe("202", event="presence").subscribe.receives(406)
        self.assertEqual(PIDF, answer["Accept"])
        for accept in (f"{PIDF};q=0", f"application/*, {PIDF};q=0.0"):
            anna.sends_subscribe("202", event="presence", headers=[("Accept", accept)]) \
                .subscribe.receives(406)

    def test_registrations_for_who_is_trusted(self):
        program = self.phone("206")
        program.sends_subscribe("202", event="reg", headers=[("Accept", "*/*")]) \
               .subscribe.receives(403)
        self.set("206", trusted=True)
        subscription = self.subscribed(program, "202", "reg")
        self.assertIn('state="init"', body(subscription.receives_notify()))
        bob = self.phone("202")
        news = body(subscription.receives_notify())
        self.assertIn('version="1" state="partial"', news)
        self.assertIn(f"{bob.host_port}", news)
        bob.unregisters()
        self.assertIn('event="unregistered"', body(subscription.receives_notify()))

    def test_do_not_disturb_is_the_same_everywhere(self):
        desk, soft, eve = self.phone("202"), self.phone("202"), self.phone("205")
        subscriptions = [self.subscribed(phone, "202", "as-feature-event", TOGETHER)
                         for phone in (desk, soft)]
        for subscription in subscriptions:
            self.assertIn("<doNotDisturbOn>false", self.features(subscription))
        subscriptions[0].sends_subscribe(
            600, body="<SetDoNotDisturb><device/><doNotDisturbOn>true</doNotDisturbOn>"
                      "</SetDoNotDisturb>", content_type=FEATURES).receives(200)
        for subscription in subscriptions:
            self.assertIn("<doNotDisturbOn>true", body(subscription.receives_notify()))
        self.assertTrue(self.rest.get("/api/v1/extensions/202/forwarding")["do_not_disturb"])
        eve.calls("202").receives(480)
        eve.calls("*73").receives(200)          # somebody else's settings are no news here
        self.rest.request("PATCH", "/api/v1/extensions/202/forwarding",
                          {"do_not_disturb": False, "always": "203"})
        for subscription in subscriptions:
            news = ""                           # over UDP it comes in two
            while "<forwardTo>203</forwardTo>" not in news:
                news += body(subscription.receives_notify())
            self.assertIn("<doNotDisturbOn>false", news)

    def test_a_forward_to_nobody_is_taken_back(self):
        desk = self.phone("202")
        subscription = self.subscribed(desk, "202", "as-feature-event", TOGETHER)
        self.features(subscription)
        subscription.sends_subscribe(
            600, body="<SetForwarding><device/><forwardingType>forwardImmediate</forwardingType>"
                      "<activateForward>true</activateForward><forwardDN>998877</forwardDN>"
                      "</SetForwarding>", content_type=FEATURES).receives(200)
        self.assertIn("<forwardStatus>false", body(subscription.receives_notify()))

    def test_a_forward_that_the_digit_plan_refuses_is_taken_back(self):
        plan = self.rest.get("/api/v1/digit-plan")
        plan.pop("updated_at")
        plan.pop("warnings")
        self.addCleanup(self.rest.put, "/api/v1/digit-plan", plan)
        self.rest.put("/api/v1/digit-plan", {"rules": [
            {"pattern": "0900.*", "status": 403, "phrase": "No Premium Calls"}]})
        desk = self.phone("202")
        subscription = self.subscribed(desk, "202", "as-feature-event", TOGETHER)
        self.features(subscription)
        subscription.sends_subscribe(
            600, body="<SetForwarding><device/><forwardingType>forwardImmediate</forwardingType>"
                      "<activateForward>true</activateForward><forwardDN>0900123</forwardDN>"
                      "</SetForwarding>", content_type=FEATURES).receives(200)
        self.assertIn("<forwardStatus>false", body(subscription.receives_notify()))
        self.assertIsNone(self.rest.get("/api/v1/extensions/202/forwarding")["always"])

    def test_bad_bodies_of_subscribe(self):
        desk = self.phone("202")
        def refused(text: str, status: int, content_type: str = FEATURES):
            request = desk.request("SUBSCRIBE", desk.aor, body=text, content_type=content_type,
                                   headers=[("Event", "as-feature-event"), ("Expires", "600")])
            return desk.sends(request).receives(status)
        refused("<SetDoNotDisturb>", 400)
        refused("<!DOCTYPE a [<!ENTITY b 'c'>]><SetDoNotDisturb>&b;</SetDoNotDisturb>", 400)
        refused("<a>" * 20 + "</a>" * 20, 400)
        self.assertEqual(FEATURES, refused("{}", 415, "application/json")["Accept"])

    def test_what_does_not_fit_comes_in_pieces(self):
        phones = [self.phone("202") for _ in range(9)]
        subscription = self.subscribed(phones[0], "202", "reg")
        told, sizes, states = set(), [], []
        while len(told) < len(phones):
            message = subscription.receives_notify().message
            sizes.append(len(bytes(message)))
            states.append("full" if b'state="full"' in message.body else "partial")
            told |= set(re.findall(rb"<uri>(.*?)</uri>", message.body))
        if self.transport == "udp":
            self.assertLessEqual(max(sizes), 1300)
            self.assertGreater(len(sizes), 1)
        else:
            self.assertEqual(1, len(sizes))
        self.assertEqual(["full"] + ["partial"] * (len(sizes) - 1), states)
        metrics = self.rest.request("GET", "/metrics").text
        self.assertIn("lampline_notifies_fragmented_total 0\n", metrics)
        self.assertIn('lampline_event_notifies_large_total{package="reg",sent="oversized"} 0\n', metrics)

    def test_what_a_phone_asked_for_goes_with_it(self):
        anna = self.phone("201")
        subscriptions = [self.subscribed(anna, number, event) for number, event in
                         (("202", "presence"), ("201", "message-summary"), ("202", "dialog"))]
        for subscription in subscriptions:
            subscription.receives_notify()
        anna.unregisters()
        for subscription in subscriptions:
            last = subscription.receives_notify()
            self.assertEqual("terminated;reason=deactivated",
                             last.message["Subscription-State"])
        eventually(lambda: self.stored() == 0, "nothing is stored of a phone that is gone")

    def test_subscriptions_survive_a_kill(self):
        anna = self.phone("201", listens=self.transport == "tcp")
        subscription = self.subscribed(anna, "202", "presence", PIDF)
        before = subscription.receives_notify().message.cseq
        eventually(self.stored, "the subscription is on disk")
        self.server.kill()
        self.server.start()
        again = subscription.receives_notify()
        self.assertGreater(again.message.cseq, before)
        self.assertIn("<note>Not online</note>", body(again))


class OverTcp(OverUdp):
    transport = "tcp"


if __name__ == "__main__":
    unittest.main()
