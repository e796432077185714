"""Calls moved and joined by phones of others: linphone beside baresip, UDP beside TCP."""
import re
import shutil
import unittest
from urllib.parse import quote

from lib.case import eventually
from lib.linphone import Linphone
from lib.real_phones import Baresip
from lib.rtp import Tone
from lib.second_phones import TONES, SecondPhones


class CallingCard(SecondPhones):
    """Linphone knows no `kpml`: its keys are INFO."""

    def test_one_call_after_the_other(self):
        self.rest.put("/api/v1/calling-card", {"number": "800", "back": "*0",
                                               "inter_digit": 20})
        caller = self.linphone("201")
        first, second = self.baresip("202"), self.linphone("203")
        caller.dials("800")
        caller.says("connected")
        self.are_in_calls(["201"])
        caller.presses("202#")
        first.says("Call established")
        self.are_in_calls(["201", "202"])
        self.hear_each_other(caller, first)
        caller.presses("*0")
        first.says("terminated")
        self.are_in_calls(["201"])
        caller.presses("203#")
        second.says("Media streams established")
        self.are_in_calls(["201", "203"])
        self.hear_each_other(caller, second)
        caller.hangs_up()
        second.says("ended")
        self.are_in_calls()
        record, = self.records([("caller", "201", None), ("transferred", "202", 0),
                                ("transferred", "203", 0)])
        self.assertEqual("800", record["dialled"])


class ClickToDial(SecondPhones):
    """REFER outside a dialog: a program has a phone call another one."""

    def refers(self, clicked, target):
        dialer = self.office.phone(clicked.number, transport=self.transports[1], registered=False)
        request = dialer.request("REFER", dialer.aor, headers=[
            ("Refer-To", f"<{dialer.aor_of(target.number)}>"), ("Contact", f"<{dialer.contact}>")])
        watch = dialer.subscribes(request, clicked.number, "refer")
        watch.subscribe.receives(202)
        self.are_in_calls([clicked.number, target.number])
        self.hear_each_other(clicked, target)
        self.assertTrue(watch.history[-1].message.body.startswith(b"SIP/2.0 200 "))
        self.assertEqual("terminated", watch.history[-1].state)
        target.hangs_up()
        clicked.says("ended|terminated")
        self.are_in_calls()
        self.records([("caller", clicked.number, None), ("called", target.number, None)])

    def test_linphone_is_made_to_call(self):
        self.refers(self.linphone("202"), self.baresip("205"))

    def test_linphone_is_called(self):
        self.refers(self.baresip("202"), self.linphone("205"))


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class ByeWithAlso(SecondPhones):
    """SIPp sends the BYE; who is held and who is called then are phones."""

    def leaves(self, held, third):
        sipp = self.sipp("also", service=held.number, user="201", secret=self.office.secrets["201"],
                         target=third.number)
        sipp.succeeds()
        self.are_in_calls([held.number, third.number])
        self.hear_each_other(held, third)
        held.hangs_up()
        third.says("ended|terminated")
        self.are_in_calls()
        self.records([("caller", "201", None), ("called", held.number, None),
                      ("transferred", third.number, 0)])

    def test_linphone_goes_on(self):
        self.leaves(self.linphone("202"), self.baresip("203"))

    def test_linphone_is_called(self):
        self.leaves(self.baresip("202"), self.linphone("203"))


