"""Timer C of proxy mode (RFC 3261 §16.6 step 11, §16.8): phones of others that only ring are given up after three minutes."""
import re
import time
import unittest

from lib.case import SLACK, eventually
from lib.linphone import Linphone
from lib.real_phones import Baresip
from lib.second_phones import SecondPhones, messages, requests

TIMER_C = 185  # seconds after the last provisional response


class TimerC(SecondPhones):
    """It is fixed, so all wait at once: a linphone at a fork of both, and a baresip at another one, each over either transport."""
    options = [*SecondPhones.options, "--ring-timeout", "600"]  # the exchange's own, which is shorter

    def phone_that_only_rings(self, kind, number, transport):
        """By itself it would give up sooner."""
        if kind is Linphone:
            phone = self.a_phone(Linphone, number, transport, False, sip={"inc_timeout": 600})
            return phone, phone.log
        phone = self.a_phone(Baresip, number, transport, False, traced=True, config="call_local_timeout 600\n")
        return phone, lambda: phone.said

    def test_who_only_rings_is_given_up(self):
        forks = {"202": ("udp", "tcp"), "203": ("tcp", "udp")}
        rung = {}
        for number, (linphone, baresip) in forks.items():
            self.proxies(number)
            rung[number] = [self.phone_that_only_rings(Linphone, number, linphone),
                            self.phone_that_only_rings(Baresip, number, baresip)]
        one = self.a_phone(Linphone, "201", "tcp", False)
        other = self.a_phone(Baresip, "205", "udp", False, traced=True)
        callers = {"201": ("202", one, one.log), "205": ("203", other, lambda: other.said)}
        began = time.monotonic()
        for number, caller, _ in callers.values():
            caller.dials(number)
            for phone, _ in rung[number]:
                phone.rings()
        self.rings(*([caller, callee] for caller, (callee, _, _) in callers.items()))
        rang = time.monotonic()

        eventually(lambda: self.live() == [], "they are given up", TIMER_C + 30)
        self.assertGreater(time.monotonic() - began, TIMER_C)
        self.assertLess(time.monotonic() - rang, TIMER_C + 5 * SLACK)
        for lamp in self.lamps.values():
            lamp.shows("idle")
            self.assertEqual((["early", "idle"], 1), (lamp.lamps[-2:], lamp.lamps.count("early")))
        for _, _, heard in callers.values():
            eventually(lambda: re.search(r"^SIP/2\.0 408 ", heard(), re.M), "it is told")
            self.assertEqual([], requests("CANCEL", heard()))
        for phone, heard in (phone for phones in rung.values() for phone in phones):
            eventually(lambda: messages(r"SIP/2\.0 487 ", heard()), f"{phone.number} has stopped")
            self.assertEqual(1, len(requests("CANCEL", heard())))
        for whole, (caller, (callee, _, _)) in zip(self.logged_calls(2)[::-1], callers.items()):
            self.assertEqual((caller, callee, "missed", "exchange", 408, None), tuple(
                whole[name] for name in ("from", "dialled", "result", "ended_by", "status", "answered_at")))
            self.assertEqual([(caller, False), (callee, True), (callee, True)],
                             [(part["extension"], part["missed"]) for part in whole["parts"]])


if __name__ == "__main__":
    unittest.main()
