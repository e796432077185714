"""Messages that are lost, and what is sent again; some of these tests wait for timers of 32 s."""
import unittest

from lib.case import WireTest, talk
from lib.event_loop import loop
from lib.sdp import ANSWER


class Lost(WireTest):
    patience = 45   # timers B, F and H take 32 s (RFC 3261 §17)

    def test_a_lost_bye_is_sent_again(self):
        call, incoming = talk(self.phone("201"), bob := self.phone("202"))
        bob.answers_by_itself = set()
        call.hangs_up()                            # the exchange does not wait for the other leg
        bye = incoming.receives("BYE")
        loop.wait(lambda: bye.transaction.received >= 3, "BYE for the third time")
        bye.replies(200)

    def test_a_lost_200_to_bye_is_sent_again(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = talk(anna, bob)
        bye = call.dialog.request("BYE")
        anna.sends(bye).receives(200)
        anna.sends_raw(bytes(bye))                 # as if the 200 had been lost
        incoming.receives("BYE")
        loop.wait(lambda: [m for m in anna.heard if m.cseq_method == "BYE"][1:], "200 once more")

    def test_a_200_is_sent_again_until_its_ack(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", acks=False)
        incoming = bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        loop.wait(lambda: len([m for m in anna.heard if m.status == 200 and
                               m.cseq_method == "INVITE"]) >= 3, "200 for the third time")
        call.invite.acknowledges()
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_an_ack_that_never_comes_ends_the_call(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", acks=False)
        incoming = bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.receives("BYE")
        incoming.receives("BYE")

    def test_an_invite_to_a_phone_that_does_not_hear(self):
        anna, bob = self.phone("201"), self.phone("202")
        bob.deaf = True
        anna.calls("202").receives(408)


if __name__ == "__main__":
    unittest.main()
