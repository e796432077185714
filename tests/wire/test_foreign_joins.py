"""Phones of others that refuse to be joined (488, RFC 3911 §4): only they know whether they can mix what a third one offers."""
import re
import shutil
import unittest
from urllib.parse import quote

from lib.case import eventually
from lib.real_phones import Baresip
from lib.second_phones import TONES, SecondPhones, requests


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class RefusedJoins(SecondPhones):
    """202 talks to 201, and knows A-law only; 205, who may join them, offers something else."""

    def two_talk(self, first, joined):
        """The Join that names the dialog of 202."""
        self.rest.put("/api/v1/groups/all", {
            "name": "all", "members": list(TONES), "rights": {"join": True},
            "watchers": [{"number": number, "unsolicited": False, "profile": "auto"}
                         for number in ("204", "205")]})
        first.dials("202")
        joined.talks()
        self.are_in_calls(["201", "202"])
        shown = self.lamps["202"].history[-1].document.dialog
        return f"{shown.call_id};to-tag={shown.local_tag};from-tag={shown.remote_tag}"

    def is_refused(self, first, joined, joined_heard, joiner_heard):
        """By the phone, which was asked to join its own dialog; the two talk on."""
        own = self.rest.items("/api/v1/calls")[0]["legs"][1]["call_id"]
        eventually(lambda: re.search(r"^SIP/2\.0 488 ", joiner_heard(), re.M), "205 is told")
        invite = requests("INVITE", joined_heard())[-1]
        self.assertRegex(invite, rf"(?m)^Join: {re.escape(own)};to-tag=\S+;from-tag=\S+")
        self.assertRegex(joined_heard(), r"(?m)^SIP/2\.0 488 ")
        self.are_in_calls(["201", "202"])
        self.hear_each_other(first, joined)
        first.hangs_up()
        self.are_in_calls()
        _, refused = self.recorded(("answered", ("201", "answered"), ("202", "answered")),
                                   ("failed", ("205", "unanswered"), ("202", "failed")))
        self.assertEqual((488, None), (refused["status"], refused["answered_by"]))

    def sipp_joins(self, first, joined, joined_heard):
        join = self.two_talk(first, joined)
        joiner = self.sipp("unjoined", service="202", user="205", join=join, traced=True)
        joiner.succeeds()
        self.is_refused(first, joined, joined_heard, joiner.trace)

    def test_linphone_cannot_be_joined_by_a_sipp(self):
        first, joined = self.baresip("201"), self.linphone("202")
        self.sipp_joins(first, joined, joined.log)

    def test_baresip_cannot_be_joined_by_a_sipp(self):
        first, joined = self.linphone("201"), self.baresip("202", traced=True)
        self.sipp_joins(first, joined, lambda: joined.said)

    def test_baresip_cannot_be_joined_by_a_linphone(self):
        first, joined = self.linphone("201"), self.baresip("202", traced=True)
        join = self.two_talk(first, joined)
        third = self.linphone("205", False, codec="PCMU")
        third.types(f"call sip:202@{self.office.domain}?Join={quote(join, safe='')}")
        self.is_refused(first, joined, lambda: joined.said, third.log)

    def test_linphone_cannot_be_joined_by_a_baresip(self):
        """A Kamailio before it writes the header."""
        first, joined = self.linphone("201"), self.linphone("202")
        join = self.two_talk(first, joined)
        third = self.behind_kamailio(Baresip, "205", f'''if (is_method("INVITE") && !has_totag()) {{
            append_hf("Join: {join}\\r\\n");
        }}''', answers=False, traced=True, codec="pcmu")
        third.dials("202")
        self.is_refused(first, joined, joined.log, lambda: third.said)


class RefusedJoinsOverTcp(RefusedJoins):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
