"""The calling-card application: one call that makes others, by the keys of its caller (RFC 3725, RFC 4730)."""
import shutil
import unittest

from lib.case import WireTest, eventually
from lib.key_phone import KeyPhone, can_be_built
from lib.ports import reserve
from lib.real_office import RealPhones
from lib.sdp import sdp
from lib.twinkle import Twinkle


# What the application watches: all keys until a number is complete, then the ways back.
WATCHED = ('<?xml version="1.0" encoding="UTF-8"?>\r\n'
           '<kpml-request xmlns="urn:ietf:params:xml:ns:kpml-request" version="1.0">'
           '<pattern persist="{persist}" long="1500">{regexes}</pattern></kpml-request>\r\n')
REGEXES = {"persist": '<regex tag="key">[x*#ABCD]</regex>',
           "one-shot": '<regex tag="back">L#</regex><regex tag="back">*0</regex>'}


def report(tag, digits, state="active;expires=7200"):
    """Headers and body of a NOTIFY about keys."""
    body = (f'<?xml version="1.0" encoding="UTF-8"?><kpml-response version="1.0" code="200" text="OK" '
            f'digits="{digits}" tag="{tag}"/>')
    return {"body": body, "content_type": "application/kpml-response+xml",
            "headers": [("Event", "kpml"), ("Subscription-State", state)]}


class OneCall(WireTest):
    def live(self):
        """Who is in the only call, and how."""
        call, = self.rest.items("/api/v1/calls")
        return {leg["extension"]: leg["state"] for leg in call["legs"]
                if leg["state"] != "terminated"}


