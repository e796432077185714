"""What calls to outside may cost, where phones and carriers are of others: the minutes of a call, after which the exchange ends
it, and the calls of a day (RFC 3326, RFC 6432)."""
import contextlib
import re
import shutil
import sqlite3
import time
import unittest

from lib.case import eventually
from lib.kamailio_carrier import KamailioCarrier
from lib.ports import reserve
from lib.second_carriers import DIALLED, SecondCarriers

A_DAY = 24 * 60 * 60
CUT_OFF = 'SIP;cause=403;text="Time limit of calls to outside"'

BYE = r"^BYE sip:(?:[^\r\n]+\r?\n)+"


class Limits(SecondCarriers):
    """Linphones are on UDP, baresips and the carriers on TCP."""

    def by_kamailio(self, ip="127.0.0.2", calls=1):
        """What it says to the SIPp behind it, which is returned too, is as the exchange said it."""
        transport = self.transports[1]
        subscriber = self.sipp("limited", ip="127.0.0.4", port=reserve("127.0.0.4"), transport="udp", calls=calls,
                               service="gateway", traced=True).listens()
        kamailio = KamailioCarrier(self.folder, subscriber.address, self.server.address[transport], transport, ip=ip)
        self.addCleanup(kamailio.close)
        return (kamailio.host, kamailio.port), subscriber

    def by_sipp(self, ip="127.0.0.2", calls=1, **options):
        sipp = self.sipp("limited", ip=ip, port=reserve(ip), calls=calls, service="gateway", traced=True, **options)
        return sipp.listens().address, sipp

    def calls_of(self, carrier):
        return len(set(re.findall(r"^INVITE (?:[^\r\n]+\r?\n)*?Call-ID: (\S+)", carrier.trace(), re.M)))


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Minutes(Limits):
    """The shortest limit is a minute. It is stored with the call when that has to end, so the exchange is killed, its database
    says that this is sooner, and the call that is taken up again ends then. Baresip and Kamailio are found again over TCP;
    a linphone over TCP comes back when it registers again, and SIPp ends a call with its connection, so these are on UDP."""

    def database(self, mode):
        return contextlib.closing(sqlite3.connect(f"file:{self.server.data}/lampline.db?mode={mode}", uri=True))

    def stored(self, query):
        with self.database("ro") as database:
            return database.execute(query).fetchall()

    def passes_all_but(self, seconds):
        """Of the minute."""
        eventually(lambda: self.stored("SELECT 1 FROM talking_call") and self.stored("SELECT 1 FROM open_record") and
                   self.stored("SELECT count(*) FROM subscription") == [(len(self.lamps),)], "all is stored")
        (answered, *ends), = self.stored("SELECT answered_at, a_must_end_at, b_must_end_at FROM talking_call")
        self.assertEqual(0, min(ends))  # who has called has no limit of its own
        self.assertAlmostEqual(60_000, max(ends) - answered, delta=2)
        self.server.kill()
        with self.database("rw") as database:
            end = int((time.time() + seconds) * 1000)
            for leg in "ab":
                database.execute(f"UPDATE talking_call SET {leg}_must_end_at = ? WHERE {leg}_must_end_at > 0", (end,))
            database.commit()
        for lamp in self.lamps.values():
            lamp.versions_may_jump = True
        self.server.start()

    def is_cut_off(self, caller, carrier, heard, plan_has=None, **limits):
        (host, port), sipp = carrier
        transport = "udp" if sipp.address == (host, port) else "tcp"
        servers = [{"host": host, "port": port, "transport": transport}]
        self.trunk("one", (host, port), plan_has, servers=servers, **limits)
        caller.dials(DIALLED)
        caller.talks()
        self.are_in_calls([caller.number, ""])
        # Else it is for nobody to acknowledge the answer, and the carrier gives the call up.
        eventually(lambda: re.search("^ACK ", sipp.trace(), re.M), "the carrier is acknowledged")
        self.passes_all_but(3)
        eventually(lambda: re.search(BYE, heard(), re.M), "it is hung up on")
        sipp.succeeds()
        self.are_in_calls()
        self.assertEqual(["confirmed", "idle"], self.lamps[caller.number].lamps[-2:])
        for said in (heard(), sipp.trace()):
            bye, = set(re.findall(BYE, said, re.M))
            self.assertIn(f"Reason: {CUT_OFF}", bye)
        whole = self.recorded_last("answered", (caller.number, "answered"), (DIALLED, "answered"))
        self.assertEqual(("exchange", None, 403, CUT_OFF),
                         tuple(whole[name] for name in ("ended_by", "ended_extension", "status", "reason")))
        self.assertEqual(1, self.calls_of(sipp))

    def test_linphone_by_a_trunk_of_sipp(self):
        caller = self.linphone("201")
        self.is_cut_off(caller, self.by_sipp(transport="udp"), caller.log, limits={"minutes": 1})

    def test_baresip_by_a_trunk_of_kamailio(self):
        caller = self.baresip("201", traced=True)
        self.is_cut_off(caller, self.by_kamailio(), lambda: caller.text, limits={"minutes": 1})

    def test_linphone_that_has_a_minute(self):
        caller = self.linphone("201")
        self.is_cut_off(caller, self.by_kamailio(), caller.log, {"outside": {"201": {"minutes": 1}}})

    def test_baresip_that_has_a_minute(self):
        caller = self.baresip("201", traced=True)
        self.is_cut_off(caller, self.by_sipp(transport="udp"), lambda: caller.text, {"outside": {"201": {"minutes": 1}}})


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class CallsOfADay(Limits):
    one_a_day = {"outside": {"201": {"calls_per_day": 1}}}

    def setUp(self):
        eventually(lambda: time.time() % A_DAY < A_DAY - 60, "the day, by which calls are counted, is long enough", 90)
        super().setUp()

    def has_called(self, caller, trunk, number=DIALLED):
        caller.dials(number)
        self.talks_outside(caller, trunk, (caller.number, None, "answered"), (number, trunk, "answered"), dialled=number)

    def is_told(self, refusal, line, words, cause):
        self.assertRegex(refusal, rf"^SIP/2\.0 {line}\r?\n")
        self.assertRegex(refusal, rf'(?m)^Warning: 399 \S+ "(?:[^"]*: )?{words}"')
        self.assertRegex(refusal, rf'(?m)^Reason: Q\.850;cause={cause};text="')
        self.are_in_calls()

    def refusal(self, status, said):
        """Of an INVITE: the start line and the headers."""
        return re.search(rf"^SIP/2\.0 {status} (?:[^\r\n]+\r?\n)+?CSeq: \d+ INVITE\r?\n(?:[^\r\n]+\r?\n)+", said, re.M)

    def is_recorded(self, result, status):
        whole = self.recorded_last(result, ("201", "unanswered"))
        self.assertEqual((status, None, None), (whole["status"], whole["answered_at"], whole["answered_trunk"]))

    def test_baresip_that_has_called_today(self):
        address, carrier = self.by_kamailio()
        self.trunk("one", address, self.one_a_day)
        caller = self.baresip("201", traced=True)
        self.has_called(caller, "one")
        caller.dials(DIALLED)
        told = eventually(lambda: self.refusal(403, caller.text), "it is refused")[0]
        self.is_told(told, "403 Daily Limit Reached", "201 has its 1 calls a day to outside already", 21)
        self.is_recorded("failed", 403)
        carrier.succeeds()
        self.assertEqual(1, self.calls_of(carrier))

    def test_sipp_that_has_called_today(self):
        address, carrier = self.by_sipp()
        self.trunk("one", address, self.one_a_day)
        caller = {"service": DIALLED, "user": "201", "secret": self.office.secrets["201"]}
        self.sipp("caller", **caller).succeeds()
        self.are_in_calls()
        self.recorded_last("answered", ("201", "answered"), (DIALLED, "answered"))
        refused = self.sipp("refused", traced=True, **caller)
        refused.succeeds()
        self.is_told(self.refusal(403, refused.trace())[0], "403 Daily Limit Reached",
                     "201 has its 1 calls a day to outside already", 21)
        self.is_recorded("failed", 403)
        carrier.succeeds()
        self.assertEqual(1, self.calls_of(carrier))

    def trunk_is_used_up(self, caller, one, two, heard, is_over=lambda: None):
        """Then the other has its one call; and then there is no way."""
        (first, at_first), (second, at_second) = one, two
        self.trunk("one", first, limits={"calls_per_day": 1})
        self.trunk("two", second, limits={"calls_per_day": 1})
        for trunk, number in (("one", DIALLED), ("two", "0664777")):
            self.has_called(caller, trunk, number)
            is_over()
        caller.dials(DIALLED)
        told = eventually(lambda: self.refusal(486, heard()), "it is refused")[0]
        self.is_told(told, "486 All Lines Busy", "Every trunk for this number has as many calls as it may have", 34)
        self.is_recorded("failed", 486)
        for carrier in (at_first, at_second):
            carrier.succeeds()
            self.assertEqual(1, self.calls_of(carrier))

    def test_linphone_by_trunks_that_were_called_by_today(self):
        caller = self.linphone("201")
        self.trunk_is_used_up(caller, self.by_sipp(), self.by_kamailio("127.0.0.3"), caller.log,
                              lambda: caller.says("Call . with .* ended"))  # until then it calls nobody else

    def test_baresip_by_trunks_that_were_called_by_today(self):
        caller = self.baresip("201", traced=True)
        self.trunk_is_used_up(caller, self.by_kamailio(), self.by_sipp("127.0.0.3"), lambda: caller.text)


class CallsOfADayOverUdp(CallsOfADay):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
