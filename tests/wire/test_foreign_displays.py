"""What phones of others are told of whom they talk to, after a move (RFC 3325). None of
them follows it on its own display, so what they were sent is read."""
import re
import shutil
import unittest

from lib.second_phones import SecondPhones, requests

NEW_PARTY = '"Carol Reyes" <sip:203@office.test>'


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class AfterATransfer(SecondPhones):
    def moved(self, caller, transferor, target):
        caller.dials("202")
        transferor.talks()
        self.are_in_calls(["201", "202"])
        transferor.transfers("203")
        self.are_in_calls(["201", "203"])

    def ends(self, target):
        """The lamp of the other names the caller, and the record says who moved it."""
        self.assertEqual("sip:201@office.test",
                         self.lamps["203"].history[-1].document.dialog.remote.identity)
        target.hangs_up()
        self.are_in_calls()
        self.records([("caller", "201", None), ("called", "202", None), ("transferred", "203", 1)])

    def test_linphone_is_told_in_the_invite(self):
        caller, target = self.linphone("201"), self.linphone("203")
        self.moved(caller, self.baresip("202"), target)
        invite, = [each for each in requests("INVITE", caller.log()) if "sip:201@" in each.split()[1]]
        self.assertIn(f"P-Asserted-Identity: {NEW_PARTY}", invite)
        target.types("calls")  # it has it from From, which it shows
        target.says(r'"Anna Lee" <sip:201@office\.test>')
        self.ends(target)

    def test_baresip_is_told_in_the_invite(self):
        caller, target = self.baresip("201", traced=True), self.baresip("203")
        self.moved(caller, self.linphone("202"), target)
        invite = caller.says(r"\nINVITE sip:201(?s:.)*?\n\r?\n")[0]
        self.assertIn(f"P-Asserted-Identity: {NEW_PARTY}", invite)
        target.types("/listcalls")
        target.says(r"sip:201@office\.test")
        self.ends(target)

    def sipp_is_told(self, agent, header, not_in):
        """It is the caller that moves; another model of phone reads another header."""
        transferor, target = self.linphone("202"), self.baresip("203")
        sipp = self.sipp("shown", service="202", user="201", keys={"agent": agent}, traced=True)
        self.are_in_calls(["201", "202"])
        transferor.transfers("203")
        self.are_in_calls(["201", "203"])
        self.ends(target)
        sipp.succeeds()
        invite, = [each for each in requests("INVITE", sipp.messages.read_text())
                   if "sip:201@" in each.split()[1]]
        self.assertRegex(invite, rf"(?m)^{header}: {re.escape(NEW_PARTY)}")
        self.assertNotIn(not_in, invite)

    def test_sipp_as_a_phone_that_reads_p_asserted_identity(self):
        self.sipp_is_told("Yealink SIP-T46S 66.85.0.5", "P-Asserted-Identity", "Remote-Party-ID")

    def test_sipp_as_a_phone_that_reads_remote_party_id(self):
        self.sipp_is_told("Cisco-CP7960G/8.0", "Remote-Party-ID", "P-Asserted-Identity")


class AfterATransferOverTcp(AfterATransfer):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
