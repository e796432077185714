"""Calls in proxy mode: one dialog between two phones, through the exchange (RFC 3261 section 16)."""
import itertools
import re
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.message import Address, Message, params
from lib.proxy import Proxy, header
from lib.sdp import ANSWER, OFFER, sdp
from lib.transactions import new_branch


class OfRules(WireTest):
    """A rule of the digit plan says how its callers are joined."""

    def plan(self, mode):
        answer = self.rest.put("/api/v1/digit-plan", {
            "rules": [{"name": "direct", "pattern": r"7(20\d)", "replacement": r"\1", "mode": mode}]})
        self.assertEqual([mode], [rule["mode"] for rule in answer["rules"]])

    def rings(self, caller, callee):
        call = caller.calls("7" + callee.number)
        incoming = callee.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        return call, incoming

    def steps(self, dialled):
        answer = self.rest.request("POST", "/api/v1/digit-plan:test", {"from": "201", "dialled": dialled}).json
        return answer["outcome"], answer["steps"]

    def test_each_mode_also_over_a_restart(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        self.plan("proxy")
        self.server.stop()
        self.server.start()
        for phone in self.office.phones:
            phone.address = self.server.address
        bob.registers()
        outcome, steps = self.steps("7202")
        self.assertEqual("ring", outcome)
        self.assertIn("The rule direct asks for proxy mode", steps)
        call, incoming = self.rings(anna, bob)
        self.assertEqual(call.dialog.call_id, incoming.dialog.call_id)
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

        self.plan("redirect")
        self.assertEqual("redirect", self.steps("7202")[0])
        moved = anna.calls("7202").receives(302)
        self.assertIn(f"<{bob.contact}>;q=1.000", moved.headers.values("Contact"))

        self.plan(None)
        self.assertEqual(("ring", []), (self.steps("7202")[0],
                                        [step for step in self.steps("7202")[1] if "mode" in step]))
        call, incoming = self.rings(anna, bob)
        self.assertNotEqual(call.dialog.call_id, incoming.dialog.call_id)
        incoming.replies(486)
        call.receives(486)


class OneDialog(Proxy):
    def test_what_is_passed_on_is_what_was_sent(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", OFFER, headers=[("X-Unknown", "a;  b=\"c, d\""),
                                                 ("P-Asserted-Identity", "<sip:boss@office.test>")])
        incoming = bob.receives("INVITE")
        invite = incoming.received.message
        sent = call.invite.request
        for name in ("Call-ID", "From", "To", "CSeq", "Contact", "X-Unknown", "User-Agent"):
            self.assertEqual(sent[name], invite[name], name)
        self.assertEqual(OFFER.encode(), invite.body)
        self.assertEqual(bob.contact, invite.uri)
        self.assertEqual("69", invite["Max-Forwards"])
        self.assertNotIn("Proxy-Authorization", invite)
        self.assertNotIn("P-Asserted-Identity", invite)
        self.assertEqual(2, len(header(invite, "Via")))
        self.assertEqual(1, len(header(invite, "Record-Route")))
        self.assertIn(";lr", invite["Record-Route"])
        self.assertEqual(["100"], [str(r.status) for r in call.invite.responses])
        incoming.replies(180)
        ringing = call.receives(180)
        self.assertEqual(bob.contact, Address.parse(ringing["Contact"]).uri)
        incoming.replies(200, ANSWER)
        answer = call.receives(200)
        self.assertEqual(ANSWER.encode(), answer.body)
        self.assertEqual(1, len(header(answer, "Via")))
        ack = incoming.receives("ACK")
        self.assertEqual(bob.contact, ack.uri)
        self.assertEqual([], header(ack, "Route"))
        incoming.hangs_up()
        bye = call.receives("BYE").message
        self.assertEqual(anna.contact, bye.uri)
        self.assertEqual([], header(bye, "Route"))
        self.no_calls()

    def test_a_phone_that_names_its_host(self):
        """Its Via tells where it came from (RFC 3261 section 18.2.1), and each 180 passes, the second one too."""
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                anna = self.phone("201", transport=transport, contact_host="client.atlanta.test:5060")
                bob = self.phone("202")
                call = anna.calls("202")
                incoming = bob.receives("INVITE")
                _, hers = header(incoming.received, "Via")
                self.assertIn(" client.atlanta.test:5060;", hers)
                self.assertEqual("127.0.0.1", params(hers)["received"])
                for _ in range(2):
                    incoming.replies(180)
                ringing = call.receives(180)
                self.assertEqual([hers], header(ringing, "Via"))
                incoming.replies(200, ANSWER)
                call.receives(200)
                self.assertEqual(2, len([m for m in anna.heard if m.status == 180]))
                incoming.receives("ACK")
                incoming.hangs_up()
                self.assertEqual(anna.contact, call.receives("BYE").message.uri)
                for phone in (anna, bob):
                    phone.unregisters()
                self.no_calls()

    def test_what_a_call_requires_is_for_the_phone_to_judge(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", headers=[("Require", "teleport")])
        incoming = bob.receives("INVITE")
        self.assertEqual("teleport", incoming.received["Require"])
        incoming.replies(420, headers=[("Unsupported", "teleport")])
        self.assertEqual("teleport", call.receives(420)["Unsupported"])

    def test_what_it_requires_of_proxies_is_for_the_exchange(self):
        anna, bob = self.phone("201"), self.phone("202")
        refused = anna.calls("202", headers=[("Proxy-Require", "warp")]).receives(420)
        self.assertEqual("warp", refused["Unsupported"])
        call, incoming = talk(anna, bob)
        refused = call.sends("INFO", "x", headers=[("Proxy-Require", "warp")]).receives(420)
        self.assertEqual("warp", refused["Unsupported"])
        call.hangs_up()
        incoming.receives("BYE")
        self.no_calls()

    def test_lamps_calls_and_the_record_tell_the_truth(self):
        dan = self.phone("204")
        lamp = dan.watches("202")
        call, incoming = ring(self.phone("201"), self.phone("202"))
        lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        lamp.shows("confirmed")
        live, = self.rest.items("/api/v1/calls")
        self.assertEqual([("201", "confirmed"), ("202", "confirmed")],
                         [(leg["extension"], leg["state"]) for leg in live["legs"]])
        hold = call.sends("INVITE", sdp("caller", 2, "sendonly"))
        again = incoming.receives("INVITE")
        again.replies(200, sdp("callee", 2, "recvonly"))
        hold.receives(200)
        incoming.receives("ACK")
        eventually(lambda: self.rest.items("/api/v1/calls")[0]["legs"][0]["held"], "it is on hold")
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")
        self.no_calls()
        record, = self.logged_calls()
        self.assertEqual(("answered", "201", "202", "caller"),
                         tuple(record[key] for key in ("result", "from", "answered_by", "ended_by")))
        ladder = self.rest.get(f"/api/v1/call-log/{record['id']}/ladder")
        self.assertIn("INVITE", str(ladder))

    def test_transports_may_differ(self):
        for caller, callee in itertools.product(("udp", "tcp"), repeat=2):
            with self.subTest(caller=caller, callee=callee):
                anna, bob = self.phone("201", transport=caller), self.phone("202", transport=callee)
                call, incoming = talk(anna, bob)
                expected = 1 if caller == callee else 2
                self.assertEqual(expected, len(header(incoming.received, "Record-Route")))
                info = call.sends("INFO", "Signal=1\r\n")
                incoming.receives("INFO").replies(200)
                info.receives(200)
                back = incoming.sends("INFO", "Signal=2\r\n")
                call.receives("INFO").replies(200)
                back.receives(200)
                incoming.hangs_up()
                call.receives("BYE")
                bob.unregisters()
                self.no_calls()

    def test_all_methods_pass_both_ways(self):
        call, incoming = talk(self.phone("201"), self.phone("202", transport="tcp"))
        for one, other in ((call, incoming), (incoming, call)):
            for method, body in (("UPDATE", OFFER), ("MESSAGE", "hello"), ("OPTIONS", ""),
                                 ("REFER", ""), ("NOTIFY", ""), ("DANCE", "")):
                with self.subTest(method=method):
                    headers = {"REFER": [("Refer-To", "<sip:203@office.test>")],
                               "NOTIFY": [("Event", "refer"), ("Subscription-State", "active")]}
                    sent = one.sends(method, body, headers.get(method, ()))
                    received = other.receives(method)
                    self.assertEqual(body.encode(), received.body)
                    received.replies(202 if method == "REFER" else 200)
                    sent.receives(202 if method == "REFER" else 200)
            again = one.sends("INVITE", sdp("again", 3))
            other.receives("INVITE").replies(488)
            again.receives(488)
        call.hangs_up()
        incoming.receives("BYE")

    def test_reliable_provisional_responses_pass(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", headers=[("Supported", "100rel")])
        incoming = bob.receives("INVITE")
        incoming.replies(183, ANSWER, reliable=True)
        progress = call.receives(183)
        prack = call.acknowledges_reliably(progress)
        incoming.receives("PRACK").replies(200)
        prack.receives(200)
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_the_dialog_outlives_the_exchange(self):
        anna, bob = self.phone("201"), self.phone("202")
        for phone in (anna, bob):
            phone.answers_by_itself |= {"OPTIONS"}     # the probes after a start
        call, incoming = talk(anna, bob)
        self.server.kill()
        self.server.start()
        incoming.hangs_up()
        call.receives("BYE")

    def test_what_passes_follows_phones_that_move(self):
        anna, bob = (self.phone(number, contact_host="10.1.2.3:5060") for number in ("201", "202"))
        call, incoming = talk(anna, bob)
        target = call.dialog.request("INFO").uri
        bob.sockets.changes_port()
        bob.registers()
        sent = call.sends("INFO", "Signal=1\r\n")
        received = incoming.receives("INFO")
        self.assertEqual(target, received.message.uri)
        received.replies(200)
        sent.receives(200)
        anna.sockets.changes_port()
        anna.registers()
        back = incoming.sends("INFO", "Signal=2\r\n")
        call.receives("INFO").replies(200)
        back.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        self.no_calls()

    def test_a_strict_router_before_us(self):
        call, incoming = talk(self.phone("201"), self.phone("202"))
        request = call.dialog.request("INFO", body="Signal=1\r\n")
        ours = Address.parse(request["Route"]).uri
        target, request.uri = request.uri, ours
        request.headers.set("Route", f"<{target}>")
        sent = call.phone.sends(request, dialog=call.dialog)
        received = incoming.receives("INFO")
        self.assertEqual(target, received.message.uri)
        self.assertEqual([], header(received, "Route"))
        received.replies(200)
        sent.receives(200)
        call.hangs_up()
        incoming.receives("BYE")


class Guarded(Proxy):
    def test_nobody_is_called_without_credentials(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", authenticates=False)
        call.receives(407)
        bob.pings()
        self.assertEqual([], [m for m in bob.heard if m.method == "INVITE"])

    def test_a_route_that_is_not_signed_for_the_dialog_leads_nowhere(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        call, incoming = talk(anna, bob)
        route = header(incoming.received, "Record-Route")[0]
        token = re.search("pass=([^>;]+)", route)[1]
        flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
        for forged in (route, route.replace(token, flipped), route.replace(f";pass={token}", ""),
                       f"<sip:{self.server.address['udp'][0]}:{self.server.address['udp'][1]};lr>"):
            for uri in (bob.contact, "sip:anyone@192.0.2.1"):
                request = eve.request("INFO", uri, to=f"<{uri}>;tag=guess", body="Signal=1\r\n")
                request.headers.add("Route", forged)
                eve.sends(request).receives(481)
        bob.pings()
        self.assertEqual([], [m for m in bob.heard if m.method == "INFO"])
        call.hangs_up()
        incoming.receives("BYE")

    def test_the_way_is_signed_and_not_the_request_uri(self):
        """A party of the dialog reaches the other party, whatever it asks for."""
        anna, bob, carol = self.phone("201"), self.phone("202"), self.phone("203")
        call, incoming = talk(anna, bob)
        request = call.dialog.request("INFO", body="Signal=1\r\n")
        request.uri = carol.contact
        sent = anna.sends(request, dialog=call.dialog)
        incoming.receives("INFO").replies(200)
        sent.receives(200)
        carol.pings()
        self.assertEqual([], [m for m in carol.heard if m.method == "INFO"])
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_forged_response_goes_nowhere(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        call, incoming = ring(anna, bob)
        via = header(incoming.received, "Via")[0]
        host, port = eve.sockets.udp_address
        forged = Message(status=200)
        forged.headers.add("Via", via)
        forged.headers.add("Via", f"SIP/2.0/UDP {host}:{port};branch={new_branch()}")
        for name in ("From", "To", "Call-ID", "CSeq"):
            forged.headers.add(name, incoming.received.message[name])
        heard = len(eve.heard)
        eve.flow().send(forged)
        eve.pings()
        self.assertEqual(heard + 1, len(eve.heard))
        incoming.replies(486)
        call.receives(486)

    def test_hops_and_loops(self):
        anna, bob = self.phone("201"), self.phone("202")
        anna.calls("202", max_forwards=0).receives(483)
        call, incoming = ring(anna, bob)
        again = Message(method="INVITE", uri=call.invite.request.uri,
                        headers=incoming.received.message.headers.fields, body=OFFER)
        bob.sends(again).receives(482)
        request = call.dialog.request("INFO")
        request.headers.set("Max-Forwards", "0")
        anna.sends(request).receives(483)
        incoming.replies(486)
        call.receives(486)


if __name__ == "__main__":
    unittest.main()
