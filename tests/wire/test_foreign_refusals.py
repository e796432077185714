"""What phones of others ask that cannot be: headers that nobody can read, as a Kamailio before them writes them, and transfers to
where this exchange does not lead (RFC 3515, RFC 3891, RFC 3911). They are told which header it was, and whoever talks is left alone."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.linphone import Linphone
from lib.ports import reserve
from lib.real_phones import Baresip
from lib.second_phones import SecondPhones, requests

ELSEWHERE = "Refer-To: only calls within this exchange"
# Who it dials, or transfers to, says what is written.
CHANGES = r'''
    if (is_method("INVITE") && !has_totag() && $rU == "202") append_hf("Replaces: ;to-tag=a\r\n");
    if (is_method("INVITE") && !has_totag() && $rU == "203") append_hf("Join: ;from-tag=a\r\n");
    if (is_method("REFER")) {
        if ($hdr(Refer-To) =~ "202@") $var(to) = "<sip:203@office.test";
        else if ($hdr(Refer-To) =~ "203@office") $var(to) = "<https://office.test/203>";
        else $var(to) = $hdr(Refer-To);
        remove_hf("Refer-To");
        append_hf("Refer-To: $var(to)\r\n");
    }
    if (is_method("BYE")) append_hf("Also: <sip:203@office.test\r\n");
'''
TRANSFERS = {"202": (400, "REFER", "Refer-To: "), "203": (403, "REFER", ELSEWHERE)}
MOVES = [("<sip:203@office.test", 400), ("<https://office.test/203>", 403)]  # whereto, as it is written


def said(phone):
    """All messages of a phone; a baresip is `traced`."""
    return phone.log() if isinstance(phone, Linphone) else phone.said


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
class Refused(SecondPhones):
    def is_told(self, phone, status, method, warning):
        """`status`, with a Warning that begins so."""
        eventually(lambda: re.search(
            rf"^SIP/2\.0 {status} [^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*?CSeq: \d+ {method}\r?\n(?:[^\r\n]+\r?\n)*?"
            rf'Warning: 399 \S+ "{warning}', said(phone), re.M), f"{phone.number} is told {status} {warning}")

    def is_over_for(self, caller):
        if isinstance(caller, Linphone):  # until then it calls nobody else
            caller.says("Call . with .* (error|ended)")

    def calls_nobody(self, caller):
        for number, name in (("202", "Replaces"), ("203", "Join")):
            caller.dials(number)
            self.is_told(caller, 400, "INVITE", f"{name}: ")
            self.are_in_calls()
            self.is_over_for(caller)
            self.assertEqual(["idle"], self.lamps[number].lamps)

    def talk(self, caller, callee):
        caller.dials("205")
        callee.talks()
        self.are_in_calls(["201", "205"])

    def has_left(self, caller, callee, *moves):
        """By a BYE that is refused, but ends the call. `moves` have failed before: whereto, and with which status."""
        self.is_told(caller, 400, "BYE", "Also: ")
        callee.says("ended|terminated|closed")
        self.are_in_calls()
        self.is_over_for(caller)
        whole = self.recorded_last("answered", ("201", "answered"), ("205", "answered"))
        self.assertEqual([*moves, ("<sip:203@office.test", 400)],
                         [(move["target"], move["status"]) for move in whole["failed_moves"]])
        self.assertEqual({"201"}, {move["by"] for move in whole["failed_moves"]})

    def nobody_else_is_called(self, *bystanders):
        for phone in bystanders:
            self.assertNotRegex(phone.text, "(?i)incoming call")
            self.assertEqual(["idle"], self.lamps[phone.number].lamps)

    def test_linphone_takes_and_joins_nothing(self):
        caller = self.behind_kamailio(Linphone, "201", CHANGES)
        bob, carol = self.baresip("202", False), self.baresip("203", False)
        self.calls_nobody(caller)
        self.nobody_else_is_called(bob, carol)

    def test_linphone_moves_nothing(self):
        """It talks on after each transfer, and leaves."""
        caller = self.behind_kamailio(Linphone, "201", CHANGES)
        bob, carol, eve = self.baresip("202", False), self.linphone("203", False), self.baresip("205")
        self.talk(caller, eve)
        for number, told in TRANSFERS.items():
            caller.transfers(number)
            self.is_told(caller, *told)
            self.are_in_calls(["201", "205"])
        caller.says("Password for 201")  # for a word about that it takes 403
        caller.types(self.office.secrets["201"] + "\n")  # of the line after it the first letter is lost
        caller.hangs_up()
        self.has_left(caller, eve, *MOVES)
        self.nobody_else_is_called(bob, carol)

    def test_baresip_takes_joins_and_moves_nothing(self):
        """It hangs up after each transfer."""
        caller = self.behind_kamailio(Baresip, "201", CHANGES, traced=True)
        bob, carol, eve = self.linphone("202", False), self.baresip("203", False), self.linphone("205")
        for (number, told), move in zip(TRANSFERS.items(), MOVES):
            self.talk(caller, eve)
            caller.transfers(number)
            self.is_told(caller, *told)
            self.has_left(caller, eve, move)
        self.calls_nobody(caller)
        self.nobody_else_is_called(bob, carol)


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
class HeadersOfReferTo(SecondPhones):
    """Refer-To may carry headers and a body (RFC 3261 §19.1.5): what is harmless goes on, nothing else."""
    WRITTEN = "<sip:203@office.test?Subject=Ask%20her&Route=%3Csip:203.0.113.7;lr%3E&X-Secret=1&body=v%3D0>"

    def moves(self, kind, callee, target):
        changes = f'''if (is_method("REFER")) {{
            remove_hf("Refer-To");
            append_hf("Refer-To: {self.WRITTEN}\\r\\n");
        }}'''
        transferor = self.behind_kamailio(kind, "201", changes)
        transferor.dials("202")
        callee.talks()
        self.are_in_calls(["201", "202"])
        transferor.transfers("203")
        self.are_in_calls(["202", "203"])
        invite = requests("INVITE", said(target))[0]
        self.assertIn("Subject: Ask her", invite)
        if kind is Linphone:  # a baresip says nothing of itself
            self.assertRegex(invite, r"(?m)^Referred-By: .*sip:201@office\.test")
        self.assertNotRegex(said(target), r"X-Secret|203\.0\.113\.7|body=")
        callee.hangs_up()
        self.are_in_calls()
        whole, = self.records([("caller", "201", None), ("called", "202", None), ("transferred", "203", 0)])
        self.assertEqual([], whole["failed_moves"])

    def test_linphone_writes_headers(self):
        self.moves(Linphone, self.baresip("202"), self.baresip("203", traced=True))

    def test_baresip_writes_headers(self):
        self.moves(Baresip, self.linphone("202"), self.linphone("203"))


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class AskedForAPassword(SecondPhones):
    """By a SIPp that is a phone of 202, for the realm of a trunk: it gets none."""

    def calls(self, caller, heard):
        self.rest.put("/api/v1/trunks/one", {
            "kind": "peer", "domain": "one.test", "qualify": 0, "username": "4310", "secret": "pstn", "realm": "one.test",
            "servers": [{"host": "127.0.0.2", "port": reserve("127.0.0.2")}]})
        sipp = self.sipp_phone("challenger", "202", keys={"realm": "one.test"}, traced=True)
        caller.dials("202")
        sipp.succeeds()
        eventually(lambda: "SIP/2.0 480 " in heard(), "it is told that nobody is there")
        self.are_in_calls()
        whole = self.recorded_last("unreachable", ("201", "unanswered"), ("202", "failed"))
        self.assertEqual((480, 407), (whole["status"], whole["parts"][1]["status"]))
        self.assertEqual(1, len(requests("INVITE", sipp.trace())))
        self.assertNotIn("Authorization", sipp.trace())
        self.assertNotIn("one.test", heard())

    def test_linphone_calls(self):
        caller = self.linphone("201")
        self.calls(caller, caller.log)

    def test_baresip_calls(self):
        caller = self.baresip("201", traced=True)
        self.calls(caller, lambda: caller.said)


class AskedForAPasswordOverTcp(AskedForAPassword):
    transports = ("tcp", "udp")


class RefusedOverTcp(Refused):
    transports = ("tcp", "udp")


class HeadersOfReferToOverTcp(HeadersOfReferTo):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
