"""Forwarding and do not disturb: set by the phone and over REST, told to everybody on the way (RFC 5806, RFC 7044)."""
import unittest

from lib.case import WireTest, talk
from lib.sdp import ANSWER


class Forwarding(WireTest):
    def setUp(self):
        super().setUp()
        self.rest.put_group("sales", members=["202", "203"], watchers=["204"])
        self.anna = self.phone("201")
        self.bob, self.carol = self.phone("202", transport="tcp"), self.phone("203")

    def dials_code(self, phone, code):
        """The phone hears that it is done, and is free again."""
        call = phone.calls(code)
        answer = call.receives(200)
        self.assertIn("a=inactive", answer.body.decode())
        call.receives("BYE")
        return answer

    def forwarding(self, number="202"):
        return self.rest.get(f"/api/v1/extensions/{number}/forwarding")

    def test_a_code_sets_a_forward_and_the_next_call_goes_there(self):
        for phone, number in ((self.bob, "202"), (self.carol, "203")):
            with self.subTest(transport=phone.transport):
                answer = self.dials_code(phone, "*21*205")
                self.assertIn("Forwarded to 205", answer["P-Asserted-Identity"])
                self.assertEqual("205", self.forwarding(number)["always"])
        eve, dan = self.phone("205", transport="tcp"), self.phone("204")
        lamp = dan.watches("202")
        call = self.anna.calls("202")
        call.receives(181)
        incoming = eve.receives("INVITE")
        invite = incoming.received.message
        self.assertEqual("<sip:202@office.test>;reason=unconditional;counter=1",
                         invite["Diversion"])
        self.assertIn("<sip:205@office.test;cause=302>;index=1.1;mp=1", invite["History-Info"])
        self.assertIn("201@office.test", invite["From"])
        incoming.replies(180)
        call.receives(180)
        incoming.replies(200, ANSWER)
        self.assertIn("205@office.test", call.receives(200)["P-Asserted-Identity"])
        call.hangs_up()
        incoming.receives("BYE")
        self.bob.pings()
        self.assertEqual(["idle"], lamp.lamps)

        self.dials_code(self.bob, "*21")
        self.assertIsNone(self.forwarding()["always"])
        call, incoming = talk(self.anna, self.bob)
        call.hangs_up()
        incoming.receives("BYE")

    def test_who_is_called_and_wants_privacy_is_not_named(self):
        self.dials_code(self.bob, "*21*205")
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                phone = self.phone("205", transport=transport)
                call = self.anna.calls("202")
                call.receives(181)
                incoming = phone.receives("INVITE")
                incoming.replies(180, headers=[("Privacy", "id")])
                self.assertIn("anonymous@anonymous.invalid",
                              call.receives(180)["P-Asserted-Identity"])
                incoming.replies(200, ANSWER)
                answer = call.receives(200)
                self.assertIn("anonymous@anonymous.invalid", answer["P-Asserted-Identity"])
                self.assertNotIn("205@", answer["P-Asserted-Identity"])
                call.hangs_up()
                incoming.receives("BYE")
                phone.unregisters()

    def test_no_answer_moves_the_call_and_the_lamps(self):
        self.dials_code(self.bob, "*61*203*5")
        dan = self.phone("204")
        bobs, carols = dan.watches("202"), dan.watches("203")
        call = self.anna.calls("202")
        incoming = self.bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        bobs.shows("early")
        incoming.receives("CANCEL")
        call.receives(181)
        target = self.carol.receives("INVITE")
        self.assertIn("reason=no-answer", target.received.message["Diversion"])
        target.replies(180)
        call.receives(180)
        bobs.shows("idle")
        carols.shows("early")
        target.replies(200, ANSWER)
        call.receives(200)
        carols.shows("confirmed")
        call.hangs_up()
        target.receives("BYE")

    def test_rest_sets_do_not_disturb_and_call_waiting(self):
        path = "/api/v1/extensions/202/forwarding"
        self.rest.put(path, {"do_not_disturb": True})
        self.anna.calls("202").receives(480)
        self.dials_code(self.bob, "*79")
        self.assertFalse(self.forwarding()["do_not_disturb"])
        self.rest.put(path, {"call_waiting": False})
        call, incoming = talk(self.anna, self.bob)
        self.carol.calls("202").receives(486)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_loop_is_refused_with_its_chain(self):
        self.rest.put("/api/v1/extensions/202/forwarding", {"always": "203"})
        self.rest.put("/api/v1/extensions/203/forwarding", {"always": "202"})
        refused = self.anna.calls("202").receives(482)
        self.assertIn('"Forwarding loop: 202 > 203 > 202"', refused["Warning"])

    def test_a_loop_through_another_exchange_is_seen_by_its_diversion(self):
        call = self.anna.calls("202", headers=[
            ("Diversion", "<sip:202@office.test>;reason=no-answer;counter=1")])
        call.receives(482)

    def test_a_diversion_of_another_exchange_is_passed_on(self):
        call = self.anna.calls("202", headers=[
            ("Diversion", '"Elsewhere" <sip:77@gw.test>;reason=user-busy'),
            ("History-Info", "<sip:77@gw.test>;index=1")])
        incoming = self.bob.receives("INVITE")
        self.assertEqual('"Elsewhere" <sip:77@gw.test>;reason=user-busy',
                         incoming.received.message["Diversion"])
        self.assertEqual("<sip:77@gw.test>;index=1", incoming.received.message["History-Info"])
        incoming.replies(486)
        call.receives(486)

    def test_a_code_that_cannot_be_is_refused(self):
        self.bob.calls("*21*999").receives(404)
        self.bob.calls("*21*").receives(484)
        self.assertIsNone(self.forwarding()["always"])

    def test_the_code_is_what_rest_says(self):
        codes = {item["feature"]: item["code"] for item in self.rest.items("/api/v1/feature-codes")}
        self.assertEqual("*78", codes["do_not_disturb"])
        self.rest.put("/api/v1/feature-codes/do_not_disturb", {"code": "*60"})
        self.bob.calls("*78").receives(404)
        self.dials_code(self.bob, "*60")
        self.assertTrue(self.forwarding()["do_not_disturb"])

    def test_forwarding_outlives_a_restart(self):
        self.dials_code(self.bob, "*67*203")
        self.server.stop()
        self.server.start()
        self.assertEqual("203", self.forwarding()["busy"])
        for phone in self.office.phones:
            phone.address = self.server.address

    def test_the_test_of_the_plan_decides_as_a_call_would(self):
        def decide(dialled):
            answer = self.rest.request("POST", "/api/v1/digit-plan:test",
                                       {"from": "201", "dialled": dialled})
            self.assertEqual(200, answer.status, answer.text)
            return answer.json

        direct = decide("202")
        self.assertEqual(("ring", ["202"]), (direct["outcome"],
                                             [t["extension"] for t in direct["targets"]]))
        self.assertIn("line=202x", direct["targets"][0]["contact"])
        self.assertEqual((480, "reject"), (decide("201")["status"], decide("201")["outcome"]))
        self.anna.calls("201").receives(480)  # it is the only phone of 201
        for dialled, status in ("*21*201", 403), ("*21*999", 404), ("*61*202*999", 403), ("*50*999", 404), \
                               ("**999", 403):
            with self.subTest(dialled=dialled):
                code = decide(dialled)
                self.assertEqual((status, "reject"), (code["status"], code["outcome"]))
                self.assertEqual(code["phrase"], self.anna.calls(dialled).receives(status).phrase)
        self.dials_code(self.bob, "*21*203")
        moved = decide("202")
        self.assertEqual(["203"], [t["extension"] for t in moved["targets"]])
        self.assertIn("202 forwards to 203 always", moved["steps"])
        self.assertEqual((404, "reject"), (decide("999")["status"], decide("999")["outcome"]))
        self.assertEqual("feature", decide("*78")["outcome"])
        self.anna.pings()

    def test_callers_are_excepted_by_number_or_for_showing_none(self):
        path = "/api/v1/extensions/202/forwarding"
        self.rest.put(path, {"do_not_disturb": True, "exceptions": [
            {"match": "anonymous", "treatment": "refuse"},
            {"caller": "201", "treatment": "ring"},
            {"match": "prefix", "caller": "20", "treatment": "forward", "to": "203"}]})
        call, incoming = talk(self.anna, self.bob)  # through do not disturb
        call.hangs_up()
        incoming.receives("BYE")
        self.anna.calls("202", headers=[("Privacy", "id")]).receives(433)
        dan = self.phone("204", transport="tcp")
        call = dan.calls("202")
        call.receives(181)
        incoming = self.carol.receives("INVITE")
        self.assertIn("reason=unconditional", incoming.received.message["Diversion"])
        incoming.replies(486)
        call.receives(486)
        self.server.stop()
        self.server.start()
        self.assertEqual(["refuse", "ring", "forward"],
                         [each["treatment"] for each in self.forwarding()["exceptions"]])
        for phone in self.office.phones:
            phone.address = self.server.address
        answer = self.rest.request("POST", "/api/v1/digit-plan:test",
                                   {"from": "201", "dialled": "202", "caller": ""}).json
        self.assertEqual((433, "reject"), (answer["status"], answer["outcome"]))
        self.assertIn("202 makes an exception for callers without a number: the call is refused",
                      answer["steps"])

    def test_the_plan_rewrites_and_bars(self):
        self.rest.put("/api/v1/digit-plan", {
            "rules": [{"name": "reception", "pattern": "0", "replacement": "202"},
                      {"name": "old", "pattern": r"7(20\d)", "replacement": r"\1"},
                      {"pattern": "0900.*", "status": 403, "phrase": "No Premium Calls"},
                      {"pattern": "00.*", "call_class": "international", "replacement": "203"},
                      {"pattern": "112", "emergency": True, "call_class": "premium",
                       "replacement": "203"}],
            "rights": {"201": "internal"}})
        for dialled, phone in (("0", self.bob), ("7203", self.carol), ("112", self.carol)):
            with self.subTest(dialled=dialled):
                call = self.anna.calls(dialled)
                incoming = phone.receives("INVITE")
                incoming.replies(486)
                call.receives(486)
        self.assertIn("No Premium Calls", self.anna.calls("09001").receives(403).first_line)
        self.anna.calls("0044").receives(403)
        call = self.bob.calls("0044")
        incoming = self.carol.receives("INVITE")
        incoming.replies(486)
        call.receives(486)
        answer = self.rest.request("POST", "/api/v1/digit-plan:test",
                                   {"from": "201", "dialled": "0044"}).json
        self.assertEqual((403, "reject"), (answer["status"], answer["outcome"]))
        self.assertIn("201 may not make international calls", answer["steps"])


if __name__ == "__main__":
    unittest.main()
