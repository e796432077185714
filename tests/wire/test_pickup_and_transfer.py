"""Taking a colleague's call (RFC 3891) and moving one's own (RFC 3515, RFC 5589)."""
import shutil
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.real_office import RealPhones
from lib.sdp import sdp


class PickupAndTransfer(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")
        self.carl = self.phone("203")
        self.rest.put_group("sales", members=["201", "202", "203"], watchers=["203"])

    def rings_and_carl_sees_it(self):
        """Anna calls Bob; Carl's key for Bob flashes."""
        lamp = self.carl.watches("202")
        call, incoming = ring(self.anna, self.bob)
        return lamp, call, incoming, lamp.shows("early").document.dialog

    def is_carls(self, lamp, call, taken):
        taken.receives(200)
        call.receives(200)
        lamp.shows("idle")
        sent = call.sends("INVITE", sdp("caller", 2, "sendonly"))
        arrived = taken.receives("INVITE")
        self.assertEqual(sdp("caller", 2, "sendonly").encode(), arrived.body)
        arrived.replies(200, sdp("picker", 2, "recvonly"))
        sent.receives(200)
        taken.receives("ACK")
        taken.hangs_up()
        call.receives("BYE")

    def test_the_key_takes_the_call_that_flashes(self):
        lamp, call, incoming, shown = self.rings_and_carl_sees_it()
        taken = self.carl.calls("201", sdp("picker", 1), headers=[
            ("Replaces", f"{shown.call_id};to-tag={shown.remote_tag};from-tag={shown.local_tag}")])
        self.assertIn("cause=200", incoming.receives("CANCEL")["Reason"])
        self.is_carls(lamp, call, taken)

    def test_a_code_takes_it_as_well(self):
        lamp, call, incoming, _ = self.rings_and_carl_sees_it()
        taken = self.carl.calls("**202", sdp("picker", 1))
        incoming.receives("CANCEL")
        self.is_carls(lamp, call, taken)

    def test_a_code_that_is_late_is_told_so(self):
        other, dora = self.phone("203", transport="tcp"), self.phone("204")
        lamp, call, incoming, _ = self.rings_and_carl_sees_it()
        taken = self.carl.calls("**202", sdp("picker", 1))
        taken.receives(200)
        call.receives(200)
        incoming.receives("CANCEL")
        lamp.shows("idle")
        for code in "**202", "*8":
            refused = other.calls(code, sdp("picker", 2)).receives(481)
            self.assertIn("Another phone", refused["Warning"])
        dora.calls("*8", sdp("picker", 3)).receives(480)
        taken.hangs_up()
        call.receives("BYE")

    def test_a_picker_without_an_offer_and_a_caller_without_one(self):
        lamp, call, incoming, _ = self.rings_and_carl_sees_it()
        taken = self.carl.calls("**202", "")
        offered = taken.receives(200)
        self.assertEqual(call.invite.request.body, offered.body)
        taken.invite.acknowledges(sdp("picker", 1))
        self.assertEqual(sdp("picker", 1).encode(), call.receives(200).body)
        incoming.receives("CANCEL")
        lamp.shows("idle")
        taken.hangs_up()
        call.receives("BYE")

        call = self.anna.calls("202", "")
        incoming = self.bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        lamp.shows("early")
        taken = self.carl.calls("**202", sdp("picker", 2))
        offered = call.receives(200)
        self.assertEqual(sdp("picker", 2).encode(), offered.body)
        call.invite.acknowledges(sdp("caller", 2))
        self.assertEqual(sdp("caller", 2).encode(), taken.receives(200).body)
        incoming.receives("CANCEL")
        lamp.shows("idle")
        call.hangs_up()
        taken.receives("BYE")

    def test_each_phone_is_told_who_is_there_in_the_header_that_it_reads(self):
        self.rest.put("/api/v1/body-profiles/acme", {"user_agents": ["Acme"], "identity": "both"})
        carl = self.phone("203", user_agent="Acme 7")
        anna = self.phone("201", user_agent="Cisco-CP7965G/9.4.2", transport="tcp")
        call = anna.calls("202")
        incoming = self.bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        taken = carl.calls("**202", sdp("picker", 1))
        answer = taken.receives(200)
        self.assertEqual('"Anna Lee" <sip:201@office.test>', answer["P-Asserted-Identity"])
        self.assertEqual('"Anna Lee" <sip:201@office.test>;party=called;privacy=off;screen=yes',
                         answer["Remote-Party-ID"])
        answer = call.receives(200)
        self.assertNotIn("P-Asserted-Identity", answer)
        self.assertEqual('"Carol Reyes" <sip:203@office.test>;party=called;privacy=off;screen=yes',
                         answer["Remote-Party-ID"])
        incoming.receives("CANCEL")
        taken.hangs_up()
        call.receives("BYE")

    def test_who_may_not_see_the_call_may_not_take_it(self):
        _, call, incoming, shown = self.rings_and_carl_sees_it()
        dora = self.phone("204")
        dora.calls("201", headers=[("Replaces", f"{shown.call_id};to-tag={shown.remote_tag};"
                                                f"from-tag={shown.local_tag}")]).receives(403)
        call.cancels()
        incoming.receives("CANCEL")

    def test_a_malformed_replaces_is_no_ordinary_call(self):
        _, call, incoming, shown = self.rings_and_carl_sees_it()
        good = f"{shown.call_id};to-tag={shown.remote_tag};from-tag={shown.local_tag}"
        for phone in self.carl, self.phone("203", transport="tcp"):
            for values in ([";to-tag=a;from-tag=b"], [""], ["@"], [good, good],
                           [good, ";to-tag=a;from-tag=b"], [f"{good}, {good}"],
                           [f'{shown.call_id};to-tag="a b";from-tag=b'],
                           [f"{shown.call_id};to-tag=a;from-tag=<b>"], [f"{good};to-tag=x"],
                           ["a b;to-tag=1;from-tag=2"], ["x, y"], ["x;to-tag;from-tag"]):
                with self.subTest(transport=phone.transport, replaces=values):
                    taken = phone.calls("201", headers=[("Replaces", each) for each in values])
                    self.assertIn("Replaces", taken.receives(400)["Warning"])
        self.anna.pings()
        call.cancels()
        incoming.receives("CANCEL")

    def test_who_is_late_is_told_that_the_call_has_ended(self):
        lamp, call, incoming, _ = self.rings_and_carl_sees_it()
        incoming.replies(200, sdp("callee", 1))
        call.receives(200)
        shown = lamp.shows("confirmed").document.dialog
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")
        eventually(lambda: not self.rest.items("/api/v1/calls"), "the call is over")
        value = f"{shown.call_id};to-tag={shown.remote_tag};from-tag={shown.local_tag}"
        for header in "Replaces", "Join":
            self.carl.calls("201", headers=[(header, value)]).receives(603)

    def test_the_code_alone_takes_the_only_call(self):
        lamp, call, incoming, _ = self.rings_and_carl_sees_it()
        dora = self.phone("204")
        other = self.bob.calls("201")
        ringing = self.anna.receives("INVITE")
        ringing.replies(180)
        other.receives(180)
        refused = self.carl.calls("**", sdp("picker", 1)).receives(484)
        self.assertIn("number", refused["Warning"])
        dora.calls("**", sdp("picker", 1)).receives(480)
        other.cancels()
        ringing.receives("CANCEL")
        taken = self.carl.calls("**", sdp("picker", 1))
        incoming.receives("CANCEL")
        self.is_carls(lamp, call, taken)

    def hears(self, transferor, line):
        notify = transferor.receives("NOTIFY")
        self.assertTrue(notify.body.startswith(f"SIP/2.0 {line}".encode()), notify.body)
        notify.replies(200)

    def test_a_blind_transfer(self):
        call, incoming = talk(self.anna, self.bob)
        accepted = incoming.sends("REFER", headers=[("Refer-To", "<sip:203@office.test>")]).receives(202)
        self.assertIn("Contact", accepted)  # RFC 3515 section 2.2
        self.hears(incoming, 100)
        target = self.carl.receives("INVITE")
        self.assertEqual(b"", target.offer)
        target.replies(180)
        self.hears(incoming, 180)
        target.replies(200, sdp("target", 1))
        moved = call.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("caller", 2))
        self.assertEqual(sdp("caller", 2).encode(), target.receives("ACK").body)
        call.receives("ACK")
        self.hears(incoming, 200)
        incoming.receives("BYE")
        call.hangs_up()
        target.receives("BYE")

    def is_sent_on_by_bob(self, target, call, incoming, rung, first=None):
        """Bob refers Anna to `target`, and `rung` is the phone that takes her; `first` does not."""
        incoming.sends("REFER", headers=[("Refer-To", f"<sip:{target}@office.test>")]).receives(202)
        self.hears(incoming, 100)
        if first:
            first.receives("INVITE").replies(486)
        target = rung.receives("INVITE")
        target.replies(180)
        self.hears(incoming, 180)
        target.replies(200, sdp("target", 1))
        moved = call.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("caller", 3))
        self.assertEqual(sdp("caller", 3).encode(), target.receives("ACK").body)
        self.hears(incoming, 200)
        incoming.receives("BYE")
        return target

    def test_a_held_call_is_transferred(self):
        call, incoming = talk(self.anna, self.bob)
        hold = incoming.sends("INVITE", sdp("callee", 2, "sendonly"))
        call.receives("INVITE").replies(200, sdp("caller", 2, "recvonly"))
        hold.receives(200)
        call.receives("ACK")
        self.assertEqual([True], [leg["held"] for leg in self.legs() if leg["extension"] == "202"])
        target = self.is_sent_on_by_bob("203", call, incoming, self.carl)
        eventually(lambda: [(leg["extension"], leg["held"]) for leg in self.legs()
                            if leg["state"] == "confirmed"] == [("201", False), ("203", False)],
                   "Anna and Carl hear each other")
        call.hangs_up()
        target.receives("BYE")

    def legs(self):
        return [leg for call in self.rest.items("/api/v1/calls") for leg in call["legs"]]

    def test_a_transfer_to_a_ring_group(self):
        self.rest.put("/api/v1/ring-groups/600", {
            "display_name": "Sales", "strategy": "linear", "ring_time": 5,
            "members": [{"number": "203"}, {"number": "204"}]})
        dora = self.phone("204", transport="tcp")
        call, incoming = talk(self.anna, self.bob)
        target = self.is_sent_on_by_bob("600", call, incoming, dora, first=self.carl)
        call.hangs_up()
        target.receives("BYE")

    def test_a_transfer_back_to_itself(self):
        call, incoming = talk(self.anna, self.bob)
        target = self.is_sent_on_by_bob("202", call, incoming, self.bob)
        call.hangs_up()
        target.receives("BYE")
        call, incoming = talk(self.anna, self.bob)
        refer = ("Refer-To", "<sip:201@office.test>")  # to who talks to Bob already
        incoming.sends("REFER", headers=[refer]).receives(202)
        self.hears(incoming, 100)
        self.hears(incoming, 480)
        incoming.hangs_up()
        call.receives("BYE")

    def test_an_attended_transfer(self):
        call, incoming = talk(self.anna, self.bob)
        asked, target = talk(self.bob, self.carl)
        own = asked.dialog
        replaces = f"{own.call_id}%3Bto-tag%3D{own.remote_tag}%3Bfrom-tag%3D{own.local_tag}"
        incoming.sends("REFER", headers=[
            ("Refer-To", f"<sip:203@office.test?Replaces={replaces}>")]).receives(202)
        self.hears(incoming, 100)
        offer = call.receives("INVITE")
        self.assertEqual(b"", offer.body)
        offer.replies(200, sdp("caller", 2))
        answer = target.receives("INVITE")
        self.assertEqual(sdp("caller", 2).encode(), answer.body)
        answer.replies(200, sdp("target", 2))
        target.receives("ACK")
        self.assertEqual(sdp("target", 2).encode(), call.receives("ACK").body)
        asked.receives("BYE")
        self.hears(incoming, 200)
        incoming.receives("BYE")
        target.hangs_up()
        call.receives("BYE")

    def test_who_transfers_goes_on_at_another_phone(self):
        for transport in "udp", "tcp":
            mobile = self.phone("202", transport=transport)
            for answer in 200, 486:
                with self.subTest(transport=transport, answer=answer):
                    self.is_transferred_from_two_phones(mobile, answer)

    def is_transferred_from_two_phones(self, mobile, answer):
        incoming, call = talk(self.bob, self.anna)
        incoming.sends("REFER", headers=[("Refer-To", "<sip:203@office.test>")]).receives(202)
        self.hears(incoming, 100)
        target = self.carl.receives("INVITE")
        target.replies(180)
        self.hears(incoming, 180)
        own = incoming.dialog
        taken = mobile.calls("201", sdp("mobile", 1), headers=[
            ("Replaces", f"{own.call_id};to-tag={own.remote_tag};from-tag={own.local_tag}")])
        moved = call.receives("INVITE")
        self.assertEqual(sdp("mobile", 1).encode(), moved.body)
        moved.replies(200, sdp("callee", 2))
        self.assertEqual(sdp("callee", 2).encode(), taken.receives(200).body)
        call.receives("ACK")
        last = incoming.receives("NOTIFY")
        self.assertTrue(last["Subscription-State"].startswith("terminated"))
        self.assertTrue(last.body.startswith(b"SIP/2.0 180"), last.body)
        last.replies(200)
        self.assertIn("Call completed elsewhere", incoming.receives("BYE")["Reason"])
        if answer != 200:
            target.replies(answer)
            taken.hangs_up()
            call.receives("BYE")
            return
        target.replies(200, sdp("target", 1))
        moved = call.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("callee", 3))
        self.assertEqual(sdp("callee", 3).encode(), target.receives("ACK").body)
        call.receives("ACK")
        self.assertIn("Transferred", taken.receives("BYE")["Reason"])
        call.hangs_up()
        target.receives("BYE")