class AttendedTransfer(SecondPhones):
    """Linphone brings two parties together: bridged, or where the second, or each, shares a proxied
    dialog with it."""

    def asks_and_transfers(self, transferee, bob, target):
        transferee.dials("202")
        bob.says("Media streams established")
        self.are_in_calls(["205", "202"])
        self.hear_each_other(transferee, bob)
        bob.types("pause")
        bob.says("now paused")
        bob.dials("203")
        bob.says("Media streams established")
        self.are_in_calls(["205", "202"], ["202", "203"])
        bob.types("transfer 1 --to-call 2")
        self.are_in_calls(["205", "203"])

    def ends(self, transferee, target, dialog=2):
        transferee.hangs_up()
        target.says(f"Call {dialog} with .* ended")
        self.are_in_calls()

    def test_all_is_bridged(self):
        """Nobody is called anew: the target goes on in the dialog in which it was asked."""
        eve, bob, carol = self.baresip("205"), self.linphone("202"), self.linphone("203")
        self.asks_and_transfers(eve, bob, carol)
        eventually(lambda: carol.hears(TONES["205"]), "203 hears the tone of 205")
        self.ends(eve, carol, dialog=1)
        moved, asked = self.records(
            [("caller", "205", None), ("called", "202", None), ("transferred", "203", 1)],
            [("caller", "202", None), ("called", "203", None)])
        self.assertEqual(moved["id"], asked["continued_in"])
        self.assertEqual(asked["id"], moved["parts"][2]["came_from"])

    def test_by_the_exchange(self):
        """The first call is bridged: the exchange calls the target, in the transferor's place."""
        self.proxies("203")
        eve, bob, carol = self.baresip("205"), self.linphone("202"), self.linphone("203")
        self.asks_and_transfers(eve, bob, carol)
        eventually(lambda: carol.hears(TONES["205"]), "203 hears the tone of 205")
        eve.says("SSRC changed")  # it records nothing more once it was on hold
        self.ends(eve, carol)
        self.records([("caller", "205", None), ("called", "202", None), ("transferred", "203", 1)],
                     [("caller", "202", None), ("called", "203", None)])

    def test_by_the_phones(self):
        """All is proxied: the transferee calls the target by itself, as it was told to."""
        for number in ("202", "203", "205"):
            self.proxies(number)
        eve, bob, carol = (self.linphone(number) for number in ("205", "202", "203"))
        self.asks_and_transfers(eve, bob, carol)
        self.hear_each_other(eve, carol)
        self.ends(eve, carol)
        self.records([("caller", "205", None), ("called", "202", None)],
                     [("caller", "202", None), ("called", "203", None)],
                     [("caller", "205", None), ("called", "203", None)])


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class AttendedTransferBySipp(SecondPhones):
    """SIPp asks the second party and refers the first to it; all is bridged."""

    def is_transferred(self, held, target):
        self.sipp("attended", service=held.number, user="201", secret=self.office.secrets["201"],
                  target=target.number).succeeds()
        self.are_in_calls([held.number, target.number])
        self.hear_each_other(held, target)
        held.hangs_up()
        target.says("ended|terminated")
        self.are_in_calls()
        moved, asked = self.records(
            [("caller", "201", None), ("called", held.number, None),
             ("transferred", target.number, 0)],
            [("caller", "201", None), ("called", target.number, None)])
        self.assertEqual(moved["id"], asked["continued_in"])

    def test_linphone_is_sent_to_baresip(self):
        self.is_transferred(self.linphone("202"), self.baresip("203"))

    def test_baresip_is_sent_to_linphone(self):
        self.is_transferred(self.baresip("202"), self.linphone("203"))


