"""Calls from and to outside over peer trunks: ways, identities, rights and limits (RFC 3323, RFC 3325)."""
import csv
import io
import shutil
import signal
import time
import unittest
from pathlib import Path

from lib.carrier import Carrier, plan
from lib.case import WireTest, eventually, talk
from lib.ports import reserve
from lib.real_office import RealPhones
from lib.sdp import ANSWER, sdp

PLAN = "/api/v1/digit-plan"
A_DAY = 86_400


class Trunks(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")

    def carrier(self, trunk="line", transport="udp", **members):
        carrier = Carrier(self.office, transport=transport)
        carrier.becomes(trunk, **members)
        return carrier

    def a_call_to_outside(self, transport):
        carrier = self.carrier(transport=transport)
        self.rest.put(PLAN, plan("line"))
        lamp = self.phone("204").watches("202")
        call = self.bob.calls("0664999", headers=[
            ("Alert-Info", "<http://office.test/ring>"), ("Subject", "private"),
            ("Organization", "Office"), ("Referred-By", "<sip:201@office.test>")])
        incoming = carrier.receives("INVITE")
        invite = incoming.received.message
        self.assertEqual("sip:+43664999@carrier.test", invite.uri)
        self.assertIn("<sip:+431202@carrier.test>", invite["From"])
        self.assertIn("<sip:+431202@carrier.test>", invite["P-Asserted-Identity"])
        self.assertIn("sip:trunk-line@", invite["Contact"])
        for header in ("Alert-Info", "Subject", "Organization", "Referred-By", "Privacy"):
            self.assertNotIn(header, invite)
        self.assertNotIn("office.test", str(invite))
        incoming.replies(183, ANSWER)
        self.assertEqual(ANSWER.encode(), call.receives(183).body)
        lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        lamp.shows("confirmed")
        legs = self.rest.items("/api/v1/calls")[0]["legs"]
        self.assertEqual([("202", None, None), ("", "0664999", "line")],
                         [(leg["extension"], leg["number"], leg["trunk"]) for leg in legs])
        held = sdp("callee", 2, "sendonly")  # by the far side
        change = incoming.sends("INVITE", held)
        request = call.receives("INVITE")
        self.assertEqual(held.encode(), request.body)
        request.replies(200, sdp("caller", 2, "recvonly"))
        change.receives(200)
        incoming.hangs_up()
        call.receives("BYE")
        lamp.shows("idle")
        entry = self.logged_calls()[0]
        self.assertEqual(("202", None, "0664999", "line", "answered"),
                         (entry["from"], entry["from_trunk"], entry["answered_by"],
                          entry["answered_trunk"], entry["result"]))
        self.assertEqual([None, "line"], [part["trunk"] for part in entry["parts"]])
        table = self.rest.request("GET", "/api/v1/call-log", headers={"Accept": "text/csv"}).text
        row = next(csv.DictReader(io.StringIO(table)))
        self.assertEqual(("", "line"), (row["from_trunk"], row["answered_trunk"]))

    def test_a_call_to_outside_over_udp(self):
        self.a_call_to_outside("udp")

    def test_a_call_to_outside_over_tcp(self):
        self.a_call_to_outside("tcp")

    def a_call_from_outside(self, transport):
        carrier = self.carrier(transport=transport)
        lamp = self.phone("204").watches("202")
        call = carrier.calls_in("+431202", headers=[
            ("P-Asserted-Identity", '"Zoe" <tel:+43664111>'),
            ("Answer-Mode", "Auto"), ("Call-Info", "<http://x.test>;answer-after=0")])
        incoming = self.bob.receives("INVITE")
        invite = incoming.received.message
        self.assertIn('"Zoe" <sip:+43664111@office.test>', invite["From"])
        self.assertNotIn("Answer-Mode", invite)
        self.assertNotIn("Call-Info", invite)
        incoming.replies(180)
        call.receives(180)
        lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        lamp.shows("confirmed")
        live = self.rest.items("/api/v1/calls")[0]
        self.assertEqual(("+43664111", "line"), (live["from"], live["from_trunk"]))
        incoming.hangs_up()
        call.receives("BYE")
        lamp.shows("idle")
        entry = self.logged_calls()[0]
        self.assertEqual(("+43664111", "line", "202", None),
                         (entry["from"], entry["from_trunk"], entry["answered_by"],
                          entry["answered_trunk"]))

    def test_a_call_from_outside_over_udp(self):
        self.a_call_from_outside("udp")

    def test_a_call_from_outside_over_tcp(self):
        self.a_call_from_outside("tcp")

    def test_only_the_address_of_a_trunk_is_its(self):
        carrier = self.carrier()
        stranger = Carrier(self.office, ip="127.0.0.3")
        stranger.calls_in("+431202", authenticates=False).receives(407)
        other_port = Carrier(self.office)  # the trunk's host, but another port
        other_port.calls_in("+431202", authenticates=False).receives(407)
        other_transport = Carrier(self.office, transport="tcp")
        other_transport.calls_in("+431202", authenticates=False).receives(407)
        # A phone that says it were the carrier.
        self.anna.calls("+431202", headers=[
            ("P-Asserted-Identity", "<sip:+43664999@carrier.test>")]).receives(404)
        carrier.calls_in("+431999").receives(404)
        carrier.calls_in("202").receives(404)
        self.rest.delete("/api/v1/trunks/line")
        carrier.calls_in("+431202", authenticates=False).receives(407)

    def test_a_phone_beside_a_peer_is_a_phone_over_its_own_connection(self):
        self.carrier(transport="tcp")
        neighbour = self.phone("203", transport="tcp", ip="127.0.0.2")
        call = neighbour.calls("202")
        incoming = self.bob.receives("INVITE")
        self.assertIn("<sip:203@office.test>", incoming.received.message["From"])
        incoming.replies(486)
        call.receives(486)

    def test_the_next_trunk_takes_what_the_first_cannot(self):
        first, second = self.carrier("first"), self.carrier("second", "tcp")
        self.rest.put(PLAN, plan("first", "second"))
        call = self.anna.calls("0664999")
        first.receives("INVITE").replies(503)
        incoming = second.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        call = self.anna.calls("0664999")
        first.receives("INVITE").replies(486)
        call.receives(486)
        first.deaf = True  # says nothing at all
        call = self.anna.calls("0664999")
        second.receives("INVITE").replies(404)
        call.receives(404)
        second.unplugs()
        call = self.anna.calls("0664999")
        refused = call.receives(480, within=40)
        self.assertIn("No Trunk Available", refused.first_line)

    def test_privacy_is_kept_from_who_is_called(self):
        carrier = self.carrier()
        self.rest.put(PLAN, plan("line"))
        call = self.anna.calls("0664999", headers=[("Privacy", "id")])
        incoming = carrier.receives("INVITE")
        invite = incoming.received.message
        self.assertIn("<sip:anonymous@anonymous.invalid>", invite["From"])
        self.assertEqual("id", invite["Privacy"])
        self.assertIn("+431201", invite["P-Asserted-Identity"])
        incoming.replies(486)
        call.receives(486)
        carrier = self.carrier("line", trusted=False)
        call = self.anna.calls("0664999", headers=[("Privacy", "id")])
        incoming = carrier.receives("INVITE")
        self.assertNotIn("P-Asserted-Identity", incoming.received.message)
        self.assertNotIn("201@", incoming.received.message["Contact"])  # its port may be 20130
        incoming.replies(486)
        call.receives(486)

    def test_rights_and_limits(self):
        eventually(lambda: time.time() % A_DAY < A_DAY - 30, "the day, by which calls are counted, "
                   "is long enough", 60)
        carrier = self.carrier(limits={"calls": 1})
        self.rest.put(PLAN, plan("line", rights={"202": "internal"},
                                 outside={"201": {"calls_per_day": 2}}))
        self.bob.calls("0664999").receives(403)
        self.anna.calls("0044123").receives(403)
        call = self.anna.calls("0664999")
        incoming = carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        self.assertIn("All Lines Busy", self.anna.calls("0664888").receives(486).first_line)
        for number, status, told in (("0664888", 409, "0664888: All Lines Busy: Every trunk"),
                                     ("0044123", 422, "Not Allowed: 201 may not make")):
            click = self.rest.request("POST", "/api/v1/calls", {"from": "201", "to": number})
            self.assertEqual(status, click.status, click.text)
            self.assertIn(told, click.text)
        urgent = self.bob.calls("112")
        helper = carrier.receives("INVITE")
        helper.replies(200, ANSWER)
        urgent.receives(200)
        urgent.hangs_up()
        helper.receives("BYE")
        call.hangs_up()
        incoming.receives("BYE")
        call = self.anna.calls("0664888")
        carrier.receives("INVITE").replies(486)
        call.receives(486)
        refused = self.anna.calls("0664777").receives(403)
        self.assertIn("201 has its 2 calls a day to outside already", refused["Warning"])
        self.server.stop()
        self.server.start()  # it counts on
        refused = self.anna.calls("0664777").receives(403)
        self.assertIn("Daily Limit Reached", refused.first_line)

    def test_a_call_for_help_without_a_number(self):
        """`urn:service:sos` (RFC 5031) is the emergency number of the digit plan."""
        self.anna.calls("urn:service:sos").receives(416)
        carrier = self.carrier()
        self.rest.put(PLAN, plan("line"))
        for urn in ("urn:service:sos", "URN:service:sos.ambulance"):
            with self.subTest(urn):
                call = self.anna.calls(urn)
                incoming = carrier.receives("INVITE")
                self.assertEqual("sip:112@carrier.test", incoming.received.message.uri)
                incoming.replies(200, ANSWER)
                call.receives(200)
                incoming.receives("ACK")
                call.hangs_up()
                incoming.receives("BYE")
        call = self.anna.calls("urn:service:sos")
        incoming = carrier.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        call.cancels()
        incoming.receives("CANCEL")

    def test_an_emergency_call_is_placed_while_the_exchange_drains(self):
        carrier = self.carrier()
        self.rest.put(PLAN, plan("line"))
        eve = self.phone("203")
        call, incoming = talk(self.anna, self.bob)
        self.server.process.send_signal(signal.SIGTERM)
        eventually(lambda: eve.calls("206").invite.receives_final().status == 503,
                   "new calls are refused")
        help_call = eve.calls("112")
        answering = carrier.receives("INVITE")
        answering.replies(200, ANSWER)
        help_call.receives(200)
        answering.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")
        self.assertIsNone(self.server.process.poll())
        help_call.hangs_up()
        answering.receives("BYE")
        self.assertEqual(0, self.server._reap())
        self.server.start()

    def test_forwarding_to_outside_needs_its_right(self):
        carrier = self.carrier()
        self.rest.put(PLAN, plan("line"))
        self.bob.calls("*21*0664999").receives(403)
        wanted = {"always": "0664999"}
        refused = self.rest.request("PUT", "/api/v1/extensions/202/forwarding", wanted)
        self.assertEqual(422, refused.status)
        self.assertIn("202 may not forward calls to outside", refused.text)
        self.rest.put(PLAN, plan("line", outside={"202": {"forward": True}}))
        self.rest.put("/api/v1/extensions/202/forwarding", wanted)
        self.rest.put(PLAN, plan("line"))  # what was set once does not work for ever
        self.assertIn("202 may not forward calls to outside",
                      self.anna.calls("202").receives(403)["Warning"])
        self.rest.put(PLAN, plan("line", outside={"202": {"forward": True}}))
        call = self.anna.calls("202")
        call.receives(181)
        incoming = carrier.receives("INVITE")
        self.assertEqual("<sip:+431202@carrier.test>;reason=unconditional;counter=1",
                         incoming.received.message["Diversion"])
        incoming.replies(486)
        call.receives(486)

    def test_a_transfer_to_outside_and_one_the_carrier_asks_for(self):
        carrier = self.carrier()
        self.rest.put(PLAN, plan("line", rights={"202": "internal"}))
        call = carrier.calls_in("+431202")
        incoming = self.bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.sends("REFER", headers=[("Refer-To", "<sip:201@office.test>")]).receives(403)
        incoming.sends("REFER", headers=[("Refer-To", "<sip:0664888@office.test>")]).receives(202)
        for line in ("100", "403"):
            notify = incoming.receives("NOTIFY")
            self.assertIn(f"SIP/2.0 {line}", notify.body.decode())
            notify.replies(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_where_a_phone_says_to_be_leads_no_call_to_the_carrier(self):
        """Over TCP, once the connection of its REGISTER is gone, and by a Path over UDP."""
        over_udp, over_tcp = self.carrier("line"), self.carrier("other", "tcp")
        self.rest.put(PLAN, plan("line", "other", default_right="internal"))
        there = "sip:0900123@%s:%d;transport=tcp" % over_tcp.listening
        eve = self.phone("203", transport="tcp", listens=True)
        eve.registers(contacts=[f"<{there}>", f"<{eve.contact}>;expires=0"])
        for connection in list(eve.sockets.connections):
            connection.close()
        self.anna.calls("203").receives(480)
        eve.registers(contacts=[f"<{there}>;expires=0"])
        dan = self.phone("204")
        dan.registers(headers=[("Path", "<sip:%s:%d;lr>" % over_udp.sockets.udp_address)])
        call = self.anna.calls("204")
        dan.receives("INVITE").replies(486)
        call.receives(486)
        # A call that may go there goes to both: what was sent before it is there before it.
        self.rest.put(PLAN, plan("line", "other"))
        call = self.anna.calls("0664999")
        for carrier, status in ((over_udp, 503), (over_tcp, 486)):
            incoming = carrier.receives("INVITE")
            self.assertEqual({incoming.dialog.call_id},
                             {each["Call-ID"] for each in carrier.heard if each.method == "INVITE"})
            incoming.replies(status)
        call.receives(486)

    def test_the_decision_is_explained(self):
        self.carrier()
        self.rest.put(PLAN, plan("line"))

        def decide(**asked):
            answer = self.rest.request("POST", f"{PLAN}:test", asked)
            self.assertEqual(200, answer.status, answer.text)
            return answer.json

        out = decide(**{"from": "201", "dialled": "0664999"})
        self.assertEqual("ring", out["outcome"])
        self.assertIn("+43664999 is called over trunk line", out["steps"])
        self.assertEqual((None, "line", "sip:+43664999@carrier.test"),
                         tuple(out["targets"][0][name] for name in ("extension", "trunk", "contact")))
        self.assertEqual(403, decide(**{"from": "201", "dialled": "0044"})["status"])
        self.assertEqual(["202"], [target["extension"]
                                   for target in decide(trunk="line", dialled="+431202")["targets"]])
        self.assertEqual(404, decide(trunk="line", dialled="+439")["status"])

    def test_the_secret_never_comes_back(self):
        self.carrier()
        path = "/api/v1/trunks/line"
        answer = self.rest.request("PATCH", path, {"username": "u1", "secret": "s3cr3t-of-line"})
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual(("u1", "carrier.test"), (answer.json["username"], answer.json["realm"]))
        for text in (answer.text, self.rest.request("GET", path).text,
                     self.rest.request("GET", "/api/v1/trunks").text):
            self.assertNotIn("s3cr3t", text)
        self.assertNotIn("s3cr3t", self.server.log(1000))

    def test_a_call_that_talks_outlives_a_restart(self):
        carrier = self.carrier()
        self.rest.put(PLAN, plan("line", outside={"201": {"calls": 1}}))
        call = self.anna.calls("0664999")
        incoming = carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        for phone in (self.anna, carrier):
            phone.answers_by_itself.add("OPTIONS")
        self.server.stop()
        self.server.start()
        legs = self.rest.items("/api/v1/calls")[0]["legs"]
        self.assertEqual(["line"], [leg["trunk"] for leg in legs if leg["trunk"]])
        self.anna.calls("0664888").receives(486)
        incoming.hangs_up()
        call.receives("BYE")


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class SippAsCarrier(RealPhones):
    patience = 30

    def test_early_media_reinvite_and_bye(self):
        anna, port = self.phone("201"), reserve()
        self.rest.put("/api/v1/trunks/line", {
            "servers": [{"host": "127.0.0.1", "port": port}], "domain": "carrier.test"})
        self.rest.put(PLAN, plan("line"))
        sipp = self.sipp("carrier", port=port, service="gateway").listens()
        call = anna.calls("0664999")
        self.assertIn(b"m=audio 41000 RTP/AVP 8", call.receives(183).body)
        call.receives(200)
        change = call.receives("INVITE")
        self.assertIn(b"RTP/AVP 0", change.body)
        change.replies(200, ANSWER)
        call.receives("BYE")
        sipp.succeeds()


if __name__ == "__main__":
    unittest.main()
