"""What a program has done with calls over REST, by re-INVITE to phones that know none of it
(RFC 3725)."""
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.rest import Rest
from lib.sdp import ANSWER, sdp
from lib.server import run

SILENT = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
         "m=audio 5004 RTP/AVP 0\r\na=inactive\r\n"


class CallControl(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")

    def order(self, path: str, body=None, status: int = 202) -> dict:
        answer = self.rest.request("POST", f"/api/v1/calls{path}", body)
        self.assertEqual(status, answer.status, answer.text)
        if status == 201:
            self.assertEqual(f"/api/v1/calls/{answer.json['id']}", answer.headers["location"])
        return answer.json

    def only_call(self) -> dict:
        call, = self.rest.items("/api/v1/calls")
        return call

    def click(self, caller="201", callee="202", **more) -> tuple[str, object]:
        """The call as REST names it, and the INVITE at the caller's phone."""
        call = self.order("", {"from": caller, "to": callee, **more}, 201)
        phone = self.anna if caller == "201" else self.bob
        return call["id"], phone.receives("INVITE")

    def states(self) -> dict[str, str]:
        return {leg["extension"]: leg["state"] for leg in self.only_call()["legs"]}

    def clicks_and_talks(self, first, second):
        """Whoever clicks rings first, and hears the other once that has answered."""
        call, clicked = self.click(first.number, second.number)
        self.assertIn(f"sip:{second.number}@", clicked.received["From"])
        self.assertIn(b"a=inactive", clicked.offer)
        self.assertNotIn("Alert-Info", clicked.received.message)
        clicked.replies(180)
        eventually(lambda: self.states() == {first.number: "early"}, "the clicked phone rings")
        clicked.replies(200, SILENT)
        clicked.receives("ACK")
        target = second.receives("INVITE")
        self.assertEqual(b"", target.offer)
        self.assertIn(f"sip:{first.number}@", target.received["From"])
        self.assertIsNone(self.rest.get(f"/api/v1/calls/{call}")["answered_at"])
        target.replies(180)
        eventually(lambda: self.states() == {first.number: "confirmed", second.number: "early"},
                   "the other phone rings")
        target.replies(200, sdp("target", 1))
        joined = clicked.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), joined.body)
        self.assertIn(f"sip:{second.number}@", joined["P-Asserted-Identity"])
        joined.replies(200, sdp("clicked", 2))
        self.assertEqual(sdp("clicked", 2).encode(), target.receives("ACK").body)
        clicked.receives("ACK")
        shown = self.rest.get(f"/api/v1/calls/{call}")
        self.assertEqual((first.number, second.number), (shown["from"], shown["dialled"]))
        self.assertIsNotNone(shown["answered_at"])
        return call, clicked, target

    def test_click_to_dial_from_udp_to_tcp(self):
        lamp = self.watching_anna()
        call, clicked, target = self.clicks_and_talks(self.anna, self.bob)
        lamp.shows("confirmed")
        target.hangs_up()
        clicked.receives("BYE")
        lamp.shows("idle")
        self.assertEqual(404, self.rest.request("GET", f"/api/v1/calls/{call}").status)

    def watching_anna(self):
        self.rest.put_group("sales", members=["201", "202", "203"], watchers=["203"])
        return self.phone("203").watches("201")

    def test_click_to_dial_from_tcp_to_udp(self):
        _, clicked, target = self.clicks_and_talks(self.bob, self.anna)
        clicked.hangs_up()
        target.receives("BYE")

    def test_who_clicked_is_released_with_the_cause(self):
        for status, phrase in ((486, "Busy Here"), (603, "Decline")):
            with self.subTest(status=status):
                _, clicked = self.click()
                clicked.replies(200, SILENT)
                clicked.receives("ACK")
                self.bob.receives("INVITE").replies(status)
                bye = clicked.receives("BYE")
                self.assertEqual(f'SIP;cause={status};text="{phrase}"', bye["Reason"])
                self.assertEqual([], self.rest.items("/api/v1/calls"))

    def test_the_record_is_of_the_whole_call(self):
        for status in (486, 603):
            _, clicked = self.click()
            clicked.replies(status)
            self.newly_logged((status, "failed", "caller", "201"), lambda whole: tuple(
                whole[key] for key in ("status", "result", "ended_by", "ended_extension")))
        carl = self.phone("203")
        _, clicked = self.click()
        clicked.replies(302, headers=[("Contact", "<sip:203@office.test>")])
        lifted = carl.receives("INVITE")
        lifted.replies(200, SILENT)
        target = self.bob.receives("INVITE")
        target.replies(200, sdp("target", 1))
        lifted.receives("INVITE").replies(200, sdp("lifted", 2))
        target.receives("ACK")
        target.hangs_up()
        lifted.receives("BYE")
        self.newly_logged(("answered", "202", [("201", "unanswered"), ("203", "answered"), ("202", "answered")]),
                          lambda whole: (whole["result"], whole["answered_by"], [
                              (part["extension"], part["result"]) for part in whole["parts"]]))

    def test_a_phone_is_asked_to_answer_by_itself(self):
        call, clicked = self.click(auto_answer=True)
        self.assertIn("info=alert-autoanswer", clicked.received["Alert-Info"])
        self.assertIn("answer-after=0", clicked.received["Call-Info"])
        clicked.replies(180)
        self.order(f"/{call}:hangup")
        clicked.receives("CANCEL")

    def test_hold_and_resume(self):
        outgoing, incoming = talk(self.anna, self.bob)
        call = self.only_call()["id"]
        held = lambda: [leg["held"] for leg in self.only_call()["legs"]]
        self.order(f"/{call}:hold")
        for phone, name in ((outgoing, "caller"), (incoming, "callee")):
            offer = phone.receives("INVITE")
            self.assertIn(b"a=inactive", offer.body)
            self.assertNotIn(b"a=sendrecv", offer.body)
            offer.replies(200, sdp(name, 2, "inactive"))
            phone.receives("ACK")
        eventually(lambda: held() == [True, True], "both are held")
        self.order(f"/{call}:hold", status=200)
        self.order(f"/{call}:resume")
        asked = outgoing.receives("INVITE")
        self.assertEqual(b"", asked.body)
        self.order(f"/{call}:hold", status=409)
        asked.replies(200, sdp("caller", 3))
        offered = incoming.receives("INVITE")
        self.assertEqual(sdp("caller", 3).encode(), offered.body)
        offered.replies(200, sdp("callee", 3))
        incoming.receives("ACK")
        self.assertEqual(sdp("callee", 3).encode(), outgoing.receives("ACK").body)
        eventually(lambda: held() == [False, False], "nobody is held")
        self.order(f"/{call}:hangup")
        outgoing.receives("BYE")
        incoming.receives("BYE")

    def test_transfer(self):
        carl = self.phone("203")
        outgoing, incoming = talk(self.anna, self.bob)
        call = self.only_call()["id"]
        self.order(f"/{call}:transfer", {"to": "203"})
        target = carl.receives("INVITE")
        target.replies(200, sdp("target", 1))
        moved = outgoing.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("caller", 2))
        self.assertEqual(sdp("caller", 2).encode(), target.receives("ACK").body)
        outgoing.receives("ACK")
        self.assertIn("Transferred", incoming.receives("BYE")["Reason"])
        eventually(lambda: self.states() == {"201": "confirmed", "202": "terminated",
                                             "203": "confirmed"}, "201 talks to 203")
        target.hangs_up()
        outgoing.receives("BYE")

    def test_pickup(self):
        self.rest.put_group("sales", members=["201", "202", "203"], watchers=["203"])
        carl = self.phone("203")
        outgoing, incoming = ring(self.anna, self.bob)
        call = self.only_call()["id"]
        self.order(f"/{call}:pickup", {"by": "204"}, 422)
        self.order(f"/{call}:hold", status=409)
        self.order(f"/{call}:pickup", {"by": "203"})
        taken = carl.receives("INVITE")
        taken.replies(200, sdp("picker", 1))
        self.assertIn("sip:203@", outgoing.receives(200)["P-Asserted-Identity"])
        taken.receives("ACK")
        self.assertIn("cause=200", incoming.receives("CANCEL")["Reason"])
        taken.hangs_up()
        outgoing.receives("BYE")

    def orders(self):
        """Every order that the description has for a call, but to place one."""
        path, found = "", []
        for line in self.rest.request("GET", "/api/v1/openapi.yaml").text.splitlines():
            if line.startswith("  /"):
                path = line.strip(" :")
            elif line == "    post:" and path.startswith("/api/v1/calls/{id}:"):
                found.append(path.rpartition(":")[2])
        return found

    def test_a_role_that_may_only_look_changes_nothing(self):
        self.rest.put_group("sales", members=["201", "202", "203"], watchers=["203", "204"])
        eve, carl = self.phone("205", transport="tcp"), self.phone("203")
        lamps = [self.phone("204").watches(number) for number in ("201", "202")]
        bodies = {"transfer": {"to": "203"}, "pickup": {"by": "203"}, "park": {}}
        auditor = Rest(self.server.address["http"], run(
            "token", "create", "looks", "--role", "auditor", "--data",
            str(self.server.data)).split()[-1])
        self.assertLessEqual({"hangup", "hold", "resume", "transfer", "pickup"},
                             set(self.orders()))

        def stays_as_it_is(*phones):
            calls = self.rest.items("/api/v1/calls")
            self.assertEqual(calls, auditor.items("/api/v1/calls"))
            told = [len(lamp.history) for lamp in lamps]
            refused = [auditor.request("POST", "/api/v1/calls", {"from": "203", "to": "205"})]
            refused += [auditor.request("POST", f"/api/v1/calls/{calls[0]['id']}:{verb}",
                                        bodies.get(verb)) for verb in self.orders()]
            for answer in refused:
                self.assertEqual((403, "application/problem+json", 403), (
                    answer.status, answer.headers["content-type"], answer.json["status"]))
            for phone in phones:
                phone.pings()
            self.assertEqual(calls, self.rest.items("/api/v1/calls"))
            self.assertEqual(told, [len(lamp.history) for lamp in lamps])

        outgoing, incoming = ring(self.anna, self.bob)
        for lamp in lamps:
            lamp.shows("early")
        stays_as_it_is(self.anna, self.bob, carl, eve)
        incoming.replies(200, ANSWER)
        outgoing.receives(200)
        incoming.receives("ACK")
        for lamp in lamps:
            lamp.shows("confirmed")
        stays_as_it_is(self.anna, self.bob, carl, eve)
        outgoing.hangs_up()
        incoming.receives("BYE")
        record, = self.logged_calls()
        self.assertEqual(2, len(record["parts"]))

    def test_what_cannot_be_done_is_said(self):
        def fault(body, status=422):
            return self.order("", body, status)["errors"][0]["pointer"]
        self.assertEqual("/to", fault({"from": "201", "to": "999"}))
        self.assertEqual("/from", fault({"from": "999", "to": "201"}))
        self.assertEqual("/to", fault({"from": "201", "to": "*21*202"}))
        self.order("", {"from": "203", "to": "201"}, 409)  # no phone there
        for verb in ("hangup", "hold", "resume"):
            self.order(f"/4711:{verb}", status=404)


if __name__ == "__main__":
    unittest.main()