class CallingCard(OneCall):
    def setUp(self):
        super().setUp()
        self.rest.put("/api/v1/calling-card", {"number": "800", "display_name": "Card", "back": "*0",
                                               "long_pound": 1500})
        self.rest.put_group("all", members=["201", "202", "203"], watchers=["204"])
        self.lamp = self.phone("204", transport="tcp").watches("201")

    def reaches_it(self, phone):
        call = phone.calls("800")
        answer = call.receives(200)
        self.assertIn(b"a=inactive", answer.body)
        self.assertIn("Card", answer["P-Asserted-Identity"])
        self.lamp.shows("confirmed")
        return call

    def is_asked_for_keys(self, call, persist, status=200):
        subscribe = call.receives("SUBSCRIBE")
        message = subscribe.message
        self.assertEqual("kpml", message["Event"])
        self.assertEqual("application/kpml-request+xml", message["Content-Type"])
        self.assertEqual("application/kpml-response+xml", message["Accept"])
        self.assertIn("sip:", message["Contact"])
        self.assertEqual(call.dialog.call_id, message["Call-ID"])
        self.assertEqual(WATCHED.format(persist=persist, regexes=REGEXES[persist]), subscribe.body.decode())
        subscribe.replies(status, headers=[("Expires", "7200")] if status < 300 else ())

    def presses(self, call, keys):
        for key in keys:
            call.sends("NOTIFY", **report("key", key)).receives(200)

    def is_connected(self, call, target, name):
        """Target's 200 with an offer, re-INVITE with it, ACK with the answer."""
        target.replies(200, sdp(name))
        offered = call.receives("INVITE")
        self.assertEqual(sdp(name).encode(), offered.body)
        offered.replies(200, sdp("caller", 2))
        self.assertEqual(sdp("caller", 2).encode(), target.receives("ACK").body)

    def is_taken_back(self, call):
        """re-INVITE with nothing to hear."""
        silenced = call.receives("INVITE")
        self.assertIn(b"a=inactive", silenced.body)
        silenced.replies(200, sdp("caller", 3, "inactive"))

    def one_after_the_other(self, caller, first, second):
        call = self.reaches_it(caller)
        self.is_asked_for_keys(call, "persist")
        self.presses(call, first.number + "#")
        target = first.receives("INVITE")
        self.assertEqual(b"", target.offer)
        self.is_asked_for_keys(call, "one-shot")
        target.replies(180)
        eventually(lambda: self.live() == {caller.number: "confirmed", first.number: "early"}, "it rings")
        self.is_connected(call, target, "first")
        eventually(lambda: self.live() == {caller.number: "confirmed", first.number: "confirmed"},
                   "they talk")

        call.sends("NOTIFY", **report("back", "#", "terminated;reason=noresource")).receives(200)
        self.is_taken_back(call)
        target.receives("BYE")
        self.is_asked_for_keys(call, "persist")
        eventually(lambda: self.live() == {caller.number: "confirmed"}, "the caller is alone")

        self.presses(call, second.number + "#")
        target = second.receives("INVITE")
        self.is_asked_for_keys(call, "one-shot")
        self.is_connected(call, target, "second")
        target.hangs_up()
        self.is_taken_back(call)
        self.is_asked_for_keys(call, "persist")
        call.hangs_up()
        self.lamp.shows("idle")
        entry, = self.logged_calls()
        self.assertEqual(("800", "answered"), (entry["dialled"], entry["result"]))
        self.assertEqual([caller.number, first.number, second.number],
                         [part["extension"] for part in entry["parts"]])

    def test_one_call_after_the_other_over_udp(self):
        self.one_after_the_other(self.phone("201"), self.phone("202", transport="tcp"),
                                 self.phone("203"))

    def test_one_call_after_the_other_over_tcp(self):
        self.one_after_the_other(self.phone("201", transport="tcp"), self.phone("202"),
                                 self.phone("203", transport="tcp"))

    def test_a_phone_without_key_events_sends_info(self):
        caller, target = self.phone("201"), self.phone("202", transport="tcp")
        call = self.reaches_it(caller)
        self.is_asked_for_keys(call, "persist", 489)
        for key in "202":
            call.sends("INFO", f"Signal={key}\r\nDuration=160\r\n").receives(200)
        call.sends("INFO", "#", content_type="application/dtmf").receives(200)
        incoming = target.receives("INVITE")
        self.is_connected(call, incoming, "target")
        call.sends("INFO", "Signal=#\r\nDuration=1600\r\n").receives(200)
        self.is_taken_back(call)
        incoming.receives("BYE")
        call.sends("INFO", "Signal=x\r\n").receives(400)
        call.sends("INFO", "hello", content_type="text/plain").receives(415)
        call.hangs_up()

    def test_only_its_users_reach_it(self):
        self.rest.put("/api/v1/calling-card", {"number": "800", "users": ["202"]})
        self.phone("201").calls("800").receives(403)
        answer = self.rest.request("POST", "/api/v1/digit-plan:test", {"from": "202", "dialled": "800"})
        self.assertEqual("calling_card", answer.json["outcome"])
        self.assertIn("800 is the calling-card application", answer.json["steps"])

    def test_it_outlives_a_restart_of_the_server(self):
        self.server.stop()
        self.server.start()
        card = self.rest.get("/api/v1/calling-card")
        self.assertEqual(("800", "*0", 1500), (card["number"], card["back"], card["long_pound"]))
        for phone in self.office.phones:
            phone.address = self.server.address


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class WithSipp(RealPhones):
    patience = 30

    def a_program_dials(self, transport, scenario="card"):
        self.rest.put("/api/v1/calling-card", {"number": "800"})
        self.rest.put_group("all", members=["202"], watchers=["204"])
        callee = self.sipp_phone("callee", "202")
        lamp = self.phone("204").watches("202")
        caller = self.sipp(scenario, transport=transport, service="800", user="205", keys={"target": "202"})
        caller.succeeds()  # it talks for less than a NOTIFY takes, so the lamp may leave that out
        callee.succeeds()
        lamp.shows("idle")
        parts = self.logged_calls()[0]["parts"]
        self.assertEqual([("205", "answered"), ("202", "answered")],
                         [(part["extension"], part["result"]) for part in parts])

    def test_a_program_dials_over_udp(self):
        self.a_program_dials("udp")

    def test_a_program_dials_over_tcp(self):
        self.a_program_dials("tcp")

    def test_a_program_without_key_events_dials_over_udp(self):
        self.a_program_dials("udp", "card_keys")

    def test_a_program_without_key_events_dials_over_tcp(self):
        self.a_program_dials("tcp", "card_keys")


@unittest.skipUnless(shutil.which("twinkle-console"),
                     "twinkle is not installed (package twinkle-console)")