class JoinedByAThirdPhone(SecondPhones):
    """Linphone mixes: the call that is joined and the one that joins it become its conference."""

    def answer(self, offer, version):
        """Audio is taken, and no video."""
        lines = ["v=0", f"o=third 1 {version} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1",
                 "t=0 0", f"m=audio {self.tone.port} RTP/AVP 8"]
        if b"m=video" in offer:
            lines.append("m=video 0 RTP/AVP 96")
        return "\r\n".join(lines) + "\r\n"

    def two_talk(self):
        """201 and 202, who may be joined by 205: the phones, and the Join that names 202's dialog."""
        self.rest.put("/api/v1/groups/all", {
            "name": "all", "members": list(TONES), "rights": {"join": True},
            "watchers": [{"number": number, "unsolicited": False, "profile": "auto"}
                         for number in ("204", "205")]})
        first, joined = self.linphone("201"), self.linphone("202")
        first.dials("202")
        joined.says("Media streams established")
        self.are_in_calls(["201", "202"])
        self.hear_each_other(first, joined)
        shown = self.lamps["202"].history[-1].document.dialog
        return first, joined, f"{shown.call_id};to-tag={shown.local_tag};from-tag={shown.remote_tag}"

    def names_its_own_dialog(self, joined):
        own = self.rest.items("/api/v1/calls")[0]["legs"][1]["call_id"]
        eventually(lambda: re.search(rf"Join: {re.escape(own)};to-tag=\S+;from-tag=\S+",
                                     joined.log()), "202 is asked to join its own dialog")

    def end(self, first, joined):
        self.are_in_calls(["201", "202"])
        first.hangs_up()
        joined.says("Call 1 with .* ended")
        self.are_in_calls()
        self.records([("caller", "201", None), ("called", "202", None)],
                     [("caller", "205", None), ("called", "202", None)])

    def test_three_linphones_talk(self):
        """The third one writes the header itself: it is part of the URI it is to call (RFC 3261
        §19.1.5)."""
        first, joined, join = self.two_talk()
        third = self.a_phone(Linphone, "205", self.transports[1], answers=False)
        third.types(f"call sip:202@{self.office.domain}?Join={quote(join, safe='')}")
        self.assertIn("Join", eventually(lambda: re.search(r"INVITE sip:202@(?s:.)*?\r?\n\r?\n",
                                                           third.log()), "205 calls")[0])
        self.names_its_own_dialog(joined)
        joined.types("answer 2")
        third.says("Media streams established")
        joined.says("Call 1 with .* is now paused")
        joined.types("conference add 1")
        joined.says("Media streams established .* for call 1")
        joined.types("conference add 2")
        self.are_in_calls(["201", "202"], ["202", "205"])
        eventually(lambda: first.hears(TONES["205"]), "201 hears the tone of 205")
        eventually(lambda: third.hears(TONES["201"]), "205 hears the tone of 201")
        third.hangs_up()
        self.end(first, joined)

    @unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
    def test_a_baresip_joins(self):
        """A Kamailio before it writes the header. What cannot be joined leaves the two as they are."""
        first, joined, join = self.two_talk()
        third = self.behind_kamailio(Baresip, "205", f'''if (is_method("INVITE") && !has_totag()) {{
            if ($rU == "203") append_hf("Join: nobody@home;to-tag=a;from-tag=b\\r\\n");
            else append_hf("Join: {join}\\r\\n");
        }}''', answers=False, traced=True)
        third.dials("203")
        eventually(lambda: "SIP/2.0 481 " in third.said, "205 is told that there is no such dialog")
        self.are_in_calls(["201", "202"])
        third.dials("202")
        self.names_its_own_dialog(joined)
        joined.types("answer 2")
        third.talks()
        joined.says("Call 1 with .* is now paused")
        joined.types("conference add 1")
        joined.says("Media streams established .* for call 1")
        joined.types("conference add 2")
        eventually(lambda: re.search(r"^INVITE sip:205(?:[^\r\n]+\r?\n)+?Contact: [^\r\n]*;isfocus", third.said, re.M),
                   "205 is told of the conference")
        self.are_in_calls(["201", "202"], ["202", "205"])
        eventually(lambda: first.hears(TONES["205"]), "201 hears the tone of 205")
        third.hangs_up()
        self.are_in_calls(["201", "202"])
        first.hangs_up()
        joined.says("Call 1 with .* ended")
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")), ("failed", ("205", "unanswered")),
                      ("answered", ("202", "answered"), ("205", "answered")))

    def test_three_talk(self):
        """The third phone is ours."""
        self.tone = Tone(TONES["205"])
        self.addCleanup(self.tone.close)
        first, joined, join = self.two_talk()
        third = self.phone("205", transport=self.transports[1])
        joining = third.calls("202", self.answer(b"", 1), headers=[("Join", join)])
        joining.receives(180)
        self.names_its_own_dialog(joined)
        joined.types("answer 2")
        self.tone.speaks_to(joining.receives(200).body)
        joined.says("Call 1 with .* is now paused")
        joined.types("conference add 1")
        joined.says("Media streams established .* for call 1")
        joined.types("conference add 2")
        mixed = joining.receives("INVITE")
        self.assertIn(";isfocus", mixed.message["Contact"])
        mixed.replies(200, self.answer(mixed.body, 2))
        self.are_in_calls(["201", "202"], ["202", "205"])
        eventually(lambda: first.hears(TONES["205"]), "201 hears the tone of 205")
        eventually(lambda: self.tone.hears(TONES["201"]), "205 hears the tone of 201")
        joining.hangs_up()
        self.end(first, joined)


class CallingCardOverTcp(CallingCard):
    transports = ("tcp", "udp")


class ClickToDialOverTcp(ClickToDial):
    transports = ("tcp", "udp")


class ByeWithAlsoOverTcp(ByeWithAlso):
    transports = ("tcp", "udp")


class AttendedTransferOverTcp(AttendedTransfer):
    transports = ("tcp", "udp")


class AttendedTransferBySippOverTcp(AttendedTransferBySipp):
    transports = ("tcp", "udp")


class JoinedByAThirdPhoneOverTcp(JoinedByAThirdPhone):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