@unittest.skipUnless(shutil.which("baresip"), "baresip is not installed (package baresip-core)")
class BaresipPicksUp(RealPhones):
    """Caller and picker are programs that encrypt, or negotiate their path: Bob's phone rings."""

    def picks_up(self, media, transport="udp"):
        anna = self.baresip("201", 440, transport, media=media)
        dan = self.baresip("204", 1000, transport, media=media)
        bob = self.phone("202")
        anna.dials("202")
        incoming = bob.receives("INVITE")
        incoming.replies(180)
        anna.says("180|Ringing")
        dan.dials("**202")
        incoming.receives("CANCEL")
        eventually(lambda: dan.hears(440), "204 hears the tone of 201")
        eventually(lambda: anna.hears(1000), "201 hears the tone of 204")
        dan.types("/hangup")
        anna.says("terminated")
        eventually(lambda: not self.rest.items("/api/v1/calls"), "no call is left")

    def test_with_keys(self):
        self.picks_up({"mediaenc": "srtp-mand"})

    def test_with_keys_over_tcp(self):
        self.picks_up({"mediaenc": "srtp-mand"}, "tcp")

    def test_with_certificates(self):
        self.picks_up({"mediaenc": "dtls_srtp"})

    def test_with_ice(self):
        self.picks_up({"medianat": "ice"})


if __name__ == "__main__":
    unittest.main()
