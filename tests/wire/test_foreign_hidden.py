"""Callers from outside who show no number, by carriers of others (RFC 3323, RFC 3325): no phone, lamp, call or record names them."""
import re
import shutil
import unittest

from lib.second_carriers import SecondCarriers
from lib.second_phones import requests

NAMED = re.compile("43664111|Zenobia")
NOBODY = "sip:anonymous@anonymous.invalid"
FORWARDING = "/api/v1/extensions/202/forwarding"

# What the SIPp says by itself, and what a Kamailio makes of a SIPp that hides nothing.
ASKS = {"shown": '"Zenobia" <sip:+43664111@one.test>', "identity": "Privacy: id"}
HIDES = {"shown": f'"Anonymous" <{NOBODY}>', "identity": "Privacy: id"}
ASSERTS = {"shown": f'"Anonymous" <{NOBODY}>',
           "identity": 'P-Asserted-Identity: "Zenobia" <sip:+43664111@one.test>\r\nPrivacy: id'}
HIDDEN = f'uac_replace_from("Anonymous", "{NOBODY}");'
ASSERTED = HIDDEN + '''
    append_hf("P-Asserted-Identity: \\"Zenobia\\" <sip:+43664111@one.test>\\r\\n");
    append_hf("Privacy: user;id\\r\\n");'''


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Hidden(SecondCarriers):
    """Linphones are on UDP, baresips and the carrier on TCP."""

    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=["201", "202", "203", "205"], watchers=["204", "203"])

    def nobody_is_named(self, text):
        self.assertNotRegex(text, NAMED)

    def rings_for_nobody(self, phone, heard):
        """Whatever the phone, the watcher and REST are told of who calls."""
        phone.rings()
        self.rings(["", phone.number])
        invite, = requests("INVITE", heard())
        self.assertRegex(invite, rf'(?m)^From: "?Anonymous"? <{NOBODY}>')
        self.nobody_is_named(invite)
        shown = self.lamps[phone.number].history[-1].document.dialog
        self.assertEqual((NOBODY, "recipient"), (shown.remote.identity, shown.direction))
        call, = self.rest.items("/api/v1/calls")
        self.assertEqual(("anonymous", "one"), (call["from"], call["from_trunk"]))
        lamp, = self.rest.get(f"/api/v1/lamps/204/{phone.number}")["calls"]
        self.assertEqual(("anonymous", "Anonymous"), (lamp["with"], lamp["with_name"]))

    def is_recorded(self, calls, phone, heard, *more):
        """After the phone has hung up."""
        self.are_in_calls(["", phone.number])
        self.nobody_is_named(str(self.rest.items("/api/v1/calls")))
        phone.hangs_up()
        self.are_in_calls()
        calls.succeeds()
        whole = self.recorded_last("answered", ("anonymous", "answered"), (phone.number, "answered"), *more)
        self.assertEqual(("anonymous", "Anonymous", "one", "+431202", phone.number),
                         tuple(whole[name] for name in ("from", "from_name", "from_trunk", "dialled", "answered_by")))
        self.nobody_is_named(str(whole))
        self.assertEqual([], self.rest.items("/api/v1/call-log?q=664111"))
        self.nobody_is_named(self.rest.request("GET", "/api/v1/call-log", headers={"Accept": "text/csv"}).text)
        self.nobody_is_named(heard())
        for lamp in self.lamps.values():
            self.nobody_is_named("".join(str(notify.message) for notify in lamp.history))

    def rings_and_is_answered(self, calls, phone, heard):
        self.rings_for_nobody(phone, heard)
        phone.answers()
        self.is_recorded(calls, phone, heard)

    def a_linphone(self, number="202"):
        phone = self.linphone(number, False)
        return phone, phone.log

    def a_baresip(self, number="202"):
        phone = self.baresip(number, False, traced=True)
        return phone, lambda: phone.said

    def test_linphone_is_called_by_a_sipp_that_asks_for_privacy(self):
        bob = self.a_linphone()
        self.rings_and_is_answered(self.sipp_outside()(**ASKS), *bob)

    def test_baresip_is_called_by_a_sipp_that_is_trusted_with_who_calls(self):
        bob = self.a_baresip()
        self.rings_and_is_answered(self.sipp_outside(trusted=True)(**ASSERTS), *bob)

    def test_linphone_is_called_by_a_kamailio_that_is_trusted_with_who_calls(self):
        bob = self.a_linphone()
        self.rings_and_is_answered(self.kamailio_outside(changes=ASSERTED, trusted=True)(), *bob)

    def test_baresip_is_called_by_a_kamailio_that_hides_who_calls(self):
        """It asks for no privacy besides."""
        bob = self.a_baresip()
        self.rings_and_is_answered(self.kamailio_outside(changes=HIDDEN)(), *bob)

    def is_busy_and_goes_on(self, calls, bob, carol):
        """Where who is called has its calls rung next nobody is named either."""
        (owner, owner_heard), (target, target_heard) = bob, carol
        self.rest.put(FORWARDING, {"busy": "203"})
        calls = calls()
        self.rings_for_nobody(owner, owner_heard)
        owner.hangs_up()
        self.rings_for_nobody(target, target_heard)
        target.answers()
        self.is_recorded(calls, target, target_heard, ("202", "busy"))
        self.nobody_is_named(owner_heard())

    def test_linphone_is_rung_instead_of_a_baresip_that_is_busy(self):
        self.is_busy_and_goes_on(lambda: self.sipp_outside(trusted=True)(**ASSERTS), self.a_baresip(),
                                 self.a_linphone("203"))

    def test_baresip_is_rung_instead_of_a_baresip_that_is_busy(self):
        self.is_busy_and_goes_on(lambda: self.kamailio_outside(changes=ASSERTED, trusted=True)(), self.a_baresip(),
                                 self.a_baresip("203"))

    def is_picked_up(self, calls, bob, carol):
        """Who takes it is told the same."""
        (owner, owner_heard), (picker, picker_heard) = bob, carol
        calls = calls()
        self.rings_for_nobody(owner, owner_heard)
        picker.dials("**202")
        picker.talks()
        self.assertRegex(picker_heard(), rf'(?m)^P-Asserted-Identity: "Anonymous" <{NOBODY}>')
        self.is_recorded(calls, picker, picker_heard, ("202", "answered_elsewhere"))
        self.nobody_is_named(owner_heard())

    def test_linphone_picks_up_who_hides(self):
        self.is_picked_up(lambda: self.kamailio_outside(changes=ASSERTED, trusted=True)(), self.a_baresip(),
                          self.a_linphone("203"))

    def test_baresip_picks_up_who_hides(self):
        self.is_picked_up(lambda: self.sipp_outside()(**ASKS), self.a_linphone(), self.a_baresip("203"))

    def is_refused(self, calls):
        """433 (RFC 5079), before anything rings."""
        self.rest.put(FORWARDING, {"exceptions": [{"match": "anonymous", "treatment": "refuse"}]})
        calls = calls()
        calls.succeeds()
        self.assertRegex(calls.trace(), r"(?m)^SIP/2\.0 433 ")
        self.assertEqual(["idle"], self.lamps["202"].lamps)
        whole = self.recorded_last("failed", ("anonymous", "unanswered"))
        self.assertEqual(("anonymous", 433, None), (whole["from"], whole["status"], whole["answered_by"]))
        self.nobody_is_named(str(whole))

    def test_a_sipp_that_hides_who_calls_is_refused(self):
        self.linphone("202", False)
        self.is_refused(lambda: self.sipp_outside()(**HIDES))

    def test_a_kamailio_that_hides_who_calls_is_refused(self):
        self.baresip("202", False)
        self.is_refused(lambda: self.kamailio_outside(changes=ASSERTED, trusted=True)())

    def test_who_does_not_hide_is_named(self):
        bob, heard = self.a_linphone()
        self.rest.put(FORWARDING, {"exceptions": [{"match": "anonymous", "treatment": "refuse"}]})
        self.kamailio_outside()()
        bob.rings()
        self.rings(["", "202"])
        invite, = requests("INVITE", heard())
        self.assertRegex(invite, r'(?m)^From: "?Zenobia"? <sip:\+43664111@')
        shown = self.lamps["202"].history[-1].document.dialog
        self.assertRegex(shown.remote.identity, r"^sip:\+43664111@")
        self.assertEqual("Zenobia", shown.remote.display)


class HiddenOverUdp(Hidden):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
