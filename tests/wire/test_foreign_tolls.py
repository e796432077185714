"""What phones of others may not spend: no transfer, forward or redirection of theirs leads outside without a right of theirs, and
callers from outside get where a number of the trunk leads, and nowhere else."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.ports import reserve
from lib.second_carriers import CALLED, DIALLED, SecondCarriers

FORWARDING = "/api/v1/extensions/202/forwarding"
NOBODY = {"first": "+43800100@one.test", "second": "+43800200@one.test"}  # who sent the call on, which is told to nobody here


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class NoWayOut(SecondCarriers):
    """202 may call within the office, 201 outside too."""

    def setUp(self):
        super().setUp()
        self.carrier = self.kamailio(("127.0.0.4", 9), {"rights": {"202": "internal"}})

    def may_call_outside(self, forward):
        """202 may, and `forward` calls there."""
        written = self.rest.get("/api/v1/digit-plan")
        self.rest.put("/api/v1/digit-plan", {"rules": written["rules"], "default_right": "national",
                                             "outside": {"202": {"forward": forward}}})

    def nobody_was_called(self):
        self.assertNotIn("INVITE", self.carrier.text)

    def talk(self, caller, transferor):
        caller.dials("202")
        transferor.talks()
        self.are_in_calls(["201", "202"])
        transferor.transfers(DIALLED)

    def is_recorded(self):
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"))
        self.assertEqual([("202", DIALLED, 403)],
                         [(move["by"], move["target"], move["status"]) for move in whole["failed_moves"]])
        self.nobody_was_called()

    def test_linphone_moves_nobody_outside(self):
        """It talks on."""
        caller, transferor = self.baresip("201"), self.linphone("202")
        self.talk(caller, transferor)
        eventually(lambda: re.search(r"sipfrag(?:[^\r\n]*\r?\n)+?SIP/2\.0 403 ", transferor.log()), "it hears 403")
        self.are_in_calls(["201", "202"])
        caller.hangs_up()
        self.are_in_calls()
        self.is_recorded()

    def test_baresip_moves_nobody_outside(self):
        """It hangs up when it hears that."""
        caller, transferor = self.linphone("201"), self.baresip("202")
        self.talk(caller, transferor)
        transferor.says("transfer failure: 403")
        self.are_in_calls()
        self.is_recorded()

    def is_told(self, heard, status, words):
        eventually(lambda: re.search(rf'^SIP/2\.0 {status} (?s:.)*?Warning: 399 \S+ "[^"]*{words}', heard(), re.M),
                   f"it is told {status}")
        self.are_in_calls()

    def forwards_nothing(self, owner, heard, caller, caller_heard):
        """Neither by code, nor by what was set when it had the right."""
        self.may_call_outside(forward=False)
        owner.dials(f"*21*{DIALLED}")
        self.is_told(heard, 403, "may not forward calls to outside")
        self.assertFalse(self.rest.get(FORWARDING)["always"])
        self.recorded_last("failed", ("202", "unanswered"))
        self.may_call_outside(forward=True)
        self.rest.put(FORWARDING, {"always": DIALLED})
        self.may_call_outside(forward=False)
        caller.dials("202")
        self.is_told(caller_heard, 403, "202 may not forward calls to outside")
        self.recorded_last("failed", ("201", "unanswered"))
        self.nobody_was_called()

    def test_linphone_forwards_nobody_outside(self):
        owner, caller = self.linphone("202"), self.baresip("201", traced=True)
        self.forwards_nothing(owner, owner.log, caller, lambda: caller.said)

    def test_baresip_forwards_nobody_outside(self):
        owner, caller = self.baresip("202", traced=True), self.linphone("201")
        self.forwards_nothing(owner, lambda: owner.said, caller, caller.log)

    def sends_nobody_outside(self, caller, heard):
        """By 302."""
        self.is_told(heard, 403, "202 may not make national calls")
        whole = self.recorded_last("failed", ("201", "unanswered"), ("202", "deflected"))
        self.assertEqual(("202", 403, None), (whole["dialled"], whole["status"], whole["answered_by"]))
        self.nobody_was_called()

    def test_linphone_redirects_nobody_outside(self):
        caller, bob = self.baresip("201", traced=True), self.linphone("202", False)
        caller.dials("202")
        bob.rings()
        bob.types(f"redirect 1 sip:{DIALLED}@{self.office.domain}")
        self.sends_nobody_outside(caller, lambda: caller.said)

    def test_sipp_redirects_nobody_outside(self):
        caller, sipp = self.linphone("201"), self.sipp_phone("moved", "202", keys={"target": DIALLED})
        caller.dials("202")
        sipp.succeeds()
        self.sends_nobody_outside(caller, caller.log)


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Inbound(SecondCarriers):
    """Numbers of a trunk that lead to something else than the phones of one extension."""

    def by_sipp(self, *inbound):
        address, transport = ("127.0.0.2", reserve("127.0.0.2")), self.transports[1]
        self.trunk("one", address, inbound=list(inbound))
        return self.from_outside(self.server.address[transport], address, transport, **NOBODY)

    def by_kamailio(self, *inbound):
        address = "127.0.0.4", reserve("127.0.0.4")
        carrier = self.kamailio(address, members={"inbound": list(inbound)})
        return self.from_outside((carrier.host, carrier.port), address, "udp", **NOBODY)

    def is_answered_by(self, calls, phone, *more):
        phone.answers()
        phone.talks()
        self.are_in_calls(["", phone.number])
        outside, = (leg for leg in self.rest.items("/api/v1/calls")[0]["legs"] if not leg["extension"])
        self.assertEqual(("+43664111", "one"), (outside["number"], outside["trunk"]))
        phone.hangs_up()
        self.are_in_calls()
        calls.succeeds()
        whole = self.recorded_last("answered", ("+43664111", "answered"), (phone.number, "answered"), *more)
        self.assertEqual(("one", "+431202", phone.number), (whole["from_trunk"], whole["dialled"], whole["answered_by"]))

    def rings_the_group(self, by, answering, other):
        self.ring_group("all", display_name="Sales")
        calls = by({"pattern": r"\+431202", "destination": "600"})
        for phone in (answering, other):
            phone.rings()
        self.rings(["", "202", "203"])
        self.is_answered_by(calls, answering, (other.number, "answered_elsewhere"))

    def test_sipp_calls_the_group_and_linphone_answers(self):
        self.rings_the_group(self.by_sipp, self.linphone("203", False), self.baresip("202", False))

    def test_kamailio_calls_the_group_and_baresip_answers(self):
        self.rings_the_group(self.by_kamailio, self.baresip("202", False), self.linphone("203", False))

    def goes_on(self, by, owner, target):
        """The extension that the number leads to has its calls rung elsewhere."""
        self.rest.put(FORWARDING, {"busy": "203"})
        calls = by({"pattern": r"\+431202", "destination": "202"})
        owner.rings()
        self.rings(["", "202"])
        owner.hangs_up()
        target.rings()
        self.rings(["", "203"])
        self.is_answered_by(calls, target, ("202", "busy"))

    def test_sipp_calls_who_is_busy_and_linphone_answers(self):
        self.goes_on(self.by_sipp, self.baresip("202", False), self.linphone("203", False))

    def test_kamailio_calls_who_is_busy_and_baresip_answers(self):
        self.goes_on(self.by_kamailio, self.baresip("202", False), self.baresip("203", False))


class InboundOverUdp(Inbound):
    """And the other way round."""
    transports = ("tcp", "udp")


class NoWayOutOverUdp(NoWayOut):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
