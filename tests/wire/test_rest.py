"""REST against the running exchange: changes act at once, and what it shows is true."""
import re
import unittest
from datetime import datetime

from lib.case import WireTest, eventually, ring, talk
from lib.rest import Rest
from lib.sdp import sdp


class Changes(WireTest):
    def test_a_new_extension_can_register_and_be_called_at_once(self):
        self.rest.put_extension("207", "not-a-secret", "Anna Lee")
        new = self.phone("207", secret="not-a-secret")
        call, incoming = ring(self.phone("201"), new)
        incoming.replies(486)
        call.receives(486)

    def test_a_generated_secret_is_shown_once_and_works(self):
        made = self.rest.put("/api/v1/extensions/208", {"number": "208", "display_name": "Gil"})
        self.phone("208", secret=made["sip_password"])
        self.assertNotIn("sip_password", self.rest.get("/api/v1/extensions/208"))

    def test_a_new_secret_acts_at_once(self):
        anna = self.phone("201")
        self.rest.put_extension("201", "another secret", "Anna Lee")
        self.assertEqual([], self.registrations())
        anna.sends_register().receives(401)
        self.phone("201", secret="another secret")

    def test_a_new_name_is_shown_at_once(self):
        anna, bob = self.phone("201"), self.phone("202")
        self.rest.request("PATCH", "/api/v1/extensions/201", {"display_name": "Anna Vane"})
        call, incoming = ring(anna, bob)
        self.assertIn('"Anna Vane"', incoming.received["From"])
        incoming.replies(486)
        call.receives(486)

    def test_a_deleted_extension_is_gone_at_once(self):
        eve, anna = self.phone("205"), self.phone("201")
        self.rest.delete("/api/v1/extensions/205")
        eve.sends_register().receives(401)
        anna.calls("205").receives(404)
        self.assertEqual({"201"}, {r["extension"] for r in self.registrations()})

    def test_an_extension_in_a_group_needs_recursive(self):
        self.assertEqual(409, self.rest.request("DELETE", "/api/v1/extensions/202").status)
        self.rest.delete("/api/v1/extensions/202?recursive=true")
        self.assertEqual(["203"], self.rest.get("/api/v1/groups/sales")["members"])

    def test_a_new_watcher_may_subscribe_at_once(self):
        eve = self.phone("205")
        eve.sends_subscribe("202").subscribe.receives(403)
        self.rest.put_group("sales", members=["202", "203"], watchers=["205"])
        eve.watches("202")

    def test_who_may_no_longer_watch_is_told_so(self):
        lamp = self.phone("201").watches("202")
        self.rest.put_group("sales", members=["203"], watchers=["201", "204"])
        last = lamp.receives_notify()
        self.assertEqual("terminated", last.state)
        self.assertIn(last.reason, ("rejected", "noresource"))

    def test_a_watched_extension_that_is_deleted_ends_its_lamps(self):
        lamp = self.phone("201").watches("202")
        self.rest.delete("/api/v1/extensions/202?recursive=true")
        self.assertEqual("terminated", lamp.receives_notify().state)

    def test_a_call_goes_on_while_the_office_changes(self):
        call, incoming = talk(self.phone("201"), self.phone("202"))
        self.rest.put_group("sales", members=["203"], watchers=["204"])
        self.rest.put_extension("202", "secret-of-202", "Robert")
        held = call.sends("INVITE", sdp("caller", 2))
        incoming.receives("INVITE").replies(200, sdp("callee", 2))
        held.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_changes_survive_a_kill(self):
        self.rest.put_extension("207", "not-a-secret", "Anna Lee")
        self.server.kill()
        self.server.start()
        self.phone("207", secret="not-a-secret")

    def registrations(self):
        return self.rest.items("/api/v1/registrations")


