"""Phones that others have written: baresip with audio in both directions, SIPp by the thousand."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.real_office import RealPhones


@unittest.skipUnless(shutil.which("baresip"), "baresip is not installed (package baresip-core)")
class TwoBaresips(RealPhones):
    def a_call_with_audio(self, transport: str) -> None:
        lamp = self.phone("201").watches("202")
        bob, eve = self.baresip("202", 440, transport), self.baresip("205", 1000, transport)
        eve.dials("202")
        eve.says("Call established")
        bob.says("Call established")
        talking = lamp.shows("confirmed").document.dialog
        self.assertEqual("sip:205@office.test", talking.remote.identity)
        eventually(lambda: bob.hears(1000), "202 hears the tone of 205")
        eventually(lambda: eve.hears(440), "205 hears the tone of 202")
        eve.types("/hangup")
        bob.says("terminated")
        lamp.shows("idle")

    def test_a_program_makes_and_holds_a_call(self):
        bob = self.baresip("202", 440, "udp")
        eve = self.baresip("205", 1000, "tcp")
        rest = self.rest
        made = rest.request("POST", "/api/v1/calls", {"from": "202", "to": "205"})
        self.assertEqual(201, made.status, made.text)
        path = made.headers["location"]
        bob.says("Call established")
        eve.says("Call established")
        eventually(lambda: bob.hears(1000), "202 hears the tone of 205")
        eventually(lambda: eve.hears(440), "205 hears the tone of 202")
        for verb, held in (("hold", True), ("resume", False)):
            self.assertEqual(202, rest.request("POST", f"{path}:{verb}").status)
            eventually(lambda: all(leg["held"] == held for leg in rest.get(path)["legs"]), verb)
        self.assertEqual(202, rest.request("POST", f"{path}:hangup").status)
        bob.says("terminated")
        eve.says("terminated")

    def subscribed(self, package: str) -> bool:
        return any(row["package"] == package and row["answer"] == 200
                   for row in self.rest.items("/api/v1/subscriptions?watcher=201"))

    def a_contact(self, transport: str) -> None:
        anna = self.baresip("201", 440, transport, contact="202", modules=("presence",))
        bob = self.phone("202")
        eventually(lambda: self.subscribed("presence"), "201 watches 202")
        outgoing = self.phone("205").calls("202")
        incoming = bob.receives("INVITE")
        incoming.replies(200, "v=0\r\n")
        outgoing.receives(200)
        incoming.receives("ACK")
        anna.says(r"sip:202@office\.test> changed status .*Busy")
        outgoing.hangs_up()
        incoming.receives("BYE")
        anna.says(r"sip:202@office\.test> changed status .*Online")

    def test_presence_is_understood(self):
        self.a_contact("udp")

    def test_presence_is_understood_over_tcp(self):
        self.a_contact("tcp")

    def mailboxes(self) -> set[str]:
        """Contacts of who is told of the messages of 201, and understands it."""
        return {row["contact"] for row in self.rest.items("/api/v1/subscriptions?watcher=201")
                if row["package"] == "message-summary" and row["answer"] == 200}

    def a_mailbox(self, transport: str) -> None:
        counts = r"Messages-Waiting: yes[\s\S]*Voice-Message: 4/2"
        for _ in range(10):
            before = self.mailboxes()     # of phones that have been closed
            anna = self.baresip("201", 440, transport, modules=("mwi",))

            def is_lost() -> bool:        # the module of baresip 1.0 may subscribe without end, at any time
                return anna.text.count("mwi: subscribing") > 9
            eventually(lambda: self.mailboxes() - before or is_lost(), "201 subscribes")
            self.rest.put("/api/v1/extensions/201/messages", {"new": 4, "old": 2})
            eventually(lambda: re.search(counts, anna.text) or is_lost(), "201 is told of its messages")
            if re.search(counts, anna.text):
                return
            anna.close()
            shutil.rmtree(anna.folder)
        self.fail("baresip subscribed without end, ten times")

    def test_messages_are_understood(self):
        self.a_mailbox("udp")

    def test_messages_are_understood_over_tcp(self):
        self.a_mailbox("tcp")

    def test_audio_both_ways_while_a_third_watches(self):
        self.a_call_with_audio("udp")

    def test_audio_both_ways_over_tcp(self):
        self.a_call_with_audio("tcp")

    def test_audio_both_ways_in_proxy_mode(self):
        self.proxies("202")
        self.a_call_with_audio("udp")

    def test_audio_both_ways_in_proxy_mode_over_tcp(self):
        self.proxies("202")
        self.a_call_with_audio("tcp")


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class SippAsCallerAndCallee(RealPhones):
    patience = 60

    def test_publications_by_the_dozen(self):
        anna = self.phone("201")
        line = anna.sends_subscribe("202", event="call-info", headers=[("Accept", "*/*")])
        line.subscribe.receives(200)
        self.sipp("publish", calls=12, service="202", user="202", limit=4).succeeds()
        eventually(lambda: all("appearance-index=*" in value for value
                               in line.history[-1].message.headers.values("Call-Info")),
                   "nothing is published")
        self.assertTrue(any("appearance-state=active" in told.message.get("Call-Info", "")
                            for told in line.history))

    def test_a_line_is_claimed(self):
        self.rest.request("PATCH", "/api/v1/extensions/202", {"appearances": 1})
        self.sipp("seize", service="202", user="202").succeeds()

    def test_a_thousand_calls(self):
        self.a_thousand_calls()

    def test_a_thousand_calls_in_proxy_mode(self):
        self.proxies("202")
        self.a_thousand_calls()

    def a_thousand_calls(self):
        callee = self.sipp_phone("callee", "202", calls=1000, limit=1000)
        lamp = self.phone("201").watches("202")
        caller = self.sipp("caller", calls=1000, service="202", user="205", rate=50, limit=50)
        caller.succeeds()
        callee.succeeds()
        lamp.shows("idle")


if __name__ == "__main__":
    unittest.main()
