"""What a SIPp, as phones of two models, a linphone and a baresip are told of whom they talk to, after a pickup, a park and a
transfer after asking (RFC 3325): in what they are sent anyway, or in an UPDATE (RFC 3311), or in a re-INVITE where they allow none."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.ports import reserve
from lib.second_phones import SecondPhones, messages, requests

ANNA, CAROL = '"Anna Lee" <sip:201@office.test>', '"Carol Reyes" <sip:203@office.test>'
YEALINK, CISCO = "Yealink SIP-T46S 66.85.0.5", "Cisco-CP7960G/8.0"
HEADERS = {YEALINK: "P-Asserted-Identity", CISCO: "Remote-Party-ID"}


def named(message):
    """Whom it names, and in which header."""
    return re.findall(r"^(P-Asserted-Identity|Remote-Party-ID): ([^;\r\n]*)", message, re.M)


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Shown(SecondPhones):
    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=["201", "202", "203", "205"], watchers=["204", "203"])

    def calls(self, agent):
        """As a phone of that model."""
        return self.sipp("told", service="202", user="201", keys={"agent": agent}, traced=True)

    def answer(self, heard):
        """That a phone had to its INVITE, in what it says."""
        return eventually(lambda: [each for each in messages(r"SIP/2\.0 200 ", heard())
                                   if re.search("CSeq: .*INVITE", each)], "it is answered")[0]

    def is_picked_up(self, agent, bob, picker):
        """Where it was not dialled."""
        sipp = self.calls(agent)
        bob.rings()
        self.rings(["201", "202"])
        picker.dials("**202")
        self.are_in_calls(["201", "203"])
        picker.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.assertEqual([(HEADERS[agent], CAROL)], named(self.answer(sipp.trace)))
        self.recorded(("answered", ("201", "answered"), ("202", "answered_elsewhere"), ("203", "answered")))

    def test_a_yealink_is_picked_up_by_linphone(self):
        picker = self.linphone("203")
        self.is_picked_up(YEALINK, self.baresip("202", False), picker)
        self.assertIn(("P-Asserted-Identity", ANNA), named(self.answer(picker.log)))

    def test_a_cisco_is_picked_up_by_baresip(self):
        picker = self.baresip("203", traced=True)
        self.is_picked_up(CISCO, self.linphone("202", False), picker)
        self.assertIn(("P-Asserted-Identity", ANNA), named(self.answer(lambda: picker.text)))

    def has_park_lot(self, timeout=60):
        self.rest.put("/api/v1/park-lot", {"number": "700", "first_slot": "701", "slots": 3, "timeout": timeout})

    def is_parked(self):
        """201 waits, and who was with it is gone."""
        eventually(lambda: [call["parked_in"] for call in self.rest.items("/api/v1/calls")] == ["701"]
                   and "202" not in self.live()[0], "the call waits in 701")
        for number in ("201", "202"):
            self.lamps[number].shows("confirmed" if number == "201" else "idle")

    def is_taken_from_the_slot(self, waiting, parker, taker):
        """`waiting` ends it then."""
        parker.talks()
        self.are_in_calls(["201", "202"])
        parker.transfers("701")
        self.is_parked()
        taker.dials("701")
        self.are_in_calls(["201", "203"])

    def is_recorded_as_taken(self):
        self.records([("caller", "201", None), ("called", "202", None), ("parked", "park+701", 1), ("took_over", "203", None)])

    def is_told_in_an_invite(self, invites, header, party):
        """The last one to 201."""
        self.assertIn((header, party), named([each for each in invites if each.split()[1].startswith("sip:201")][-1]))

    def sipp_waits(self, agent, parker, taker):
        self.has_park_lot()
        sipp = self.calls(agent)
        self.is_taken_from_the_slot(sipp, parker, taker)
        taker.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.is_told_in_an_invite(requests("INVITE", sipp.trace()), HEADERS[agent], CAROL)
        self.is_recorded_as_taken()

    def test_a_yealink_waits_until_linphone_takes_it(self):
        self.sipp_waits(YEALINK, self.baresip("202"), self.linphone("203"))

    def test_a_cisco_waits_until_baresip_takes_it(self):
        self.sipp_waits(CISCO, self.linphone("202"), self.baresip("203"))

    def waits(self, waiting, heard, taker, taker_heard):
        self.has_park_lot()
        parker = self.linphone("202")
        waiting.dials("202")
        self.is_taken_from_the_slot(waiting, parker, taker)
        eventually(lambda: [each for each in requests("INVITE", heard()) if CAROL in each], "201 is told")
        self.is_told_in_an_invite(requests("INVITE", heard()), "P-Asserted-Identity", CAROL)
        self.assertIn(("P-Asserted-Identity", ANNA), named(self.answer(taker_heard)))
        waiting.hangs_up()
        self.are_in_calls()
        self.is_recorded_as_taken()

    def test_linphone_waits_until_baresip_takes_it(self):
        waiting, taker = self.linphone("201"), self.baresip("203", traced=True)
        self.waits(waiting, waiting.log, taker, lambda: taker.text)

    def test_baresip_waits_until_linphone_takes_it(self):
        waiting, taker = self.baresip("201", traced=True), self.linphone("203")
        self.waits(waiting, lambda: waiting.text, taker, taker.log)

    def sipp_takes_it_back(self, scenario, agent, waiting, by):
        """Nobody has taken what it had parked: the INVITE names the slot, and what comes `by` then, who waited there."""
        self.has_park_lot(10)
        port = reserve()
        self.sipp("register", port=port, service="202", user="202").succeeds()
        self.sipp("transferor", service="201", user="202", target="701").succeeds()
        self.is_parked()
        sipp = self.sipp(scenario, port=port, service="202", keys={"agent": agent}, traced=True)
        self.are_in_calls(["201", "202"])

        def told():
            return [named(each) for each in requests(by, sipp.trace()) if named(each)]
        eventually(told, "it is told")
        acknowledged = 2 if by == "INVITE" else 1
        eventually(lambda: len(requests("ACK", sipp.trace())) >= acknowledged, "it has accepted that")
        waiting.hangs_up()
        sipp.succeeds()
        self.are_in_calls()
        self.assertRegex(requests("INVITE", sipp.trace())[0], "From: .*Parked 701")
        self.assertEqual([[(HEADERS[agent], ANNA)]], told())
        self.records([("caller", "202", None), ("called", "201", None), ("parked", "park+701", 0), ("transferred", "202", 2)])
        return sipp.trace()

    def test_a_yealink_takes_linphone_back(self):
        self.sipp_takes_it_back("recalled", YEALINK, self.linphone("201"), "UPDATE")

    def test_a_cisco_takes_baresip_back(self):
        self.sipp_takes_it_back("recalled", CISCO, self.baresip("201"), "UPDATE")

    def without_update(self, agent, waiting):
        """The session that it is told again is that of the ACK, to the version."""
        trace = self.sipp_takes_it_back("recalled_by_invite", agent, waiting, "INVITE")
        headers = r"^(ACK|INVITE) sip:[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)+"
        origins = set(re.findall(headers + r"\r?\n(?:[^\r\n]+\r?\n)*?(o=[^\r\n]*)", trace, re.M))
        self.assertEqual({"ACK", "INVITE"}, {method for method, _ in origins}, trace)
        self.assertEqual(1, len({origin for _, origin in origins}), trace)

    def test_a_yealink_without_update_takes_linphone_back(self):
        self.without_update(YEALINK, self.linphone("201"))

    def test_a_cisco_without_update_takes_baresip_back(self):
        self.without_update(CISCO, self.baresip("201"))

    def are_brought_together(self, held, held_heard, target, target_heard, names):
        """By a SIPp, which has asked `target` before."""
        # By UDP: a NOTIFY that comes while it answers the BYE before is repeated there.
        self.sipp("attended", service="202", user="201", transport="udp", target="203").succeeds()
        self.are_in_calls(["202", "203"])
        for heard, party in ((held_heard, CAROL), (target_heard, names)):
            eventually(lambda: any(("P-Asserted-Identity", party) in named(each)
                                   for each in requests("INVITE", heard())), f"it is told of {party}")
        held.hangs_up()
        self.are_in_calls()
        self.records([("caller", "201", None), ("called", "202", None), ("transferred", "203", 0)],
                     [("caller", "201", None), ("called", "203", None)])

    def test_linphone_and_baresip_are_brought_together(self):
        held, target = self.linphone("202"), self.baresip("203", traced=True)
        self.are_brought_together(held, held.log, target, lambda: target.text, '"Bob Stone" <sip:202@office.test>')

    def test_baresip_and_linphone_are_brought_together(self):
        held, target = self.baresip("202", traced=True), self.linphone("203")
        self.are_brought_together(held, lambda: held.text, target, target.log, '"Bob Stone" <sip:202@office.test>')


class ShownOverTcp(Shown):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