class WithTwinkle(RealPhones, OneCall):
    """A phone off the shelf that can keep a key pressed: its long pound takes it back."""
    patience = 30

    def its_user_comes_back_by_a_long_pound(self, transport):
        self.rest.put("/api/v1/calling-card", {"number": "800", "back": "*0", "long_pound": 1500})
        self.rest.put_group("all", members=["202", "205"], watchers=["204"])
        watcher = self.phone("204")
        caller_lamp, lamp = watcher.watches("205"), watcher.watches("202")
        target = self.phone("202")
        caller = Twinkle(self.folder, "205", self.office.secrets["205"], self.office.domain,
                         self.server.address[transport], transport, reserve(),
                         reserve(together=6), pressed=1600)
        self.addCleanup(caller.close)
        caller.says("registration succeeded")

        caller.dials("800")
        caller.says("far end answered call")
        caller_lamp.shows("confirmed")
        caller.presses("202#")
        call = target.receives("INVITE")
        call.replies(180)
        lamp.shows("early")
        call.replies(200, sdp("target"))
        self.assertIn(b"m=audio", call.receives("ACK").body)
        lamp.shows("confirmed")
        caller.presses("#")
        call.receives("BYE")
        lamp.shows("idle")
        eventually(lambda: self.live() == {"205": "confirmed"}, "the caller is alone")
        eventually(lambda: caller.has_changed(2), "its phone knows that")
        caller.hangs_up()
        caller_lamp.shows("idle")
        parts = self.logged_calls()[0]["parts"]
        self.assertEqual(["205", "202"], [part["extension"] for part in parts])

    def test_its_user_comes_back_by_a_long_pound_over_udp(self):
        self.its_user_comes_back_by_a_long_pound("udp")

    def test_its_user_comes_back_by_a_long_pound_over_tcp(self):
        self.its_user_comes_back_by_a_long_pound("tcp")


@unittest.skipUnless(can_be_built(), "libre is not installed (package libre-dev)")
class WithKeyPhone(RealPhones, OneCall):
    """A phone of another stack that knows the key press event package: its user comes back by a long pound and goes on."""
    patience = 30

    def it_places_one_call_after_the_other(self, transport):
        self.rest.put("/api/v1/calling-card", {"number": "800", "back": "*0", "long_pound": 1500})
        self.rest.put_group("all", members=["202", "203", "205"], watchers=["204"])
        watcher = self.phone("204")
        lamps = {number: watcher.watches(number) for number in ("202", "203", "205")}
        targets = {number: self.phone(number) for number in ("202", "203")}
        caller = KeyPhone(self.folder, "205", self.office.secrets["205"], self.office.domain,
                          self.server.address[transport], transport)
        self.addCleanup(caller.close)

        caller.dials("800")
        caller.says("established")
        lamps["205"].shows("confirmed")
        for number, target in targets.items():
            caller.says("all keys are watched")
            caller.says("NOTIFY 200")
            caller.presses(number + "#")
            call = target.receives("INVITE")
            caller.says("one key is watched")
            caller.says("NOTIFY 200")
            call.replies(180)
            lamps[number].shows("early")
            eventually(lambda: self.live() == {"205": "confirmed", number: "early"}, "it rings")
            call.replies(200, sdp(f"target {number}"))
            caller.says("connected")
            self.assertIn(b"a=sendrecv", call.receives("ACK").body)
            lamps[number].shows("confirmed")
            eventually(lambda: self.live() == {"205": "confirmed", number: "confirmed"}, "they talk")
            caller.holds("#")
            caller.says("taken back")
            call.receives("BYE")
            lamps[number].shows("idle")
            eventually(lambda: self.live() == {"205": "confirmed"}, "the caller is alone")
        caller.says("all keys are watched")
        caller.hangs_up()
        lamps["205"].shows("idle")
        entry, = self.logged_calls()
        self.assertEqual(("800", "answered"), (entry["dialled"], entry["result"]))
        self.assertEqual([("205", "answered"), ("202", "answered"), ("203", "answered")],
                         [(part["extension"], part["result"]) for part in entry["parts"]])

    def test_it_places_one_call_after_the_other_over_udp(self):
        self.it_places_one_call_after_the_other("udp")

    def test_it_places_one_call_after_the_other_over_tcp(self):
        self.it_places_one_call_after_the_other("tcp")


if __name__ == "__main__":
    unittest.main()
