"""A dialer's REFER, BYE with Also, and a third party in a call (RFC 3515, RFC 4488, RFC 3911)."""
import shutil
import unittest

from lib.case import WireTest, eventually, talk
from lib.real_office import RealPhones
from lib.sdp import sdp

SILENT = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
         "m=audio 5004 RTP/AVP 0\r\na=inactive\r\n"


class Dialer(WireTest):
    """A program with the credentials of 201 makes the telephone of 201 call."""

    transport = "udp"

    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")
        self.dialer = self.office.phone("201", transport=self.transport, registered=False)

    def refers(self, target="<sip:202@office.test>", number="201", headers=()):
        """The REFER, and where its NOTIFYs arrive."""
        request = self.dialer.request("REFER", self.dialer.aor_of(number), headers=[
            ("Refer-To", target), ("Contact", f"<{self.dialer.contact}>"), *headers])
        return self.dialer.subscribes(request, number, "refer")

    def hears(self, watch, line, state="active"):
        """The lines of the sipfrag behind the first."""
        notify = watch.receives_notify()
        self.assertTrue(notify.message.body.startswith(f"SIP/2.0 {line}".encode()),
                        notify.message.body)
        self.assertTrue(notify.message["Content-Type"].startswith("message/sipfrag"))
        self.assertTrue(notify.message["Event"].startswith("refer;id="))
        self.assertEqual(state, notify.state)
        first, *headers = notify.message.body.decode().removesuffix("\r\n").split("\r\n")
        return headers

    def lifts(self):
        clicked = self.anna.receives("INVITE")
        self.assertIn(b"a=inactive", clicked.offer)
        clicked.replies(200, SILENT)
        clicked.receives("ACK")
        return clicked

    def talks(self, clicked, target):
        target.replies(200, sdp("target", 1))
        moved = clicked.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("clicked", 2))
        target.receives("ACK")
        clicked.receives("ACK")

    def test_it_places_a_call_and_hears_how_it_goes(self):
        watch = self.refers('<sip:202@office.test?Subject=Order%2017&body="c=0.0.0.0">')
        watch.subscribe.receives(202)
        self.hears(watch, "100 Trying")
        clicked = self.lifts()
        target = self.bob.receives("INVITE")
        self.assertEqual(b"", target.offer)
        self.assertEqual("Order 17", target.received["Subject"])
        target.replies(180)
        self.hears(watch, "180 ")
        self.talks(clicked, target)
        self.hears(watch, "200 OK", "terminated")
        clicked.hangs_up()
        target.receives("BYE")

    def test_it_transfers_the_call_of_the_phone_that_it_names(self):
        """Target-Dialog (RFC 4538)."""
        carol = self.phone("203")
        outgoing, incoming = talk(self.anna, self.bob)
        own = outgoing.dialog
        named = f"{own.call_id} ; local-tag={own.remote_tag};remote-tag={own.local_tag}"
        for status, dialog in ((400, "nonsense"), (481, named + "x"), (481, (
                f"{incoming.dialog.call_id};local-tag={incoming.dialog.remote_tag}"
                f";remote-tag={incoming.dialog.local_tag}"))):
            with self.subTest(dialog=dialog):
                answer = self.refers("<sip:203@office.test>", headers=[
                    ("Target-Dialog", dialog)]).subscribe.receives_final()
                self.assertEqual(status, answer.status)
                self.assertIn("Target-Dialog", answer["Warning"])
        watch = self.refers("<sip:203@office.test>", headers=[
            ("Target-Dialog", named), ("Require", "tdialog")])
        watch.subscribe.receives(202)
        self.hears(watch, "100 Trying")
        target = carol.receives("INVITE")
        self.assertIn("sip:202@", target.received["From"])
        self.talks(incoming, target)
        self.hears(watch, "200 OK", "terminated")
        outgoing.receives("BYE")
        incoming.hangs_up()
        target.receives("BYE")

    def test_it_names_no_user(self):
        """F1 of a third party's call: the REFER is for the phone beside the dialer, whoever has it."""
        for uri in ("sip:office.test", f"sip:{self.anna.host_port}"):
            with self.subTest(uri=uri):
                request = self.dialer.request("REFER", uri, to=f"<{self.dialer.aor}>", headers=[
                    ("Refer-To", '<sip:202@office.test?body="c=0.0.0.0">'),
                    ("Contact", f"<{self.dialer.contact}>")])
                watch = self.dialer.subscribes(request, "201", "refer")
                watch.subscribe.receives(202)
                self.hears(watch, "100 Trying")
                clicked = self.lifts()
                target = self.bob.receives("INVITE")
                self.assertIn("sip:201@", target.received["From"])
                self.assertEqual(b"", target.offer)             # ours, and not what the dialer wrote
                self.assertEqual(3, len({request["Call-ID"], clicked.dialog.call_id,
                                         target.dialog.call_id}))
                self.talks(clicked, target)
                self.hears(watch, "200 OK", "terminated")
                target.hangs_up()
                clicked.receives("BYE")

    def test_a_trusted_one_lets_the_phones_of_others_call(self):
        carol = self.phone("203")
        self.rest.put("/api/v1/extensions/201", {
            "number": "201", "display_name": "Anna Lee", "trusted": True})
        watch = self.refers("<sip:203@office.test>", "202")
        watch.subscribe.receives(202)
        self.hears(watch, "100 Trying")
        clicked = self.bob.receives("INVITE")
        self.assertIn("sip:203@", clicked.received["From"])
        clicked.replies(200, SILENT)
        clicked.receives("ACK")
        target = carol.receives("INVITE")
        self.assertIn("sip:202@", target.received["From"])
        self.talks(clicked, target)
        self.hears(watch, "200 OK", "terminated")
        clicked.hangs_up()
        target.receives("BYE")

    def test_it_is_in_the_ladder_of_the_call(self):
        """The REFER and what it is told, as messages of who calls."""
        watch = self.refers()
        watch.subscribe.receives(202)
        self.hears(watch, "100 Trying")
        clicked = self.lifts()
        target = self.bob.receives("INVITE")
        self.talks(clicked, target)
        self.hears(watch, "200 OK", "terminated")
        self.dialer.pings()  # its answer to that NOTIFY has arrived
        clicked.hangs_up()
        target.receives("BYE")
        entry, = self.logged_calls()
        messages = self.rest.get(f"/api/v1/call-log/{entry['id']}/ladder")["messages"]
        of_refer = [message for message in messages
                    if message["call_id"] == watch.subscribe.request["Call-ID"]]
        words = [message["first_line"].replace("SIP/2.0 ", "").split(" ")[0]
                 for message in of_refer if not message["repeated"]]
        self.assertEqual(["REFER", words[1], "REFER", "202", "NOTIFY", "200", "NOTIFY", "200"], words)
        self.assertIn(words[1], ("401", "407"))
        phone = of_refer[0]["from"]
        self.assertEqual(("caller", "201"), (phone["role"], phone["extension"]))
        self.assertEqual({self.transport}, {message["transport"] for message in of_refer})
        if self.transport == "udp":
            self.assertEqual({self.dialer.host_port},
                             {message["to"]["address"] for message in of_refer
                              if message["direction"] == "sent"})
        self.assertIn("SIP/2.0 200 OK", of_refer[-2]["text"])
        self.assertNotRegex(of_refer[2]["text"], 'response="[0-9a-f]{32}')
        file = self.rest.download(f"/api/v1/call-log/{entry['id']}.pcap")
        self.assertIn(b"REFER sip:201@", file)

    def test_it_hears_of_a_failure(self):
        watch = self.refers()
        watch.subscribe.receives(202)
        self.hears(watch, "100 Trying")
        clicked = self.lifts()
        self.bob.receives("INVITE").replies(486, headers=[
            ("Warning", '399 bob "In a meeting"'), ("Reason", 'Q.850;cause=17;text="User busy"'),
            ("Organization", "Bob")])
        self.assertEqual(['Reason: Q.850;cause=17;text="User busy"', 'Warning: 399 bob "In a meeting"'],
                         self.hears(watch, "486 ", "terminated"))
        clicked.receives("BYE")

    def test_it_wants_no_reports(self):
        for headers in ([("Refer-Sub", "false")], [("Refer-Sub", "false"), ("Require", "norefersub")]):
            with self.subTest(headers=headers):
                sent = self.refers(headers=headers).subscribe
                self.assertEqual("false", sent.receives(202)["Refer-Sub"])
                clicked = self.lifts()
                target = self.bob.receives("INVITE")
                self.talks(clicked, target)
                clicked.hangs_up()
                target.receives("BYE")

    def test_it_requires_that_refer_sub_is_understood(self):
        """That by itself asks for no silence (RFC 4488 §4)."""
        watch = self.refers(headers=[("Require", "norefersub")])
        self.assertNotIn("Refer-Sub", watch.subscribe.receives(202))
        self.hears(watch, "100 Trying")
        clicked = self.lifts()
        target = self.bob.receives("INVITE")
        self.talks(clicked, target)
        self.hears(watch, "200 OK", "terminated")
        clicked.hangs_up()
        target.receives("BYE")

    def test_it_unsubscribes(self):
        watch = self.refers()
        watch.subscribe.receives(202)
        self.hears(watch, "100 Trying")
        watch.sends_subscribe(0).receives(200)
        self.hears(watch, "100 Trying", "terminated")
        watch.sends_subscribe(60).receives(481)
        clicked = self.lifts()
        target = self.bob.receives("INVITE")
        target.replies(180)  # no CANCEL before it (RFC 3261 §9.1)
        clicked.hangs_up()
        target.receives("CANCEL")

    def test_what_is_refused(self):
        for status, target, number, name in (
                (400, "nonsense", "201", "Refer-To"),
                (400, "<sip:202@office.test?Replaces=%00>", "201", "Refer-To"),
                (403, "<sip:202@elsewhere.test>", "201", "Refer-To"),
                (403, "<tel:202;phone-context=elsewhere.test>", "201", "Refer-To"),
                (403, "<sip:201@office.test>", "202", "phones of your own")):
            with self.subTest(target=target):
                answer = self.refers(target, number).subscribe.receives_final()
                self.assertEqual(status, answer.status)
                self.assertIn(name, answer["Warning"])
        request = self.dialer.request("REFER", self.dialer.aor_of("201"), headers=[
            ("Refer-To", "<sip:202@office.test>"), ("Contact", f"<{self.dialer.contact}>")])
        challenged = self.dialer.sends(request, authenticates=False).receives(401, 407)
        self.assertTrue(challenged)


