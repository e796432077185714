"""Event packages beside `dialog`, over both transports: who is told what, and by what right."""
import re
import sqlite3
import time
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.dialog import new_tag
from lib.message import Address
from lib.sdp import ANSWER, sdp

SUMMARY = "application/simple-message-summary"
PIDF = "application/pidf+xml"
FEATURES = "application/x-as-feature-event+xml"
TOGETHER = FEATURES + ", multipart/mixed"
DIALOG_INFO = "application/dialog-info+xml"


def dialog_info(state: str = "early", inside: str = "") -> str:
    """That 202 has a dialog elsewhere, as its phone would publish it."""
    return ('<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
            'version="0" state="full" entity="sip:202@office.test"><dialog id="1" '
            f'call-id="elsewhere" direction="recipient"><state>{state}</state>{inside}</dialog>'
            '</dialog-info>')


def body(notification) -> str:
    text = notification.message.body
    return text.decode() if isinstance(text, bytes) else text


AT_ONE = ("Call-Info", "<sip:202@office.test>;appearance-index=1")
REST_IDLE = "<sip:202@office.test>;appearance-index=*;appearance-state=idle"


class SharedLine:
    """Two phones at 202 with two appearances, which both watch."""

    def __init__(self, test):
        self.test = test
        test.set("202", appearances=2)
        self.phones = self.desk, self.lab = test.phone("202"), test.phone("202")
        self.lines = [test.subscribed(phone, "202", "call-info") for phone in self.phones]
        self.both_see("idle")

    def both_see(self, state: str) -> None:
        for line in self.lines:
            told = line.receives_notify().message["Call-Info"]
            if state == "idle":
                self.test.assertEqual("<sip:202@office.test>;appearance-index=*;appearance-state=idle",
                                      told)
            else:
                self.test.assertIn(f"appearance-index=1;appearance-state={state}", told)
                self.test.assertNotIn(f"appearance-state={state}-", told)

    def claims(self, phone):
        """SUBSCRIBE, 200 and NOTIFY of line-seize for the first appearance."""
        claim = self.test.subscribed(phone, "202", "line-seize", expires=15, headers=[AT_ONE])
        self.test.assertIn("seized", claim.receives_notify().message["Call-Info"])
        self.both_see("seized")
        return claim

    def rings(self, caller):
        call = caller.calls("202")
        rings = [phone.receives("INVITE") for phone in self.phones]
        for one in rings:
            self.test.assertIn("appearance-index=1", one.received.message["Call-Info"])
        self.both_see("alerting")
        return call, rings


class Events(WireTest):
    transport = "udp"

    def phone(self, number: str, **options):
        return super().phone(number, transport=self.transport, **options)

    def subscribed(self, phone, number: str, event: str, accept: str = "*/*", expires: int = 600,
                   headers=()):
        """SUBSCRIBE, 200; the first NOTIFY is not received yet."""
        subscription = phone.sends_subscribe(number, expires, event,
                                             [("Accept", accept), *headers])
        subscription.subscribe.receives(200)
        return subscription

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

    def set(self, number: str, **settings) -> None:
        answer = self.rest.request("PATCH", f"/api/v1/extensions/{number}", settings)
        self.assertEqual(200, answer.status, answer.text)

    def stored(self) -> int:
        file = sqlite3.connect(f"file:{self.server.data}/lampline.db?mode=ro", uri=True)
        try:
            return file.execute("SELECT count(*) FROM subscription").fetchone()[0]
        finally:
            file.close()

    def gauge(self, name: str) -> float:
        text = self.rest.request("GET", "/metrics").text
        return float(re.search(rf"(?m)^{name} (\S+)$", text)[1])

    def publish(self, phone, number: str, event: str, text: str = "", headers=(),
                content_type: str | None = None):
        request = phone.request("PUBLISH", phone.aor_of(number), body=text,
                                content_type=content_type, headers=[("Event", event), *headers])
        return phone.sends(request)


