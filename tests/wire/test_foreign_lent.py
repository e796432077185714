"""Numbers of a trunk that lend the rights of an extension (`on_behalf_of`) to callers by carriers of others: who calls them dials
codes, takes calls and gets outside as that extension may, and not where it may not."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.kamailio_carrier import KamailioCarrier
from lib.ports import reserve
from lib.second_carriers import CALLED, DIALLED, SecondCarriers
from lib.second_phones import TONES, messages, requests

CALLER = "+43664111"


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Lent(SecondCarriers):
    """202 may send calls on to outside, 201 may not; 203 may take calls of others, 205 may not. Linphones are on UDP, baresips
    and the carriers on TCP."""
    plan_has = {"outside": {"202": {"forward": True}}}

    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=list(TONES), watchers=["204", "203"])

    def lends(self, outside, rights):
        """How +431201 is called, and its like: what `rights` has of 201 is dialled by the rights of 201."""
        return outside(self.plan_has, trusted=True, inbound=[
            {"pattern": rf"\+431{number}", "destination": dialled, "on_behalf_of": number}
            for number, dialled in rights.items()])

    def forwarding(self, number):
        return self.rest.get(f"/api/v1/extensions/{number}/forwarding")

    def was_on_behalf_of(self, owner, result, *parts):
        """As the record says of the caller; of the call, that it came over the trunk."""
        became = "answered" if result == "answered" else "unanswered"
        whole = self.recorded_last(result, (CALLER, became), *parts)
        self.assertEqual((CALLER, "one", f"+431{owner}"),
                         tuple(whole[name] for name in ("from", "from_trunk", "dialled")))
        self.assertEqual([("one", owner)], [(part["trunk"], part["on_behalf_of"]) for part in whole["parts"]
                                            if part["extension"] == CALLER])
        return whole

    def is_refused(self, calls, owner, phrase=""):
        """With no more words than that."""
        sipp = calls(f"+431{owner}")
        sipp.succeeds()
        refusal, = messages(r"SIP/2\.0 403 ", sipp.trace())
        self.assertRegex(refusal, rf"^SIP/2\.0 403 {phrase}")
        self.assertNotRegex(refusal, "(?m)^Warning:")
        self.assertEqual(403, self.was_on_behalf_of(owner, "failed")["status"])

    def is_set(self, calls, owner):
        """By a code; it hears nothing of whose settings these are, though it is trusted."""
        sipp = calls(f"+431{owner}")
        sipp.succeeds()  # it is hung up on after two seconds
        answer, = (message for message in messages(r"SIP/2\.0 200 ", sipp.trace()) if "CSeq: 1 INVITE" in message)
        self.assertNotRegex(answer, "(?m)^(P-Asserted-Identity|Remote-Party-ID):")
        self.was_on_behalf_of(owner, "answered")
        self.no_lamp_was_lit()

    def no_lamp_was_lit(self):
        self.assertEqual([["idle"]] * len(self.lamps), [lamp.lamps for lamp in self.lamps.values()])

    def is_disturbed_no_more(self, outside, owner, caller, heard):
        self.is_set(self.lends(outside, {owner.number: "*78"}), owner.number)
        self.assertEqual([owner.number],
                         [number for number in TONES if self.forwarding(number)["do_not_disturb"]])
        caller.dials(owner.number)
        eventually(lambda: re.search(r"^SIP/2\.0 480 ", heard(), re.M), "it is told")
        self.are_in_calls()
        self.recorded_last("unreachable", (caller.number, "unanswered"), (owner.number, "unreachable"))

    def test_by_sipp_linphone_is_disturbed_no_more(self):
        bob, caller = self.linphone("202"), self.baresip("201", traced=True)
        self.is_disturbed_no_more(self.sipp_outside, bob, caller, lambda: caller.said)

    def test_by_kamailio_baresip_is_disturbed_no_more(self):
        carol, caller = self.baresip("203"), self.linphone("201")
        self.is_disturbed_no_more(self.kamailio_outside, carol, caller, caller.log)

    def another_trunk(self, address):
        """All that is called outside goes by it from now on."""
        self.trunks.clear()
        self.trunk("two", address, self.plan_has)

    def to_sipp(self):
        """What it is asked for, and by whom."""
        carrier = self.sipp("callee", ip="127.0.0.3", port=reserve("127.0.0.3"), service="gateway", traced=True).listens()
        self.another_trunk(carrier.address)
        return lambda: [(re.search(r"sip:(\+\d+)@", invite)[1], re.search(r"(?m)^From: .*sip:(\+\d+)@", invite)[1])
                        for invite in requests("INVITE", carrier.trace())]

    def to_kamailio(self):
        """The same; behind it is a SIPp."""
        subscriber = self.gateway("callee", "127.0.0.4", "udp", 1)
        transport = self.transports[1]
        carrier = KamailioCarrier(self.folder, subscriber.address, self.server.address[transport], transport, ip="127.0.0.3")
        self.addCleanup(carrier.close)
        self.another_trunk((carrier.host, carrier.port))
        return lambda: re.findall(r"INVITE (\S+) by .* from sip:(\S+)@", carrier.text)

    def is_sent_outside(self, outside, owner, caller):
        """What calls the owner, whom it does not ring; not where the owner may not do so."""
        calls = self.lends(outside, {number: f"*21*{DIALLED}" for number in ("201", "202")})
        self.is_refused(calls, "201")
        self.is_set(calls, "202")
        self.assertEqual([("202", DIALLED)], [(number, self.forwarding(number)["always"]) for number in TONES
                                              if self.forwarding(number)["always"]])
        self.to_sipp()
        caller.dials("202")
        self.talks_outside(caller, "two", (caller.number, None, "answered"), (DIALLED, "two", "answered"), dialled="202")
        self.assertNotRegex(owner.text, "(?i)incoming call")

    def test_by_sipp_linphone_sends_calls_outside(self):
        self.is_sent_outside(self.sipp_outside, self.linphone("202"), self.baresip("205"))

    def test_by_kamailio_baresip_sends_calls_outside(self):
        self.is_sent_outside(self.kamailio_outside, self.baresip("202"), self.linphone("205"))

    def is_picked_up(self, outside, caller, bob):
        calls = self.lends(outside, {"203": "**202", "205": "**202"})
        caller.dials("202")
        bob.rings()
        self.rings(["201", "202"])
        self.is_refused(calls, "205", "Not Yours To Take")
        self.rings(["201", "202"])
        sipp = calls("+431203")
        self.are_in_calls(["201", ""])
        call, = self.rest.items("/api/v1/calls")
        self.assertEqual([(CALLER, "one")], [(leg["number"], leg["trunk"]) for leg in call["legs"]
                                             if not leg["extension"]])
        caller.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        whole, _ = self.recorded(("answered", ("201", "answered"), ("202", "answered_elsewhere"), (CALLER, "answered")),
                                 ("failed", (CALLER, "unanswered")))
        self.assertEqual(("202", CALLER, "one"), tuple(whole[name] for name in ("dialled", "answered_by", "answered_trunk")))
        self.assertEqual([("picked_up", "one", "203", 1)],
                         [tuple(part[name] for name in ("kind", "trunk", "on_behalf_of", "in_place_of"))
                          for part in whole["parts"] if part["extension"] == CALLER])

    def test_by_sipp_what_rings_at_a_linphone_is_picked_up(self):
        self.is_picked_up(self.sipp_outside, self.baresip("201"), self.linphone("202", False))

    def test_by_kamailio_what_rings_at_a_baresip_is_picked_up(self):
        self.is_picked_up(self.kamailio_outside, self.linphone("201"), self.baresip("202", False))

    def is_taken_out_of_its_slot(self, outside, caller, parker):
        self.rest.put("/api/v1/park-lot", {"number": "700", "first_slot": "701", "slots": 3, "timeout": 60})
        calls = self.lends(outside, {"203": "701"})
        caller.dials("202")
        parker.talks()
        self.are_in_calls(["201", "202"])
        parker.transfers("700")
        eventually(lambda: [call["parked_in"] for call in self.rest.items("/api/v1/calls")] == ["701"] and
                   "202" not in self.live()[0], "it waits in 701")
        sipp = calls("+431203")
        self.are_in_calls(["201", ""])
        caller.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"), ("park+701", "answered"),
                                   (CALLER, "answered"))
        self.assertEqual(("took_over", "one", "203", 2), tuple(
            whole["parts"][3][name] for name in ("kind", "trunk", "on_behalf_of", "in_place_of")))

    def test_by_sipp_linphone_is_taken_out_of_its_slot(self):
        self.is_taken_out_of_its_slot(self.sipp_outside, self.linphone("201"), self.baresip("202"))

    def test_by_kamailio_baresip_is_taken_out_of_its_slot(self):
        self.is_taken_out_of_its_slot(self.kamailio_outside, self.baresip("201"), self.linphone("202"))

    def gets_outside_again(self, outside, carrier):
        """As if the owner forwarded, whose number is shown; not where that one may not forward there."""
        calls = self.lends(outside, {"201": DIALLED, "202": DIALLED})
        asked = carrier()
        self.is_refused(calls, "201")
        self.assertEqual([], asked())
        sipp = calls("+431202")
        self.are_in_calls([""])  # nobody of the office
        call, = self.rest.items("/api/v1/calls")
        self.assertEqual([(CALLER, "one"), (DIALLED, "two")], [(leg["number"], leg["trunk"]) for leg in call["legs"]])
        self.assertEqual([(CALLED, "+431202")], asked())
        self.rest.request("POST", f"/api/v1/calls/{call['id']}:hangup")
        sipp.succeeds()
        self.are_in_calls()
        whole = self.was_on_behalf_of("202", "answered", (DIALLED, "answered"))
        self.assertEqual((DIALLED, "two"), (whole["answered_by"], whole["answered_trunk"]))
        self.no_lamp_was_lit()

    def test_sipp_gets_outside_again_by_kamailio(self):
        self.gets_outside_again(self.sipp_outside, self.to_kamailio)

    def test_kamailio_gets_outside_again_by_sipp(self):
        self.gets_outside_again(self.kamailio_outside, self.to_sipp)

    def test_sipp_dials_outside_by_the_card(self):
        """As far as the owner may forward there: 201 may not."""
        self.rest.put("/api/v1/calling-card", {"number": "800"})
        calls = self.lends(self.sipp_outside, {"201": "800", "202": "800"})
        asked = self.to_kamailio()
        calls("+431201", scenario="outside_card_in_vain", target=DIALLED).succeeds()
        self.was_on_behalf_of("201", "answered")
        self.assertEqual([], asked())
        calls("+431202", scenario="outside_card", target=DIALLED).succeeds()
        self.are_in_calls()
        self.assertEqual([(CALLED, "+431202")], asked())
        self.was_on_behalf_of("202", "answered", (DIALLED, "answered"))
        self.no_lamp_was_lit()


class LentOverUdp(Lent):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