class DialerOverTcp(Dialer):
    transport = "tcp"


class ByeAlso(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")
        self.carl = self.phone("203")

    def carl_gets_anna(self, call):
        target = self.carl.receives("INVITE")
        self.assertEqual(b"", target.offer)
        self.assertIn("sip:201@", target.received["From"])
        target.replies(200, sdp("target", 1))
        moved = call.receives("INVITE")
        self.assertIn("sip:203@", moved["P-Asserted-Identity"])
        moved.replies(200, sdp("caller", 2))
        target.receives("ACK")
        call.receives("ACK")
        target.hangs_up()
        call.receives("BYE")

    def test_the_other_party_is_called_on(self):
        for header in (("Also", "<sip:203@office.test>"), ("Contact", "<sip:203@office.test>")):
            with self.subTest(header=header[0]):
                call, incoming = talk(self.anna, self.bob)
                incoming.sends("BYE", headers=[header]).receives(200)
                self.carl_gets_anna(call)

    def test_the_phones_own_contact_is_none(self):
        call, incoming = talk(self.anna, self.bob)
        incoming.sends("BYE", headers=[("Contact", f"<{self.bob.contact}>")]).receives(200)
        call.receives("BYE")

    def test_malformed_and_the_call_is_over(self):
        for also in "<sip:>", "", "<sip:203@office.test>,<sip:204@office.test>":
            with self.subTest(also=also):
                call, incoming = talk(self.anna, self.bob)
                refused = incoming.sends("BYE", headers=[("Also", also)]).receives(400)
                self.assertIn("Also", refused["Warning"])
                call.receives("BYE")

    def test_the_record_names_what_several_said(self):
        call, incoming = talk(self.anna, self.bob)
        first, second = "<sip:203@office.test>", "<sip:204@office.test>"
        incoming.sends("BYE", headers=[("Also", first), ("Also", second)]).receives(400)
        call.receives("BYE")
        record, = self.logged_calls()
        failed, = record["failed_moves"]
        self.assertEqual((first, 400), (failed["target"], failed["status"]))


class Join(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")
        self.carl = self.phone("203")
        self.group(join=True)
        self.lamp = self.carl.watches("202")
        self.call, self.incoming = talk(self.anna, self.bob)
        self.shown = self.lamp.shows("confirmed").document.dialog

    def group(self, join):
        self.rest.put("/api/v1/groups/sales", {
            "name": "sales", "members": ["201", "202", "203"],
            "watchers": [{"number": "203", "unsolicited": False, "profile": "auto"}],
            "rights": {"join": join}})

    def joins(self, value=None, headers=()):
        value = value or f"{self.shown.call_id};to-tag={self.shown.local_tag};" \
                         f"from-tag={self.shown.remote_tag}"
        return self.carl.calls("202", sdp("third", 1),
                               headers=[("Join", value), *headers])

    def ends(self):
        self.call.hangs_up()
        self.incoming.receives("BYE")

    def test_three_talk(self):
        joining = self.joins(headers=[("Require", "join")])
        third = self.bob.receives("INVITE")
        own = self.incoming.dialog
        self.assertEqual(f"{own.call_id};to-tag={own.local_tag};from-tag={own.remote_tag}",
                         third.received["Join"])
        self.assertIn("join", third.received["Require"])
        third.replies(180)
        joining.receives(180)
        focus = [("Contact", f"<{self.bob.contact}>;isfocus")]
        mixed = self.incoming.sends("INVITE", sdp("mixer", 2), headers=focus)
        arrived = self.call.receives("INVITE")
        self.assertEqual(sdp("mixer", 2).encode(), arrived.body)
        self.assertIn(";isfocus", arrived["Contact"])
        arrived.replies(200, sdp("caller", 2))
        self.assertNotIn("isfocus", mixed.receives(200)["Contact"])
        self.call.receives("ACK")                       # F9, and Carol's phone has no answer yet
        self.assertEqual([100, 180], [response.status for response in joining.invite.responses])
        self.bob.params = ";isfocus"
        third.replies(200, sdp("mixer", 1))
        answer = joining.receives(200)
        self.assertIn(";isfocus", answer["Contact"])
        self.bob.params = ""
        self.assertEqual(sdp("mixer", 1).encode(), answer.body)
        third.receives("ACK")
        self.assertEqual(2, len(self.rest.items("/api/v1/calls")))
        for one, other in ((self.call, self.incoming), (joining, third), (self.incoming, self.call),
                           (third, joining)):           # both dialogs of Bob's go on
            info = one.sends("INFO", "Signal=1\r\n")
            other.receives("INFO").replies(200)
            info.receives(200)
        joining.hangs_up()
        third.receives("BYE")
        self.ends()

    def test_what_is_refused(self):
        self.joins("nobody@home;to-tag=a;from-tag=b").receives(481)
        refused = self.joins(";to-tag=a").receives(400)
        self.assertIn("Join", refused["Warning"])
        both = f"{self.shown.call_id};to-tag={self.shown.local_tag};" \
               f"from-tag={self.shown.remote_tag}"
        self.joins(headers=[("Replaces", both)]).receives(400)
        joining = self.joins()
        self.bob.receives("INVITE").replies(488)
        joining.receives(488)
        self.group(join=False)
        self.joins().receives(403)
        self.ends()


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class SippJoins(RealPhones, Join):
    """The same office, with SIPp as the third party."""
    transport = "udp"
    test_what_is_refused = None

    def test_three_talk(self):
        value = f"{self.shown.call_id};to-tag={self.shown.local_tag};" \
                f"from-tag={self.shown.remote_tag}"
        sipp = self.sipp("joiner", service="202", user="203", join=value, transport=self.transport)
        third = self.bob.receives("INVITE")
        own = self.incoming.dialog
        self.assertEqual(f"{own.call_id};to-tag={own.local_tag};from-tag={own.remote_tag}",
                         third.received["Join"])
        self.bob.params = ";isfocus"
        third.replies(200, sdp("mixer", 1))
        third.receives("ACK")
        third.receives("BYE")
        sipp.succeeds()
        self.bob.params = ""
        self.ends()


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class SippJoinsOverTcp(SippJoins):
    transport = "tcp"


class ProgramsOfOthers(RealPhones):
    @unittest.skipUnless(shutil.which("baresip"), "baresip is not installed (package baresip-core)")
    def test_a_dialer_makes_baresip_call_baresip(self):
        bob, eve = self.baresip("202", 440), self.baresip("205", 1000, "tcp")
        dialer = self.office.phone("202", registered=False)
        request = dialer.request("REFER", dialer.aor_of("202"), headers=[
            ("Refer-To", "<sip:205@office.test>"), ("Contact", f"<{dialer.contact}>")])
        watch = dialer.subscribes(request, "202", "refer")
        watch.subscribe.receives(202)
        eventually(lambda: bob.hears(1000), "202 hears the tone of 205")
        eventually(lambda: eve.hears(440), "205 hears the tone of 202")
        self.assertTrue(watch.history[-1].message.body.startswith(b"SIP/2.0 200 "))
        bob.hangs_up()
        eve.says("terminated")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_leaves_by_bye_with_also(self):
        bob, carl = self.phone("202"), self.phone("203", transport="tcp")
        sipp = self.sipp("also", service="202", user="205", target="203")
        call = bob.receives("INVITE")
        call.replies(200, sdp("callee", 1))
        call.receives("ACK")
        target = carl.receives("INVITE")
        target.replies(200, sdp("target", 1))
        call.receives("INVITE").replies(200, sdp("callee", 2))
        target.receives("ACK")
        call.receives("ACK")
        sipp.succeeds()
        call.hangs_up()
        target.receives("BYE")


if __name__ == "__main__":
    unittest.main()
