"""Carriers of others that send a call on (3xx): followed within the trunk and the plan, and nowhere else."""
import shutil
import unittest

from lib.case import eventually
from lib.kamailio_redirector import KamailioRedirector
from lib.second_carriers import CALLED, DIALLED, SecondCarriers


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Redirected(SecondCarriers):
    """The carrier `one` says 302 to whoever calls +43664999; `two`, if it is there, takes every call."""

    def by_sipp(self, contact, calls=1):
        sipp = self.gateway("gateway", "127.0.0.2", self.transports[1], calls, contact=contact)
        self.trunk("one", sipp.address)
        return sipp

    def by_kamailio(self, contact, calls=1):
        """The calls that it relays are taken by a SIPp, which is returned."""
        subscriber = self.gateway("callee", "127.0.0.4", "udp", calls)
        kamailio = KamailioRedirector(self.folder, CALLED, contact, subscriber.address)
        self.addCleanup(kamailio.close)
        self.trunk("one", (kamailio.host, kamailio.port))
        return subscriber

    def to_another_number_of_its_own(self, carrier, caller):
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", (caller.number, None, "answered"),
                           (DIALLED, "one", "deflected"), ("+43664777", "one", "answered"))
        carrier.succeeds()

    def test_sipp_to_another_number_of_its_own(self):
        self.to_another_number_of_its_own(self.by_sipp("sip:+43664777@one.test", 2),
                                          self.linphone("201"))

    def test_kamailio_to_another_number_of_its_own(self):
        self.to_another_number_of_its_own(self.by_kamailio("sip:+43664777@one.test"),
                                          self.baresip("201"))

    def to_a_number_here(self, caller, callee):
        caller.dials(DIALLED)
        callee.talks()
        self.talks_and_ends(caller, callee, (DIALLED, "deflected"))
        whole, _ = self.ways()
        self.assertEqual((callee.number, None), (whole["answered_by"], whole["answered_trunk"]))

    def test_sipp_to_a_number_here(self):
        carrier = self.by_sipp("sip:+431202@one.test")
        self.to_a_number_here(self.linphone("201"), self.baresip("202"))
        carrier.succeeds()

    def test_kamailio_to_a_number_here(self):
        self.by_kamailio("sip:202@office.test")
        self.to_a_number_here(self.baresip("201"), self.linphone("202"))

    def elsewhere_and_by_the_next_trunk(self, caller):
        other = self.gateway("callee", "127.0.0.3", self.transports[1], 1)
        self.trunk("two", other.address)
        caller.dials(DIALLED)
        self.talks_outside(caller, "two", (caller.number, None, "answered"),
                           (DIALLED, "one", "deflected"), (DIALLED, "two", "answered"))
        other.succeeds()

    def test_sipp_elsewhere_and_by_the_next_trunk(self):
        carrier = self.by_sipp("sip:+43664777@elsewhere.test")
        self.elsewhere_and_by_the_next_trunk(self.linphone("201"))
        carrier.succeeds()

    def test_kamailio_elsewhere_and_by_the_next_trunk(self):
        self.by_kamailio("sip:+43664777@127.0.0.3")
        self.elsewhere_and_by_the_next_trunk(self.baresip("201"))

    def elsewhere_and_no_further(self, caller, heard):
        caller.dials(DIALLED)
        eventually(lambda: "480 " in heard(), "it is told")
        self.are_in_calls()
        self.recorded_last("unreachable", (caller.number, "unanswered"), (DIALLED, "deflected"))
        whole, parts = self.ways()
        self.assertEqual((480, None), (whole["status"], whole["answered_trunk"]))
        self.assertEqual(302, whole["parts"][1]["status"])

    def test_sipp_elsewhere_and_no_further(self):
        carrier = self.by_sipp("sip:+43664777@elsewhere.test")
        caller = self.linphone("201")
        self.elsewhere_and_no_further(caller, caller.log)
        self.assertIn("Trunk one redirects to no number that may be called by it", caller.log())
        carrier.succeeds()

    def test_kamailio_elsewhere_and_no_further(self):
        self.by_kamailio("sip:+43664777@127.0.0.3")
        caller = self.baresip("201")
        self.elsewhere_and_no_further(caller, lambda: caller.text)


class RedirectedOverUdp(Redirected):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
