"""Forwards that go round: set by phones of others, told by a carrier, or by way of one (RFC 5806, RFC 7044)."""
import contextlib
import shutil
import unittest

from lib.case import eventually
from lib.ports import reserve
from lib.second_carriers import CALLED, DIALLED, SecondCarriers

WARNING = '"Forwarding loop: 202 > 203 > 202"'


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Loops(SecondCarriers):
    """Linphones are on UDP, baresips and the carrier on TCP."""
    plan_has = {"outside": {"202": {"forward": True}}}

    def forwards(self, phone, number):
        """By the code that is dialled there."""
        phone.dials(f"*21*{number}")
        eventually(lambda: self.rest.get(f"/api/v1/extensions/{phone.number}/forwarding")["always"] == number,
                   "the forward is set")
        self.are_in_calls()

    @contextlib.contextmanager
    def no_lamp_moves(self):
        """Of whoever forwards."""
        forwarders = [self.lamps[number] for number in ("202", "203")]
        told = [len(lamp.history) for lamp in forwarders]
        yield
        forwarders[0].phone.pings()
        self.assertEqual(told, [len(lamp.history) for lamp in forwarders])

    def forward_to_each_other(self, one, other, caller, heard):
        self.forwards(one, "203")
        self.forwards(other, "202")
        with self.no_lamp_moves():
            caller.dials("202")
            eventually(lambda: WARNING in heard(), "it is told")
            self.assertIn("SIP/2.0 482 Loop Detected", heard())
            self.are_in_calls()
        whole = self.recorded_last("failed", (caller.number, "unanswered"))
        self.assertEqual((482, "202", None), (whole["status"], whole["dialled"], whole["answered_by"]))

    def test_linphone_is_told_of_a_loop(self):
        caller = self.linphone("201")
        self.forward_to_each_other(self.linphone("202"), self.baresip("203"), caller, caller.log)

    def test_baresip_is_told_of_a_loop(self):
        caller = self.baresip("201", traced=True)
        self.forward_to_each_other(self.baresip("202"), self.linphone("203"), caller, lambda: caller.text)

    def test_sipp_outside_has_come_from_here(self):
        """It says so itself, and is told no numbers of the office."""
        address, transport = ("127.0.0.2", reserve("127.0.0.2")), self.transports[1]
        self.trunk("one", address, self.plan_has, trusted=True)
        self.linphone("203")
        self.rest.put("/api/v1/extensions/202/forwarding", {"always": "203"})
        with self.no_lamp_moves():
            self.from_outside(self.server.address[transport], address, transport, first="+43800100@one.test",
                              second="203@office.test").succeeds()
            self.are_in_calls()
        whole = self.recorded_last("failed", ("+43664111", "unanswered"))
        self.assertEqual((482, "one"), (whole["status"], whole["from_trunk"]))

    def round_by_kamailio(self, caller, heard, answer, calls=0, trusted=True):
        """202 sends its calls outside, and the carrier sends them back to 202."""
        carrier = self.kamailio(("127.0.0.4", 9), {"outside": {"202": {"forward": True, "calls": calls}}},
                                members={"trusted": trusted}, back=(CALLED, "+431202"))
        self.rest.put("/api/v1/extensions/202/forwarding", {"always": DIALLED})
        with self.no_lamp_moves():
            caller.dials("202")
            eventually(lambda: f"SIP/2.0 {answer}" in heard(), "it is told")
            self.are_in_calls()
        eventually(lambda: len(self.rest.items("/api/v1/call-log")) > carrier.text.count(f"INVITE {CALLED}"),
                   "all rounds are recorded")
        sent = carrier.text.count(f"INVITE {CALLED}")
        status = int(answer[:3])
        self.assertEqual([("201", "202", status)] + [("+431201", "+431202", status)] * min(sent, 1)
                         + [("+431202", "+431202", status)] * (sent - 1), [
                             (entry["from"], entry["dialled"], entry["status"])
                             for entry in reversed(self.rest.items("/api/v1/call-log"))])
        return sent

    def goes_round_once(self, caller, heard):
        self.assertEqual(1, self.round_by_kamailio(caller, heard, "482 Loop Detected"))
        eventually(lambda: f'"Forwarding loop outside: 202 > {DIALLED}"' in heard(), "it is told by which numbers")

    def test_linphone_goes_round_by_kamailio(self):
        """Which names who has forwarded it."""
        caller = self.linphone("201")
        self.goes_round_once(caller, caller.log)

    def test_baresip_goes_round_by_kamailio(self):
        caller = self.baresip("201", traced=True)
        self.goes_round_once(caller, lambda: caller.text)

    def test_a_kamailio_that_is_told_nothing(self):
        """There the calls to outside are limited."""
        caller = self.linphone("201")
        self.assertEqual(2, self.round_by_kamailio(
            caller, caller.log, "486 Too Many Calls To Outside", 2, False))


class LoopsOverUdp(Loops):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
