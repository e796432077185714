"""Transfers message by message, as they are drawn for phones that do their part (RFC 5589, BYE with Also)."""
import unittest

from lib.case import WireTest, eventually, talk
from lib.message import Address
from lib.sdp import sdp


class TransferFlows(WireTest):
    """Bob moves Anna, whom he talks to, to Carol."""

    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=["201", "202", "203"], watchers=["204"])
        dan = self.phone("204")
        self.lamps = [dan.watches(number) for number in ("201", "202", "203")]

    def talking(self, transport):
        self.anna, self.carol = (self.phone(number, transport=transport) for number in ("201", "203"))
        self.bob = self.phone("202", transport="tcp" if transport == "udp" else "udp")
        return talk(self.anna, self.bob)

    def leaves(self):
        for phone in (self.anna, self.bob, self.carol):
            phone.unregisters()

    def holds(self, holder, held):
        """INVITE (hold), 200, ACK: the other phone is told the session of the holder as it is."""
        change = holder.sends("INVITE", sdp("callee", 2, "sendonly"))
        asked = held.receives("INVITE")
        self.assertEqual(sdp("callee", 2, "sendonly").encode(), asked.body)
        asked.replies(200, sdp("caller", 2, "recvonly"))
        self.assertEqual(sdp("caller", 2, "recvonly").encode(), change.receives(200).body)
        held.receives("ACK")
        eventually(lambda: self.legs() == [("201", "confirmed", False), ("202", "confirmed", True)],
                   "Anna is on hold")

    def legs(self):
        """Who is in a call, and who has the other one on hold."""
        return sorted((leg["extension"], leg["state"], leg["held"])
                      for call in self.rest.items("/api/v1/calls") for leg in call["legs"]
                      if leg["state"] != "terminated")

    def two_talk(self):
        eventually(lambda: self.legs() == [("201", "confirmed", False), ("203", "confirmed", False)],
                   "Anna and Carol talk, and nobody holds")
        for lamp, shown in zip(self.lamps, ("confirmed", "idle", "confirmed")):
            lamp.shows(shown)

    def all_is_over(self):
        eventually(lambda: not self.legs(), "no call is left")
        for lamp in self.lamps:
            lamp.shows("idle")

    def reported(self, transferor, line, state):
        """A NOTIFY in the dialog of the REFER, which is not answered yet."""
        notify = transferor.receives("NOTIFY")
        message = notify.message
        self.assertEqual(f"SIP/2.0 {line}\r\n".encode(), message.body)
        self.assertEqual(("refer", "message/sipfrag", state),
                         tuple(message[name].split(";")[0] for name in
                               ("Event", "Content-Type", "Subscription-State")))
        self.assertEqual(transferor.dialog.call_id, message["Call-ID"])
        self.assertEqual(transferor.phone.contact, message.uri)
        return notify

    def refers(self, transferor):
        """REFER, 202, NOTIFY (100 Trying), 200."""
        refer = transferor.sends("REFER", headers=[("Refer-To", "<sip:203@office.test>")])
        self.assertEqual(transferor.dialog.call_id, refer.receives(202)["Call-ID"])
        trying = self.reported(transferor, "100 Trying", "active")
        trying.replies(200)
        return trying.message.cseq

    def is_joined(self, target, transferee):
        """200 with an offer from the target, which the transferee answers by re-INVITE; both ACKs."""
        target.replies(200, sdp("target", 1))
        moved = transferee.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("caller", 3))
        self.assertEqual(sdp("caller", 3).encode(), target.receives("ACK").body)
        transferee.receives("ACK")

    def test_refer_of_a_held_call_and_the_transferor_hangs_up_by_itself(self):
        for transport in ("udp", "tcp"):
            for answers_first in (False, True):
                with self.subTest(transport=transport, answers_first=answers_first):
                    self.refer_of_a_held_call(transport, answers_first)

    def refer_of_a_held_call(self, transport, answers_first):
        call, incoming = self.talking(transport)
        self.holds(incoming, call)
        cseq = self.refers(incoming)
        target = self.carol.receives("INVITE")
        asked = target.received.message
        self.assertNotIn(asked["Call-ID"], (call.dialog.call_id, incoming.dialog.call_id))
        self.assertIn("sip:201@", asked["From"])
        self.is_joined(target, call)                        # it has not rung before
        done = self.reported(incoming, "200 OK", "terminated")
        self.assertEqual(cseq + 1, done.message.cseq)
        if answers_first:                                   # then our BYE is under way as well
            done.replies(200)
            incoming.receives("BYE")
            incoming.sends("BYE").receives(200, 481)
        else:
            incoming.hangs_up()
            done.replies(200)
            self.bob.pings()
            self.assertEqual([], incoming.unread)           # nobody hangs up twice
        self.two_talk()
        target.hangs_up()
        call.receives("BYE")
        self.all_is_over()
        self.leaves()

    def test_hold_ask_the_third_and_transfer(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                call, incoming = self.talking(transport)
                self.holds(incoming, call)
                asked, target = talk(self.bob, self.carol)
                own = asked.dialog
                replaces = f"{own.call_id}%3Bto-tag%3D{own.remote_tag}%3Bfrom-tag%3D{own.local_tag}"
                incoming.sends("REFER", headers=[
                    ("Refer-To", f"<sip:203@office.test?Replaces={replaces}>")]).receives(202)
                self.reported(incoming, "100 Trying", "active").replies(200)
                offer = call.receives("INVITE")
                self.assertEqual(b"", offer.body)
                offer.replies(200, sdp("caller", 3))
                taken = target.receives("INVITE")
                self.assertEqual(sdp("caller", 3).encode(), taken.body)
                taken.replies(200, sdp("target", 2))
                target.receives("ACK")
                self.assertEqual(sdp("target", 2).encode(), call.receives("ACK").body)
                asked.receives("BYE")
                self.reported(incoming, "200 OK", "terminated").replies(200)
                incoming.receives("BYE")
                self.two_talk()
                call.hangs_up()
                target.receives("BYE")
                self.all_is_over()
                self.leaves()

    def test_bye_with_also_of_a_held_call(self):
        for transport in ("udp", "tcp"):
            for header in ("Also", "Contact"):
                with self.subTest(transport=transport, header=header):
                    call, incoming = self.talking(transport)
                    self.holds(incoming, call)
                    incoming.sends("BYE", headers=[(header, "<sip:203@office.test>")]).receives(200)
                    target = self.carol.receives("INVITE")
                    self.assertEqual("sip:201@office.test",
                                     Address.parse(target.received["From"]).uri)
                    target.replies(180)
                    self.lamps[2].shows("early")
                    eventually(lambda: [leg[:2] for leg in self.legs()]
                               == [("201", "confirmed"), ("203", "early")], "Carol's phone rings")
                    self.is_joined(target, call)
                    self.two_talk()
                    call.hangs_up()
                    target.receives("BYE")
                    self.all_is_over()
                    self.leaves()


if __name__ == "__main__":
    unittest.main()
