"""PUBLISH over both transports: what phones and programs say of extensions (RFC 3903)."""
import re
import unittest

from lib.case import eventually
from lib.dialog import new_tag
from lib.message import Address
from lib.packages import Events
from lib.sdp import ANSWER

DIALOG_INFO = "application/dialog-info+xml"
REST_IDLE = "<sip:202@office.test>;appearance-index=*;appearance-state=idle"


def dialog_info(state: str = "early", inside: str = "") -> str:
    """That 202 has a dialog elsewhere, as its phone would publish it."""
    return ('<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
            'version="0" state="full" entity="sip:202@office.test"><dialog id="1" '
            f'call-id="elsewhere" direction="recipient"><state>{state}</state>{inside}</dialog>'
            '</dialog-info>')


class OverUdp(Events):
    def publish(self, phone, number: str, event: str, text: str = "", headers=(),
                content_type: str | None = None):
        request = phone.request("PUBLISH", phone.aor_of(number), body=text,
                                content_type=content_type, headers=[("Event", event), *headers])
        return phone.sends(request)

    def gauge(self, name: str) -> float:
        text = self.rest.request("GET", "/metrics").text
        return float(re.search(rf"(?m)^{name} (\S+)$", text)[1])

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
            refused(dialog_info(inside=" " * 70_000))
            self.publish(bob, "202", "dialog", "x" * 70_000, (), "text/plain").receives(413)
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

    def test_a_third_party_publishes_while_the_call_goes_through_us(self):
        """A watcher of call-info is told what is published of Bob's call, one of dialog what we know of it."""
        self.set("206", trusted=True)
        program, watcher, alice, bob = (self.phone(number) for number in ("206", "201", "205", "202"))
        line = self.subscribed(watcher, "202", "call-info")
        self.assertEqual(REST_IDLE, line.receives_notify().message["Call-Info"])
        lamp = watcher.watches("202")

        def published(state):
            """PUBLISH, 200; NOTIFY, 200."""
            told = f"<sip:202@office.test>;appearance-index=1;appearance-state={state}"
            answer = self.publish(program, "202", "call-info", headers=[("Call-Info", told)]).receives(200)
            self.assertNotEqual("", answer["SIP-ETag"])
            self.assertGreater(int(answer["Expires"]), 0)
            notify = line.receives_notify().message
            self.assertEqual([told, REST_IDLE], notify.headers.values("Call-Info"))
            self.assertEqual(("call-info", "active", b""),
                             (notify["Event"], notify["Subscription-State"].split(";")[0], notify.body))

        call = alice.calls("202")
        incoming = bob.receives("INVITE")
        incoming.replies(100)
        published("alerting")
        incoming.replies(180)
        call.receives(180)
        lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        published("active")
        lamp.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        published("idle")
        lamp.shows("idle")

        seized = "<sip:202@office.test>;appearance-index=1"
        claim = self.publish(program, "202", "line-seize",
                             headers=[("Call-Info", seized), ("Expires", "3600")]).receives(200)
        self.assertEqual("15", claim["Expires"])
        self.publish(program, "202", "line-seize", headers=[
            ("SIP-If-Match", claim["SIP-ETag"]), ("Expires", "0")]).receives(200)
        for event in ("call-info", "line-seize"):
            refused = self.publish(program, "202", event).receives(400)
            self.assertIn("Call-Info", refused["Warning"])
            self.publish(alice, "202", event, headers=[("Call-Info", seized)]).receives(403)

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
        for malformed in ("<not a uri at all>;appearance-index=1;appearance-state=active",
                          "<sip:202@office.test>;appearance-index=1;appearance-state=active"
                          ";appearance-index=2"):
            refused = self.publish(program, "202", "call-info",
                                   headers=[("Call-Info", malformed)]).receives(400)
            self.assertIn("Call-Info", refused["Warning"])
        unreadable = "<sip:202@office.test"
        for values in ((active, unreadable), (unreadable, active), (f"{active}, {unreadable}",)):
            refused = self.publish(program, "202", "call-info",
                                   headers=[("Call-Info", value) for value in values]).receives(400)
            self.assertIn("Call-Info is missing or malformed", refused["Warning"])
        for gap in (f"{active},", f", {active}", f"{active}, , <sip:202@office.test>;appearance-index=2"):
            refused = self.publish(program, "202", "call-info", headers=[("Call-Info", gap)]).receives(400)
            self.assertIn("Call-Info is missing or malformed", refused["Warning"])


class OverTcp(OverUdp):
    transport = "tcp"


if __name__ == "__main__":
    unittest.main()
