"""Two phones of others that are lifted at once, before either can be told of the other (RFC 3261 §16.7, §13.2.2.4)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.program import standing_still
from lib.second_phones import TONES, SecondPhones


class BothAreLifted(SecondPhones):
    """By the exchange: the caller hears of one answer, the exchange ends the other."""
    answered_too = ()

    def both_answer(self, call):
        """Once `call` has them ring."""
        desk, mobile = self.baresip("202", False), self.linphone("202", False)
        call()
        desk.rings()
        mobile.rings()
        self.rings(["201", "202"])
        with standing_still(self.server.process):
            desk.answers()
            desk.says("Answering incoming call")
            mobile.answers()
            eventually(lambda: re.search(r"SIP/2\.0 200 .*\n(?:[^\r\n]+\r?\n)*CSeq: \d+ INVITE",
                                         mobile.log()), "linphone has answered")
        return desk, mobile

    def one_talks(self, caller, desk, mobile):
        """With the other it is over, as it says itself. The phone that talks."""
        def over():
            if re.search("session closed|terminated", desk.text):
                return mobile
            return re.search("Call 1 with .* ended", mobile.text) and desk

        talking = eventually(over, "one of the two is told that it is over")
        legs, = ([(leg["extension"], leg["state"]) for leg in call["legs"]
                  if leg["state"] != "terminated"] for call in self.rest.items("/api/v1/calls"))
        self.assertEqual([("201", "confirmed"), ("202", "confirmed")], legs)
        self.are_in_calls(["201", "202"])
        if caller:
            eventually(lambda: talking.hears(TONES["201"]), "202 hears the tone of 201")
        return talking

    def is_over(self):
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered"),
                       ("202", "answered_elsewhere"), *self.answered_too))

    def called_by(self, caller):
        self.one_talks(caller, *self.both_answer(lambda: caller.dials("202")))
        caller.hangs_up()
        self.is_over()

    def test_linphone_calls(self):
        self.called_by(self.linphone("201"))

    def test_baresip_calls(self):
        self.called_by(self.baresip("201"))


class BothAreLiftedInProxyMode(BothAreLifted):
    """The caller has both answers, and ends the one that it does not want. Linphone and SIPp do; baresip does not
    look at the second, so that its phone repeats it for half a minute and gives up."""
    test_baresip_calls = None
    answered_too = (("202", "answered"),)  # until the caller ends it, though it was cancelled

    def setUp(self):
        super().setUp()
        self.proxies("202")

    def test_linphone_calls(self):
        caller = self.linphone("201")
        self.called_by(caller)
        tags = set(re.findall(r"SIP/2\.0 200 .*\n(?:[^\r\n]+\r?\n)*?To: .*;tag=(\S+)\r?\n"
                              r"(?:[^\r\n]+\r?\n)*?CSeq: \d+ INVITE", caller.log()))
        self.assertEqual(2, len(tags))
        for method in ("ACK", "BYE"):
            sent = re.findall(rf"{method} sip:\S+ SIP/2\.0\r?\n(?:[^\r\n]+\r?\n)*?To: .*;tag=(\S+)",
                              caller.log())
            self.assertEqual(tags, tags & set(sent), f"{method} to both")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_calls(self):
        callers = []
        both = self.both_answer(lambda: callers.append(self.sipp(
            "forked", service="202", user="201", secret=self.office.secrets["201"])))
        self.one_talks(None, *both).hangs_up()
        callers[0].succeeds()
        self.is_over()


class BothAreLiftedOverTcp(BothAreLifted):
    transports = ("tcp", "udp")


class BothAreLiftedInProxyModeOverTcp(BothAreLiftedInProxyMode):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