class OverUdp(Events):
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

    def test_a_published_dialog_lights_the_lamp(self):
        bob = self.phone("202")
        lamp = self.phone("201").watches("202")
        text = dialog_info()
        answer = self.publish(bob, "202", "dialog", text, [("Expires", "600")],
                              DIALOG_INFO).receives(200)
        self.assertEqual("600", answer["Expires"])
        self.assertEqual("elsewhere", lamp.shows("early").document.dialog.call_id)
        talking = self.publish(bob, "202", "dialog", text.replace("early", "confirmed"),
                               [("SIP-If-Match", answer["SIP-ETag"])], DIALOG_INFO).receives(200)
        self.assertNotEqual(answer["SIP-ETag"], talking["SIP-ETag"])
        lamp.shows("confirmed")
        self.publish(bob, "202", "dialog", headers=[("SIP-If-Match", answer["SIP-ETag"])]) \
            .receives(412)
        self.publish(bob, "202", "dialog", headers=[("SIP-If-Match", talking["SIP-ETag"]),
                                                    ("Expires", "0")]).receives(200)
        lamp.shows("idle")
        self.assertEqual([], self.rest.items("/api/v1/calls"))
        self.publish(bob, "203", "dialog", text, (), DIALOG_INFO).receives(403)
        self.publish(bob, "202", "dialog", text, (), "text/plain").receives(415)
        self.assertIn("dialog", self.publish(bob, "202", "conference", text, (), "text/plain")
                      .receives(489)["Allow-Events"])

    def test_who_may_not_publish(self):
        bob, eve = self.phone("202"), self.phone("205")
        lamp = self.phone("201").watches("202")

        def publish(phone, number, **options):
            return phone.request("PUBLISH", phone.aor_of(number), body=dialog_info(),
                                 content_type=DIALOG_INFO, headers=[("Event", "dialog")], **options)
        self.assertIn("WWW-Authenticate",
                      bob.sends(publish(bob, "202"), authenticates=False).receives(401))
        eve.sends(publish(eve, "202")).receives(403)
        forged = Address(eve.aor_of("202"), "", {"tag": new_tag()})
        eve.sends(publish(eve, "202", from_=forged)).receives(403)
        eve.sends(publish(eve, "299")).receives(403)
        self.assertEqual(0, self.gauge("lampline_publications"))
        lamp.phone.pings()
        self.assertEqual("idle", lamp.lamp)

    def test_bad_bodies_of_publish(self):
        bob = self.phone("202")

        def refused(text: str, status: int = 400):
            answer = self.publish(bob, "202", "dialog", text, (), DIALOG_INFO).receives(status)
            if status == 400:
                self.assertIn("at most 32 KB", answer["Warning"])
        refused("<dialog-info>")
        refused(dialog_info(inside="<a>" * 20 + "</a>" * 20))
        refused(dialog_info(inside=" " * 33_000))
        refused("<!DOCTYPE a [<!ENTITY b 'c'>]>" + dialog_info(inside="&b;"))
        if self.transport == "tcp":                # more than a datagram has
            refused(dialog_info(inside=" " * 70_000), 413)
        self.publish(bob, "202", "dialog", dialog_info(inside=" " * 20_000), (), DIALOG_INFO) \
            .receives(200)

    def test_what_is_published_outlives_a_kill(self):
        bob = self.phone("202")
        lamp = self.phone("201", listens=self.transport == "tcp").watches("202")
        self.set("206", trusted=True)
        program = self.phone("206")
        etag = self.publish(bob, "202", "dialog", dialog_info("confirmed"), [("Expires", "600")],
                            DIALOG_INFO).receives(200)["SIP-ETag"]
        active = "<sip:202@office.test>;appearance-index=1;appearance-state=active"
        self.publish(program, "202", "call-info", headers=[("Call-Info", active)]).receives(200)
        lamp.shows("confirmed")
        before = lamp.history[-1].document.dialog.id
        lit = self.rest.get("/api/v1/lamps/201/202")["calls"]
        self.assertEqual([(None, None, "202")],
                         [(one["id"], one["leg"], one["published"]["by"]) for one in lit])
        eventually(lambda: self.rows("SELECT event FROM publication ORDER BY event")
                   == [("call-info",), ("dialog",)], "both are on disk")
        eventually(lambda: self.stored() == 1, "the subscription is on disk")
        self.server.kill()
        lamp.versions_may_jump = True
        told = len(lamp.history)
        self.server.start()
        eventually(lambda: len(lamp.history) > told, "the lamp is told")
        self.assertEqual(["confirmed"], [one.lamp for one in lamp.history[told:]])
        self.assertEqual(before, lamp.history[-1].document.dialog.id)
        for phone in (bob, program):
            phone.registers()
        line = self.subscribed(self.phone("201"), "202", "call-info")
        self.assertEqual([active, REST_IDLE],
                         line.receives_notify().message.headers.values("Call-Info"))
        renewed = self.publish(bob, "202", "dialog", headers=[("SIP-If-Match", etag)]) \
            .receives(200)["SIP-ETag"]
        self.publish(bob, "202", "dialog", headers=[("SIP-If-Match", renewed), ("Expires", "0")]) \
            .receives(200)
        lamp.shows("idle")
        eventually(lambda: self.rows("SELECT event FROM publication") == [("call-info",)],
                   "the withdrawn one is off the disk")

    def test_call_info_of_a_third_party(self):
        self.set("206", trusted=True)
        program, anna = self.phone("206"), self.phone("201")
        subscription = self.subscribed(anna, "202", "call-info")
        self.assertEqual(REST_IDLE, subscription.receives_notify().message["Call-Info"])
        alerting = "<sip:202@office.test>;appearance-index=1;appearance-state=alerting"
        answer = self.publish(program, "202", "call-info",
                              headers=[("Call-Info", alerting)]).receives(200)
        self.assertEqual([alerting, REST_IDLE],
                         subscription.receives_notify().message.headers.values("Call-Info"))
        active = alerting.replace("alerting", "active")
        self.publish(program, "202", "call-info",
                     headers=[("Call-Info", active), ("SIP-If-Match", answer["SIP-ETag"])]) \
            .receives(200)
        self.assertEqual([active, REST_IDLE],
                         subscription.receives_notify().message.headers.values("Call-Info"))
        refused = self.publish(program, "202", "call-info").receives(400)
        self.assertIn("Call-Info", refused["Warning"])
        self.publish(program, "202", "line-seize",
                     headers=[("Call-Info", "<sip:202@office.test>")]).receives(400)

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

    def test_a_hold_becomes_private(self):
        self.set("202", appearances=1)
        desk, eve = self.phone("202"), self.phone("205")
        line = self.subscribed(desk, "202", "call-info")
        line.receives_notify()
        outgoing, incoming = talk(eve, desk)

        def line_is(state: str) -> None:
            while f"appearance-state={state};" not in line.receives_notify().message["Call-Info"]:
                pass
        line_is("active")
        for state in ("held", "held-private", "held"):
            change = incoming.sends("INVITE", sdp("callee", 2, "sendonly"), [
                ("Call-Info", f"<sip:202@office.test>;appearance-index=1;appearance-state={state}")])
            passed = outgoing.receives("INVITE")
            self.assertNotIn("Call-Info", passed.message)
            passed.replies(200, ANSWER)
            change.receives(200)
            line_is(state)

    def test_a_shared_line_is_claimed_and_called(self):
        line = self.shared_line()
        desk, lab, eve = line.desk, line.lab, self.phone("205")
        claim = line.claims(desk)
        lab.sends_subscribe("202", 15, "line-seize", [("Accept", "*/*"), AT_ONE]) \
           .subscribe.receives(480)
        lab.sends_subscribe("202", 15, "line-seize", [("Accept", "*/*")]).subscribe.receives(400)

        outgoing = desk.calls("205", headers=[AT_ONE])
        incoming = eve.receives("INVITE")
        self.assertNotIn("Call-Info", incoming.received.message)
        line.both_see("progressing")
        self.assertEqual("terminated", claim.receives_notify().state)
        incoming.replies(200, "v=0\r\n")
        outgoing.receives(200)
        incoming.receives("ACK")
        line.both_see("active")
        outgoing.hangs_up()
        line.both_see("idle")
        incoming.receives("BYE")

    def test_a_shared_line_is_called_held_and_retrieved(self):
        line = self.shared_line()
        desk, lab, eve = line.desk, line.lab, self.phone("205")
        call, rings = line.rings(eve)
        rings[1].replies(180)                   # what has not answered at all is not cancelled
        call.receives(180)
        rings[0].replies(200, ANSWER)
        call.receives(200)
        rings[0].receives("ACK")
        rings[1].receives("CANCEL")
        line.both_see("active")
        lab.calls("202", headers=[AT_ONE]).receives(403)       # it talks

        self.holds(line, rings[0], call, "held-private")
        lab.calls("202", headers=[AT_ONE]).receives(403)
        resumed = rings[0].sends("INVITE", sdp("holder", 3))
        call.receives("INVITE").replies(200, ANSWER)
        resumed.receives(200)
        line.both_see("active")
        self.holds(line, rings[0], call, "held")

        retrieved = lab.calls("202", headers=[AT_ONE])
        call.receives("INVITE").replies(200, ANSWER)
        retrieved.receives(200)
        rings[0].receives("BYE")
        line.both_see("active")
        self.assertEqual(1, len(self.rest.items("/api/v1/calls")))
        info = retrieved.sends("INFO", "Signal=1")
        call.receives("INFO").replies(200)
        info.receives(200)
        retrieved.hangs_up()
        call.receives("BYE")
        line.both_see("idle")

    def holds(self, line, holder, held, state: str):
        request = holder.sends("INVITE", sdp("holder", 2, "sendonly"),
                               [("Call-Info", f"{AT_ONE[1]};appearance-state={state}")])
        incoming = held.receives("INVITE")
        self.assertNotIn("Call-Info", incoming.message)
        incoming.replies(200, ANSWER)
        request.receives(200)
        line.both_see(state)

    def test_an_appearance_is_free_after_a_cancel_and_a_phone_that_unregisters(self):
        line = self.shared_line()
        call, rings = line.rings(self.phone("205"))
        for one in rings:
            one.replies(180)
        call.receives(180)
        call.cancels()
        for one in rings:
            one.receives("CANCEL")
        line.both_see("idle")

        claim = line.claims(line.lab)
        line.lab.unregisters()
        self.assertIn("noresource", claim.receives_notify().message["Subscription-State"])
        self.assertEqual("terminated;reason=deactivated",
                         line.lines.pop().receives_notify().message["Subscription-State"])
        line.both_see("idle")
        line.claims(line.desk)

    def shared_line(self):
        return SharedLine(self)

    def test_a_talking_call_keeps_its_appearance_over_a_kill(self):
        self.set("202", appearances=3)
        desk, lab, eve = [self.phone(number, listens=self.transport == "tcp")
                          for number in ("202", "202", "205")]
        for phone in (desk, lab, eve):
            phone.answers_by_itself |= {"OPTIONS"}  # the probes after a start
        lines = [self.subscribed(phone, "202", "call-info") for phone in (desk, lab)]
        for line in lines:
            line.receives_notify()
        at_two = "<sip:202@office.test>;appearance-index=2"
        outgoing = desk.calls("205", headers=[("Call-Info", at_two)])
        incoming = eve.receives("INVITE")
        incoming.replies(200, "v=0\r\n")
        outgoing.receives(200)
        incoming.receives("ACK")

        def see(lines, what: str, before=(0, 0)):
            def shown(line, length):
                told = line.history[-1].message["Call-Info"]
                return len(line.history) > length and f"{at_two};appearance-state={what}" in told
            eventually(lambda: all(map(shown, lines, before)), f"appearance 2 is {what}")

        see(lines, "active")
        eventually(lambda: self.rows("SELECT a_appearance FROM talking_call") == [(2,)],
                   "the call is on disk")
        eventually(lambda: self.stored() == 2, "the subscriptions are on disk")
        self.server.kill()
        told = [len(line.history) for line in lines]
        self.server.start()
        see(lines, "active", told)
        if self.transport == "tcp":
            for phone in (desk, lab, eve):
                phone.registers()
        request = outgoing.sends("INVITE", sdp("caller", 2, "sendonly"))
        incoming.receives("INVITE").replies(200, ANSWER)
        request.receives(200)
        see(lines, "held", told)
        outgoing.hangs_up()
        incoming.receives("BYE")

    def test_appearances_without_the_right_to_see_with_whom(self):
        self.set("202", appearances=2, visibility="anonymous")
        bob, dan, eve = self.phone("202"), self.phone("204"), self.phone("205")
        own, other = [self.subscribed(phone, "202", "call-info") for phone in (bob, dan)]
        for line in (own, other):
            line.receives_notify()
        call, incoming = ring(eve, bob)
        self.assertIn("sip:205@", own.receives_notify().message["Call-Info"])
        told = other.receives_notify().message["Call-Info"]
        self.assertIn("appearance-state=alerting", told)
        self.assertIn("anonymous.invalid", told)
        self.assertNotIn("205", told)
        call.cancels()
        incoming.receives("CANCEL")

    def rows(self, query: str):
        file = sqlite3.connect(f"file:{self.server.data}/lampline.db?mode=ro", uri=True)
        try:
            return file.execute(query).fetchall()
        finally:
            file.close()

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
