"""Redirect mode, and phones that redirect (RFC 3261 sections 8.3 and 8.1.3.4)."""
import unittest

from lib.carrier import Carrier
from lib.case import WireTest, eventually
from lib.message import Address
from lib.sdp import ANSWER, sdp


class Redirect(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202")

    def redirects(self, number="202"):
        self.rest.request("PATCH", f"/api/v1/extensions/{number}", {"mode": "redirect"})

    def test_all_contacts_with_their_q(self):
        self.redirects()
        mobile = self.phone("202", registered=False, transport="tcp")
        mobile.registers(contacts=[f"<{mobile.contact}>;q=0.4"])
        moved = self.anna.calls("202").receives(302)
        self.assertEqual([f"<{self.bob.contact}>;q=1.000", f"<{mobile.contact}>;q=0.400"],
                         moved.headers.values("Contact"))
        self.assertEqual([], self.rest.items("/api/v1/calls"))
        record, = self.logged_calls()
        self.assertEqual(("redirected", 302, "202"),
                         tuple(record[key] for key in ("result", "status", "dialled")))

    def test_who_is_named_by_a_phone_refuses(self):
        eva = self.phone("203")
        for status in (486, 404, 603, 480):
            with self.subTest(status=status):
                call = self.anna.calls("202")
                self.bob.receives("INVITE").replies(302, headers=[("Contact", "<sip:203@office.test>")])
                eva.receives("INVITE").replies(status)
                call.receives(181)
                call.receives(status)
        self.assertEqual([], self.rest.items("/api/v1/calls"))

    def test_nobody_there_and_no_such_number(self):
        self.redirects("203")
        self.anna.calls("203").receives(480)
        self.anna.calls("299").receives(404)
        self.anna.calls("sip:202@192.0.2.77").receives(404)
        self.anna.calls("202", authenticates=False).receives(407)

    def talks_by_contact(self, call):
        incoming = self.bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_the_new_invite_through_us_with_a_new_call_id(self):
        self.redirects()
        moved = self.anna.calls("202").receives(302)
        self.talks_by_contact(self.anna.calls(Address.parse(moved["Contact"]).uri))

    def test_the_new_invite_through_us_with_the_same_call_id(self):
        self.redirects()
        first = self.anna.calls("202")
        moved = first.receives(302)
        again = self.anna.request("INVITE", Address.parse(moved["Contact"]).uri,
                                  from_=Address.parse(first.invite.request["From"]),
                                  to=first.invite.request["To"],
                                  call_id=first.dialog.call_id, cseq=first.invite.request.cseq + 1,
                                  body=first.invite.request.body)
        from lib.call import Call
        self.talks_by_contact(Call.outgoing(self.anna, again))

    def by_another_branch(self, call, uri):
        """The INVITE of `call` as a proxy sends it that tries a second way."""
        first = call.invite.request
        again = self.anna.request("INVITE", uri, from_=Address.parse(first["From"]), to=first["To"],
                                  call_id=first["Call-ID"], cseq=first.cseq, body=first.body)
        from lib.call import Call
        return Call.outgoing(self.anna, again, authenticates=False)

    def test_a_proxy_follows_with_the_same_cseq(self):
        self.redirects()
        first = self.anna.calls("202")
        moved = first.receives(302)
        self.by_another_branch(first, Address.parse(moved["Contact"]).uri).receives(407)

    def test_a_proxy_tries_a_second_way_while_the_first_rings(self):
        first = self.anna.calls("202")
        incoming = self.bob.receives("INVITE")
        incoming.replies(180)
        first.receives(180)
        merged = self.by_another_branch(first, "sip:203@office.test").receives(482)
        self.assertEqual("Request Merged", merged.phrase)
        incoming.replies(486)
        first.receives(486)

    def test_the_new_invite_straight_to_the_phone(self):
        self.redirects()
        moved = self.anna.calls("202").receives(302)
        host, port = self.bob.sockets.udp_address
        self.anna.address = {"udp": (host, port)}
        call = self.anna.calls(Address.parse(moved["Contact"]).uri)
        incoming = self.bob.receives("INVITE")
        incoming.replies(486)
        call.receives(486)

    def test_a_whole_session_after_a_redirection(self):
        """302, ACK, the call to the phone's contact, which adds video in between, and its end."""
        offer, video = sdp("caller"), sdp("callee", 2) + "m=video 42000 RTP/AVP 31\r\n"
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                self.redirects()
                bob, jack = (self.phone(number, transport=transport) for number in ("203", "204"))
                self.redirects("204")
                first = bob.calls("204", offer)
                moved = first.receives(302)
                self.assertEqual([f"<{jack.contact}>;q=1.000"], moved.headers.values("Contact"))
                self.assertNotEqual("", moved.to_tag)
                bob.pings()                             # its ACK has arrived by then
                call = bob.calls(Address.parse(moved["Contact"]).uri, offer)
                incoming = jack.receives("INVITE")
                self.assertEqual(offer.encode(), incoming.offer)
                for _ in range(2):
                    incoming.replies(180)
                call.receives(180)
                incoming.replies(200, ANSWER)
                self.assertEqual(ANSWER.encode(), call.receives(200).body)
                incoming.receives("ACK")
                change = incoming.sends("INVITE", video)
                asked = call.receives("INVITE")
                self.assertEqual(video.encode(), asked.body)
                asked.replies(200, video)
                self.assertEqual(video.encode(), change.receives(200).body)
                call.receives("ACK")
                call.hangs_up()
                incoming.receives("BYE")
                eventually(lambda: not self.rest.items("/api/v1/calls"), "no call is left")
                self.assertEqual(1, len([m for m in bob.heard if m.status == 302]))
                for phone in (bob, jack):
                    phone.unregisters()

    def test_phones_that_write_like_rfc_2543(self):
        """No branch in Via, no tag in From, no Max-Forwards, `Call-Id`, and a redirection to a URI without brackets."""
        self.redirects()
        old = self.anna.request("INVITE", self.anna.aor_of("202"), body="v=0\r\n",
                                from_=Address(self.anna.aor, "TheBigGuy"))
        old.headers.set("Via", f"SIP/2.0/UDP {self.anna.host_port}")
        old.headers.remove("Max-Forwards")
        old.headers.fields = [("Call-Id" if name == "Call-ID" else name, value)
                              for name, value in old.headers.fields]
        challenge = self.anna.sends(old, authenticates=False).receives(407)
        authorised = self.anna.authorise(old, challenge)
        authorised.headers.set("Via", old["Via"])
        moved = self.anna.sends(authorised, authenticates=False).receives(302)
        self.assertEqual([f"<{self.bob.contact}>;q=1.000"], moved.headers.values("Contact"))
        self.assertTrue(moved["Via"].startswith(old["Via"]))
        self.assertEqual(old["From"], moved["From"])
        self.anna.pings()                               # its ACK has arrived by then

        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "bridge"})
        carol = self.phone("203", transport="tcp")
        call = self.anna.calls("202")
        self.bob.receives("INVITE").replies(302, headers=[("Contact", "sip:203@office.test")])
        call.receives(181)
        carol.receives("INVITE").replies(486)
        call.receives(486)

    def test_a_whole_call_of_a_phone_that_writes_like_rfc_2543(self):
        """No branch in Via and no tag in From, all the time: by a proxy, and bridged."""
        for calls, mode in enumerate(("proxy", "bridge"), 1):
            with self.subTest(mode=mode):
                self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": mode})

                def writes(method, uri, **parts):
                    request = self.anna.request(method, uri, from_=Address(self.anna.aor, "TheBigGuy"), **parts)
                    request.headers.set("Via", f"SIP/2.0/UDP {self.anna.host_port}")
                    return request

                def within(method, cseq):
                    request = writes(method, Address.parse(answer["Contact"]).uri, to=answer["To"],
                                     call_id=answer["Call-ID"], cseq=cseq)
                    for route in reversed(answer.headers.values("Record-Route")):
                        request.headers.add("Route", route)
                    return request

                invite = writes("INVITE", self.anna.aor_of("202"), body=sdp("old", 1))
                challenge = self.anna.sends(invite, authenticates=False).receives(407)
                authorised = self.anna.authorise(invite, challenge)
                authorised.headers.set("Via", invite["Via"])
                sent = self.anna.sends(authorised, authenticates=False, acks=False)
                incoming = self.bob.receives("INVITE")
                incoming.replies(200, ANSWER)
                answer = sent.receives(200)
                self.assertEqual(invite["From"], answer["From"])
                self.anna.flow().send(within("ACK", authorised.cseq))
                incoming.receives("ACK")
                asked = incoming.sends("INFO")
                self.anna.receives("INFO").replies(200)
                asked.receives(200)
                self.anna.sends(within("BYE", authorised.cseq + 1)).receives(200)
                incoming.receives("BYE")
                record = self.logged_calls(calls)[0]
                self.assertEqual(("answered", "201", "202"),
                                 tuple(record[key] for key in ("result", "from", "answered_by")))
        self.assertEqual([], self.rest.items("/api/v1/calls"))

    def test_a_phone_redirects_to_a_colleague(self):
        carol = self.phone("203", transport="tcp")
        call = self.anna.calls("202")
        self.bob.receives("INVITE").replies(302, headers=[
            ("Contact", "<sip:0900@carrier.example>;q=0.9, <sip:203@office.test>;q=0.5")])
        call.receives(181)
        incoming = carol.receives("INVITE")
        self.assertIn("reason=deflection", incoming.received.message["Diversion"])
        self.assertIn("index=1.1", incoming.received.message["History-Info"])
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        record, = self.logged_calls()
        self.assertEqual("203", record["answered_by"])

    def test_a_phone_redirects_into_a_dialog(self):
        """To a call that there may be at the other phone; it is not followed as an ordinary one."""
        carol, dave = (self.phone(number, transport="tcp") for number in ("203", "204"))
        dialog = "a%3Bto-tag%3D1%3Bfrom-tag%3D2"
        for header in ("Replaces", "Join", "%4Aoin"):
            with self.subTest(header=header):
                call = self.anna.calls("202")
                self.bob.receives("INVITE").replies(302, headers=[
                    ("Contact", f"<sip:203@office.test?{header}={dialog}>, <sip:204@office.test?Subject=x>;q=0.5")])
                call.receives(181)
                dave.receives("INVITE").replies(486)
                call.receives(486)
                call = self.anna.calls("202")
                self.bob.receives("INVITE").replies(302, headers=[
                    ("Contact", f"<sip:203@office.test?{header}={dialog}>")])
                call.receives(403)
                refused = self.anna.calls(f"sip:203@office.test?{header}={dialog}").receives(400)
                self.assertIn("Request-URI", refused["Warning"])
        carol.pings()

    def test_a_phone_redirects_outside_or_in_a_circle(self):
        call = self.anna.calls("202")
        self.bob.receives("INVITE").replies(302, headers=[("Contact", "<sip:x@evil.example>"),
                                                          ("Contact", "<mailto:x@evil.example>")])
        self.assertIn("redirects to no number here", call.receives(403)["Warning"])
        call = self.anna.calls("202")
        self.bob.receives("INVITE").replies(302, headers=[("Contact", "<sip:202@office.test>")])
        self.assertIn("Forwarding loop: 202 > 202", call.receives(482)["Warning"])

    def test_a_trunk_whose_number_callers_are_told(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                carrier = Carrier(self.office, transport=transport)
                carrier.becomes("there", mode="redirect")
                self.rest.put("/api/v1/digit-plan", {
                    "rules": [{"name": "there", "pattern": "4711", "trunks": ["there"]}],
                    "default_outside": {"calls": 0, "minutes": 0}})
                moved = self.anna.calls("4711").receives(302)
                self.assertEqual(["<sip:4711@carrier.test>;q=1.0"], moved.headers.values("Contact"))
                eventually(lambda: [("redirected", "4711")] == [
                    (record["result"], record["dialled"])
                    for record in self.rest.get("/api/v1/call-log?limit=1")["items"]],
                    "the 302 is in the log")
                call = self.anna.calls("sip:4711@carrier.test")  # its outbound proxy is this one
                carrier.receives("INVITE").replies(486)
                call.receives(486)

                self.redirects()
                moved = carrier.calls_in("+431202").receives(302)
                self.assertEqual([f"<{self.bob.contact}>;q=1.000"],
                                 moved.headers.values("Contact"))
                self.rest.request("PATCH", "/api/v1/trunks/there", {"mode": "bridge"})
                call = carrier.calls_in("+431202")
                self.bob.receives("INVITE").replies(486)
                call.receives(486)


if __name__ == "__main__":
    unittest.main()
