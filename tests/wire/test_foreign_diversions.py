"""Who has sent a call on, told to carriers and phones of others and by them (RFC 5806, RFC 7044)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.ports import reserve
from lib.second_carriers import CALLED, DIALLED, SecondCarriers

FORWARDING = "/api/v1/extensions/202/forwarding"
BEFORE = {"first": "+43800100@one.test", "second": "+43800200@one.test"}
HISTORY = ["<sip:+43800100@one.test>;index=1", "<sip:+43800200@one.test;cause=302>;index=1.1;mp=1",
           "<sip:+431202@office.test;cause=408>;index=1.2;mp=1.1"]


def entries(message, header):
    """Of a header, each on a line of its own or not."""
    return [entry for line in re.findall(rf"^{header}: *(.*?)\r?$", message, re.M)
            for entry in re.split(r", *", line)]


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Diversions(SecondCarriers):
    """Linphones are on UDP, baresips and the carrier on TCP."""
    plan_has = {"outside": {"202": {"forward": True}}}

    def by_kamailio(self, trusted=True):
        """With a SIPp behind it, which takes every call."""
        subscriber = self.gateway("callee", "127.0.0.4", "udp", 1)
        return self.kamailio(subscriber.address, self.plan_has, members={"trusted": trusted})

    def goes_outside(self, caller, *parts):
        caller.dials("202")
        self.talks_outside(caller, "one", (caller.number, None, "answered"), *parts,
                           (DIALLED, "one", "answered"), dialled="202")

    def test_sipp_is_told_who_forwards(self):
        carrier = self.gateway("diverted", "127.0.0.2", self.transports[1], 1)
        self.trunk("one", carrier.address, self.plan_has, trusted=True)
        self.rest.put(FORWARDING, {"always": DIALLED})
        caller = self.linphone("201")
        self.goes_outside(caller)
        self.assertIn("SIP/2.0 181 ", caller.log())
        self.assertEqual(["idle"], self.lamps["202"].lamps)
        carrier.succeeds()

    def test_kamailio_is_told_who_is_busy(self):
        carrier = self.by_kamailio()
        caller, busy = self.linphone("201"), self.baresip("202", False)
        self.rest.put(FORWARDING, {"busy": DIALLED})
        caller.dials("202")
        busy.rings()
        self.rings(["201", "202"])
        busy.hangs_up()  # 486
        self.talks_outside(caller, "one", ("201", None, "answered"), ("202", None, "busy"),
                           (DIALLED, "one", "answered"), dialled="202")
        self.assertRegex(carrier.text, re.escape(
            f"INVITE {CALLED} by {self.transports[1]}: "
            "Diversion <sip:+431202@one.test>;reason=user-busy;counter=1 "
            "History-Info <sip:+431202@one.test>;index=1, "
            f"<sip:{CALLED}@one.test;cause=486>;index=1.1;mp=1"))

    def test_a_kamailio_that_is_not_trusted_is_told_nothing(self):
        carrier = self.by_kamailio(trusted=False)
        self.rest.put(FORWARDING, {"always": DIALLED})
        self.goes_outside(self.baresip("201"))
        self.assertIn("Diversion <null> History-Info <null>", carrier.text)

    def rings_for_who_was_sent_on(self, phone, heard, calls, on_top):
        """By two outside and those `on_top`. What its History-Info tells beyond the two."""
        invite = eventually(lambda: re.search(
            r"INVITE sip:\S+ SIP/2\.0\r?\n(?:[^\r\n]+\r?\n)+\r?\n", heard()), "it is called")[0]
        phone.rings()
        self.rings(["", phone.number])
        outside, = (leg for leg in self.rest.items("/api/v1/calls")[0]["legs"] if not leg["extension"])
        self.assertEqual(("+43664111", "one"), (outside["number"], outside["trunk"]))
        self.assertEqual([*on_top, "<sip:+43800200@one.test>;reason=no-answer;counter=1;privacy=off",
                          "<sip:+43800100@one.test>;reason=unconditional;counter=1;privacy=off"],
                         entries(invite, "Diversion"))
        history = entries(invite, "History-Info")
        self.assertEqual(HISTORY, history[:3])
        phone.answers()
        self.are_in_calls(["", phone.number])
        phone.hangs_up()
        self.are_in_calls()
        calls.succeeds()
        whole = self.recorded_last("answered", ("+43664111", "answered"), (phone.number, "answered"))
        self.assertEqual(("one", "+431202"), (whole["from_trunk"], whole["dialled"]))
        return history[3:]

    def sipp_calls(self):
        address, transport = ("127.0.0.2", reserve("127.0.0.2")), self.transports[1]
        self.trunk("one", address, self.plan_has, trusted=True)
        return self.from_outside(self.server.address[transport], address, transport, **BEFORE)

    def test_linphone_is_told_by_sipp(self):
        phone = self.linphone("202", False)
        self.assertEqual([], self.rings_for_who_was_sent_on(phone, phone.log, self.sipp_calls(), []))

    def test_baresip_is_told_by_sipp(self):
        """And of the forward here."""
        self.rest.put(FORWARDING, {"always": "203"})
        phone = self.baresip("203", False, traced=True)
        more = self.rings_for_who_was_sent_on(phone, lambda: phone.text, self.sipp_calls(), [
            "<sip:202@office.test>;reason=unconditional;counter=1"])
        self.assertEqual(["<sip:203@office.test;cause=302>;index=1.2.1;mp=1.2"], more)
        self.assertEqual(["idle"], self.lamps["202"].lamps)

    def test_linphone_is_told_by_kamailio(self):
        """Whose own number was busy after all that SIPp knows of."""
        address = "127.0.0.4", reserve("127.0.0.4")
        carrier = self.kamailio(address, self.plan_has, members={"trusted": True}, diverted_by="sip:+43800300@one.test")
        phone = self.linphone("202", False)
        calls = self.from_outside((carrier.host, carrier.port), address, "udp", **BEFORE)
        self.rings_for_who_was_sent_on(phone, phone.log, calls, [
            "<sip:+43800300@one.test>;reason=user-busy"])


class DiversionsOverUdp(Diversions):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
