"""A program of others, with a stack of its own, that has phones of others call (RFC 3515)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.kamailio_dialer import KamailioDialer
from lib.second_phones import SecondPhones


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
class Dialer(SecondPhones):
    def refers(self, clicked, target):
        transport = self.transports[1]
        dialer = KamailioDialer(self.folder, clicked.number, self.office.secrets[clicked.number],
                                self.office.domain, self.server.address[transport], target.number,
                                transport)
        self.addCleanup(dialer.close)
        clicked.talks()
        self.are_in_calls([clicked.number, target.number])
        self.hear_each_other(clicked, target)
        heard = eventually(lambda: re.search(r"NOTIFY, (\w+), terminated.*: SIP/2.0 200 ",
                                             dialer.text), "it hears that the call was answered")
        self.assertEqual(transport, heard[1].lower())
        self.assertRegex(dialer.text, r"NOTIFY, \w+, active.*: SIP/2.0 100 ")
        self.assertIn("REFER was answered 202", dialer.text)
        target.hangs_up()
        self.are_in_calls()
        self.records([("caller", clicked.number, None), ("called", target.number, None)])

    def test_refer_has_linphone_call(self):
        self.refers(self.linphone("202"), self.baresip("203"))

    def test_refer_has_baresip_call(self):
        self.refers(self.baresip("202"), self.linphone("203"))


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class SilentDialer(SecondPhones):
    """Refer-Sub: false (RFC 4488): the call is made, and the dialer hears nothing of it."""

    def goes_on(self, clicked, target):
        clicked.talks()
        self.are_in_calls([clicked.number, target.number])
        target.hangs_up()
        self.are_in_calls()
        self.records([("caller", clicked.number, None), ("called", target.number, None)])

    def test_kamailio_has_linphone_call(self):
        clicked, target, transport = self.linphone("202"), self.baresip("203"), self.transports[1]
        dialer = KamailioDialer(self.folder, "202", self.office.secrets["202"], self.office.domain,
                                self.server.address[transport], "203", transport, reports=False)
        self.addCleanup(dialer.close)
        self.goes_on(clicked, target)
        eventually(lambda: "REFER was answered 202" in dialer.text, "it is accepted")
        self.assertNotIn("NOTIFY", dialer.text)

    def test_sipp_has_baresip_call(self):
        clicked, target = self.baresip("202"), self.linphone("203")
        dialer = self.sipp("silent_dialer", service="202", user="202", target="203", traced=True)
        self.goes_on(clicked, target)
        dialer.succeeds()
        self.assertNotIn("NOTIFY", dialer.trace())


class SilentDialerOverUdp(SilentDialer):
    transports = ("tcp", "udp")


class DialerOverUdp(Dialer):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
