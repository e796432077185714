"""UPDATE of a SIPp to phones of others, of which one knows it (RFC 3311), with a wish for privacy (RFC 3323)."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones, requests


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Updated(SecondPhones):
    """SIPp holds by UPDATE, and wants to be named no longer."""

    def updates(self, phone):
        sipp = self.sipp("update", service="202", user="201")
        phone.talks()

        def held():
            call = self.rest.items("/api/v1/calls")
            return call and [leg["extension"] for leg in call[0]["legs"] if leg["held"]] == ["201"]
        eventually(held, "201 holds")
        self.are_in_calls(["201", "202"])
        eventually(lambda: "anonymous.invalid" in
                   self.lamps["202"].history[-1].document.dialog.remote.identity,
                   "the lamp of 202 names nobody")
        return sipp

    def ends(self, phone, sipp):
        phone.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")))

    def test_linphone_is_sent_updates(self):
        """That of SIPp, and one that says whom it talks to from there on."""
        phone = self.linphone("202")
        sipp = self.updates(phone)

        def sent():
            updates = requests("UPDATE", phone.log())
            return len(updates) == 2 and updates
        hold, display = eventually(sent, "two UPDATEs to 202")
        self.assertIn("Content-Type: application/sdp", hold)
        self.assertIn("a=sendonly", phone.log().split(hold)[1].split("SIP/2.0 200")[0])
        self.assertIn('P-Asserted-Identity: "Anonymous" <sip:anonymous@anonymous.invalid>', display)
        self.assertNotIn("Content-Type", display)
        self.ends(phone, sipp)

    def test_baresip_is_sent_an_invite(self):
        """It does not know UPDATE, and is sent none."""
        phone = self.baresip("202", traced=True)
        sipp = self.updates(phone)
        phone.says(r"INVITE sip:202(?s:.)*a=sendonly")
        self.ends(phone, sipp)
        self.assertEqual([], requests("UPDATE", phone.said))


class UpdatedOverTcp(Updated):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
