"""UPDATE before the answer (RFC 3311), by SIPp to phones of others, of which one knows it: from who calls, and from who is
called. One that does not know it is sent none, and what it did before goes on."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones, requests

RELIABLE = {"100rel_support_level": 2}


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class EarlyUpdates(SecondPhones):
    def answers(self, sipp):
        """To its UPDATEs, in order."""
        return re.findall(r"^SIP/2\.0 (\d+) .*\n(?:[^\r\n]+\r?\n)*?CSeq: \d+ UPDATE", sipp.trace(), re.M)

    def is_held_by_who_calls(self, phone, *answers):
        """And then is no longer told by whom."""
        sipp = self.sipp("early_update", service="202", user="201", traced=True)
        eventually(lambda: self.answers(sipp) == list(answers), f"it is answered {answers}")
        eventually(lambda: "anonymous.invalid" in self.lamps["202"].history[-1].document.dialog.remote.identity,
                   "the lamp of 202 names nobody")
        self.rings(["201", "202"])
        phone.answers()
        self.are_in_calls(["201", "202"])
        phone.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")))

    def test_linphone_is_held_by_who_calls(self):
        phone = self.linphone("202", False, early=True, sip=RELIABLE)
        self.is_held_by_who_calls(phone, "200")
        hold = requests("UPDATE", phone.log())[0]
        self.assertIn("a=sendonly", phone.log().split(hold)[1].split("SIP/2.0 200")[0])

    def test_baresip_rings_on_though_it_is_not_to_be_held(self):
        phone = self.baresip("202", False, early=True, traced=True)
        self.is_held_by_who_calls(phone, "405", "200")
        self.assertEqual([], requests("UPDATE", phone.said))

    def is_changed_by_who_is_called(self, caller, changed):
        sipp = self.sipp_phone("early_updater", "202", traced=True)
        caller.dials("202")
        caller.talks()
        self.are_in_calls(["201", "202"])
        caller.hangs_up()
        sipp.succeeds()
        self.assertEqual([changed], self.answers(sipp))
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")))

    def test_linphone_is_changed_by_who_is_called(self):
        caller = self.linphone("201", sip=RELIABLE)
        self.is_changed_by_who_is_called(caller, "200")
        update = requests("UPDATE", caller.log())[0]
        self.assertIn("m=audio 41002 ", caller.log().split(update)[1].split("SIP/2.0 200")[0])

    def test_baresip_calls_on_though_it_is_not_to_be_changed(self):
        caller = self.baresip("201", traced=True)
        self.is_changed_by_who_is_called(caller, "405")
        self.assertEqual([], requests("UPDATE", caller.said))


class EarlyUpdatesOverTcp(EarlyUpdates):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
