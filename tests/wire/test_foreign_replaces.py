"""Calls that are taken by an INVITE with Replaces of phones of others (RFC 3891), and those that are not."""
import re
import shutil
import unittest
from urllib.parse import quote

from lib.case import eventually
from lib.pickup_office import PickupOffice


class Pickup(PickupOffice):
    def linphone_replaces(self, caller, bob, number, tags):
        """Its INVITE has the header from the URI it is to call (RFC 3261 §19.1.5), made of what a
        lamp of 202 shows."""
        picker = self.linphone("203")
        self.rings_at_bob(caller, bob)
        replaces = tags(self.lamps["202"].history[-1].document.dialog)
        picker.types(f"call sip:{number}@{self.office.domain}?Replaces={quote(replaces, safe='')}")
        bob.says("closed|terminated|ended")
        self.is_taken(caller, picker)
        sent = re.findall(rf"INVITE sip:{number}@(?s:.)*?\r?\n\r?\n", picker.log())
        self.assertIn(f"Replaces: {replaces}", sent[0])

    def test_linphone_replaces_what_rings_at_linphone(self):
        caller, bob = self.baresip("201"), self.linphone("202", False)
        self.linphone_replaces(caller, bob, "202", lambda shown:
                               f"{shown.call_id};to-tag={shown.local_tag};"
                               f"from-tag={shown.remote_tag};early-only")
        cancel = eventually(lambda: re.search(r"CANCEL sip:202@(?s:.)*?\r?\n\r?\n", bob.log()),
                            "202 is told that it need not ring")[0]
        self.assertRegex(cancel, "Reason: .*cause=200")

    def test_linphone_replaces_what_rings_at_baresip(self):
        """The other way round, as phones do that call who rings there."""
        caller, bob = self.linphone("201"), self.baresip("202", False)
        self.linphone_replaces(caller, bob, "201", lambda shown:
                               f"{shown.call_id};to-tag={shown.remote_tag};"
                               f"from-tag={shown.local_tag}")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_sends_replaces(self):
        caller, bob = self.linphone("201"), self.baresip("202", False)
        self.rings_at_bob(caller, bob)
        shown = self.lamps["202"].history[-1].document.dialog
        sipp = self.sipp("picker", service="202", user="203", secret=self.office.secrets["203"],
                         keys={"replaces": f"{shown.call_id};to-tag={shown.local_tag};"
                                           f"from-tag={shown.remote_tag};early-only"})
        self.is_taken(caller, None)
        sipp.succeeds()

    def is_taken_by_each_form(self, caller, bob, sends, is_over=lambda: None):
        """Of Replaces: as RFC 3891 has it, with its tags exchanged, with one of them, and with none; only while it rings."""
        for form in ("{c};to-tag={l};from-tag={r}", "{c};to-tag={r};from-tag={l}", "{c};to-tag={l}", "{c};from-tag={r}",
                     "{c}", "{c};to-tag={l};from-tag={r};early-only"):
            self.rings_at_bob(caller, bob)
            shown = self.lamps["202"].history[-1].document.dialog
            sends(form.format(c=shown.call_id, l=shown.local_tag, r=shown.remote_tag))
            self.are_in_calls(["201", "203"])
            caller.hangs_up()
            self.are_in_calls()
            self.recorded_last("answered", ("201", "answered"), ("202", "answered_elsewhere"), ("203", "answered"))
            is_over()

    def test_linphone_sends_each_form(self):
        caller, bob, picker = self.baresip("201"), self.baresip("202", False), self.linphone("203")
        self.is_taken_by_each_form(caller, bob, lambda replaces: picker.types(
            f"call sip:202@{self.office.domain}?Replaces={quote(replaces, safe='')}"), self.is_over_for(picker))

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_sends_each_form(self):
        caller, bob = self.linphone("201"), self.linphone("202", False)
        self.is_taken_by_each_form(caller, bob, lambda replaces: self.sipp(
            "picker", service="202", user="203", secret=self.office.secrets["203"], keys={"replaces": replaces}))

    def is_refused(self, caller, bob, sends):
        """`sends` Replaces, and says whether it was answered with that status: for a call that is unknown, answered or over.
        Whoever talks talks on."""
        self.rings_at_bob(caller, bob)
        shown = self.lamps["202"].history[-1].document.dialog
        replaces = f"{shown.call_id};to-tag={shown.local_tag};from-tag={shown.remote_tag}"
        sends("nobody@home;to-tag=a;from-tag=b", 481)
        self.rings(["201", "202"])
        bob.answers()
        self.are_in_calls(["201", "202"])
        sends(replaces + ";early-only", 486)
        self.are_in_calls(["201", "202"])
        caller.hangs_up()
        self.are_in_calls()
        sends(replaces, 603)
        self.are_in_calls()

    def test_linphone_is_refused(self):
        picker = self.linphone("203")

        def sends(replaces, status):
            picker.types(f"call sip:202@{self.office.domain}?Replaces={quote(replaces, safe='')}")
            eventually(lambda: f"SIP/2.0 {status} " in picker.log(), f"it is told {status}")
            picker.says("Call . with .* (error|ended)")
        self.is_refused(self.baresip("201"), self.baresip("202", False), sends)

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_is_refused(self):
        """So it is where it may not take anything."""
        def sends(replaces, status, user="203"):
            sipp = self.sipp("refused_picker", service="202", user=user, secret=self.office.secrets[user],
                             keys={"replaces": replaces}, traced=True)
            sipp.succeeds()
            self.assertIn(f"SIP/2.0 {status} ", sipp.trace())
        caller, bob = self.linphone("201"), self.linphone("202", False)
        self.is_refused(caller, bob, sends)
        self.rings_at_bob(caller, bob)
        shown = self.lamps["202"].history[-1].document.dialog
        sends(f"{shown.call_id};to-tag={shown.local_tag};from-tag={shown.remote_tag}", 403, "205")
        self.rings(["201", "202"])
        bob.hangs_up()
        self.are_in_calls()


class PickupOverTcp(Pickup):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