class LiveView(WireTest):
    def test_registrations(self):
        bob = self.phone("202", contact_host="192.168.178.20:5060", user_agent="Wire/2.0")
        dan = self.phone("204", transport="tcp")
        shown = {item["extension"]: item for item in self.rest.items("/api/v1/registrations")}
        host, port = bob.sockets.udp_address
        self.assertEqual((bob.contact, f"{host}:{port}", "udp", "Wire/2.0"), tuple(
            shown["202"][key] for key in ("contact", "address", "transport", "user_agent")))
        self.assertEqual((dan.contact, "tcp"), (shown["204"]["contact"], shown["204"]["transport"]))
        lifetime = self.time(shown["202"]["expires_at"]) - self.time(shown["202"]["registered_at"])
        self.assertAlmostEqual(3600, lifetime.total_seconds(), delta=2)
        bob.unregisters()
        self.assertEqual(["204"], [i["extension"] for i in self.rest.items("/api/v1/registrations")])

    def test_a_call_and_its_legs(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = ring(anna, bob)
        ringing = self.only_call()
        self.assertEqual(("201", "202", None),
                         (ringing["from"], ringing["dialled"], ringing["answered_at"]))
        legs = {leg["role"]: leg for leg in ringing["legs"]}
        self.assertEqual(("201", "early", call.dialog.call_id), self.leg(legs["caller"]))
        self.assertEqual(("202", "early", incoming.dialog.call_id), self.leg(legs["callee"]))

        incoming.replies(200, sdp("callee"))
        call.receives(200)
        talking = self.only_call()
        self.assertEqual({"confirmed"}, {leg["state"] for leg in talking["legs"]})
        self.assertLessEqual(self.time(talking["started_at"]), self.time(talking["answered_at"]))

        held = call.sends("INVITE", sdp("caller", 2, "sendonly"))
        incoming.receives("INVITE").replies(200, sdp("callee", 2, "recvonly"))
        held.receives(200)
        self.assertEqual({"caller": True, "callee": False},
                         {leg["role"]: leg["held"] for leg in self.only_call()["legs"]})
        call.hangs_up()
        incoming.receives("BYE")
        self.assertEqual([], self.rest.items("/api/v1/calls"))

    def test_what_each_lamp_was_last_told(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch = anna.watches("202")
        call, incoming = ring(self.phone("205"), bob)
        notification = watch.shows("early")
        anna.pings()
        shown = self.rest.items("/api/v1/lamps")[0]
        self.assertEqual(
            ("201", "202", "subscribed", "early", anna.contact, 200),
            tuple(shown[key] for key in ("watcher", "member", "kind", "state", "contact", "answer")))
        self.assertEqual((notification.document.version, notification.message.cseq),
                         (shown["version"], shown["cseq"]))
        call.cancels()
        incoming.receives("CANCEL")
        watch.shows("idle")
        self.assertEqual("idle", self.rest.items("/api/v1/lamps")[0]["state"])

    def test_a_lamp_that_waits_for_its_phone_says_so(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        watch = anna.watches("202")
        anna.answers_notify = lambda notification: None
        call, incoming = ring(eve, bob)
        waiting = watch.receives_notify()
        call.cancels()
        incoming.receives("CANCEL")
        shown = self.rest.items("/api/v1/lamps?watcher=201")[0]
        self.assertEqual((None, True), (shown["answer"], shown["owed"]))
        anna.answers_notify = lambda notification: notification.replies(200)
        waiting.replies(200)
        watch.shows("idle")

    def test_metrics(self):
        before = self.metrics()
        call, incoming = talk(self.phone("201"), self.phone("202"))
        during = self.metrics()
        call.hangs_up()
        incoming.receives("BYE")
        self.phone("203").calls("299").receives(404)
        refused = 'lampline_calls_refused_total{code="404"}'
        self.assertEqual(before.get(refused, 0) + 1, self.metrics()[refused])
        grown = {name for name, value in during.items() if value > before.get(name, 0)}
        self.assertTrue([name for name in grown if "call" in name], sorted(during))
        self.assertTrue([name for name in grown if "registration" in name], sorted(during))

    def test_health(self):
        anybody = Rest(self.server.address["http"], token=None)
        self.assertEqual("ok", anybody.get("/healthz")["status"])
        self.assertEqual("ok", anybody.get("/readyz")["status"])

    def test_the_root_which_browsers_ask_for_first(self):
        anybody = Rest(self.server.address["http"], token=None)
        for target in ("/", "/?a=b"):
            self.assertEqual(404, anybody.request("GET", target).status)
        self.assertEqual("ok", anybody.get("/healthz")["status"])

    def test_nothing_else_is_shown_without_a_token(self):
        for rest in (Rest(self.server.address["http"], None), Rest(self.server.address["http"], "x")):
            for path in ("extensions", "groups", "registrations", "calls", "lamps"):
                answer = rest.request("GET", f"/api/v1/{path}")
                self.assertEqual(401, answer.status)
                self.assertEqual("application/problem+json", answer.headers["content-type"])

    def only_call(self) -> dict:
        calls = eventually(lambda: self.rest.items("/api/v1/calls"), "a call is shown")
        self.assertEqual(1, len(calls))
        return calls[0]

    def metrics(self) -> dict[str, float]:
        text = self.rest.request("GET", "/metrics").text
        return {name: float(value) for name, value in
                re.findall(r"(?m)^([a-z_]+(?:\{[^}]*\})?) ([0-9.e+]+)$", text)}

    @staticmethod
    def leg(leg: dict) -> tuple[str, str, str]:
        return leg["extension"], leg["state"], leg["call_id"]

    @staticmethod
    def time(text: str) -> datetime:
        return datetime.fromisoformat(text)


if __name__ == "__main__":
    unittest.main()
