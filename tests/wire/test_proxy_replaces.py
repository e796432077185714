"""Replaces where the exchange is a proxy: it names a dialog that two phones share (RFC 3891)."""
import unittest
from urllib.parse import quote

from lib.case import eventually, talk
from lib.proxy import Proxy
from lib.sdp import ANSWER, sdp


class Replaces(Proxy):
    """Two phones share a dialog: who is to replace it calls the phone at its other end."""

    def replaces(self, call):
        """The dialog of `call` as the phone at its other end compares it (RFC 3891)."""
        dialog = call.dialog
        return f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"

    def test_an_attended_transfer_by_the_exchange(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        self.is_brought_together(anna, bob, self.phone("203"), lambda second: "sip:202@office.test")

    def test_an_attended_transfer_to_the_contact_of_the_target(self):
        """RFC 5589 section 7.1: the transferor has seen it in the dialog that the phones share."""
        anna, bob = self.phone("201", ip="127.0.0.4"), self.phone("202", ip="127.0.0.5")
        carl = self.phone("203", ip="127.0.0.6")

        def seen(second):
            self.assertIn("127.0.0.5", second.dialog.remote_target)
            return second.dialog.remote_target

        self.is_brought_together(anna, bob, carl, seen)

    def is_brought_together(self, anna, bob, carl, refers_to):
        first, transferee = talk(anna, carl)
        second, target = talk(anna, bob)
        wanted = quote(self.replaces(second), safe="")
        first.sends("REFER", headers=[("Refer-To", f"<{refers_to(second)}?Replaces={wanted}>")]
                    ).receives(202)
        first.receives("NOTIFY").replies(200)
        asked = bob.receives("INVITE")
        self.assertEqual(self.replaces(second), asked.received["Replaces"])
        self.assertEqual("replaces", asked.received["Require"])
        asked.replies(200, sdp("target", 1))
        moved = transferee.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("transferee", 2))
        self.assertEqual(sdp("transferee", 2).encode(), asked.receives("ACK").body)
        transferee.receives("ACK")
        last = first.receives("NOTIFY")
        self.assertTrue(last.body.startswith(b"SIP/2.0 200"))
        last.replies(200)
        first.receives("BYE")
        target.hangs_up()                     # as RFC 3891 has it
        second.receives("BYE")
        eventually(lambda: len(self.rest.items("/api/v1/calls")) == 1, "the old call is over")
        transferee.hangs_up()
        asked.receives("BYE")
        self.no_calls()

    def test_an_attended_transfer_by_the_phones(self):
        """Both calls are proxied; the transferee calls the target by itself, as it was told to."""
        self.mode("203", "proxy")
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        carl, dan = self.phone("203"), self.phone("204")
        first, transferee = talk(anna, carl)
        second, target = talk(anna, bob)
        headers = [("Replaces", self.replaces(second)), ("Require", "replaces")]
        carl.calls("202", headers=headers).receives(403)
        wanted = quote(self.replaces(second), safe="")
        sent = first.sends("REFER", headers=[("Refer-To", f"<sip:202@office.test?Replaces={wanted}>")])
        transferee.receives("REFER").replies(202)
        sent.receives(202)
        dan.calls("202", headers=headers).receives(403)     # it was not sent there
        moved = carl.calls("202", headers=headers)
        asked = bob.receives("INVITE")
        self.assertEqual(self.replaces(second), asked.received["Replaces"])
        self.assertEqual(moved.dialog.call_id, asked.dialog.call_id)
        asked.replies(200, ANSWER)
        moved.receives(200)
        asked.receives("ACK")
        target.hangs_up()
        second.receives("BYE")
        first.hangs_up()
        transferee.receives("BYE")
        eventually(lambda: [[leg["extension"] for leg in call["legs"]]
                            for call in self.rest.items("/api/v1/calls")] == [["203", "202"]],
                   "only the two talk that were brought together")
        moved.hangs_up()
        asked.receives("BYE")
        self.no_calls()

    def test_the_transferee_takes_a_place_that_is_bridged(self):
        """The first call is proxied, so the REFER passes; the second is not."""
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        carl = self.phone("203")
        first, transferee = talk(anna, bob)
        second, target = talk(anna, carl)
        wanted = quote(self.replaces(second), safe="")
        sent = first.sends("REFER", headers=[("Refer-To", f"<sip:203@office.test?Replaces={wanted}>")])
        transferee.receives("REFER").replies(202)
        sent.receives(202)
        moved = bob.calls("203", sdp("transferee", 1), headers=[("Replaces", self.replaces(second))])
        asked = target.receives("INVITE")
        self.assertEqual(sdp("transferee", 1).encode(), asked.body)
        asked.replies(200, sdp("target", 2))
        self.assertEqual(sdp("target", 2).encode(), moved.receives(200).body)
        target.receives("ACK")
        second.receives("BYE")
        first.hangs_up()
        transferee.receives("BYE")
        moved.hangs_up()
        target.receives("BYE")
        self.no_calls()


if __name__ == "__main__":
    unittest.main()
