"""Carriers of others that send a call on (3xx): followed within the trunk and the plan, and nowhere else."""
import shutil
import unittest

from lib.carrier import plan
from lib.case import eventually
from lib.kamailio_redirector import KamailioRedirector
from lib.ports import reserve
from lib.second_phones import SecondPhones

DIALLED, CALLED = "0664999", "+43664999"


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Redirected(SecondPhones):
    """The carrier `one` says 302 to whoever calls +43664999; `two`, if it is there, takes every call."""

    def setUp(self):
        super().setUp()
        self.trunks = []

    def trunk(self, name, address):
        """The plan has it behind those that there are."""
        self.rest.put(f"/api/v1/trunks/{name}", {
            "kind": "peer", "domain": f"{name}.test", "caller_id": {"main_number": "+4310"},
            "qualify": 0, "servers": [{"host": address[0], "port": address[1],
                         "transport": self.transports[1]}],
            "inbound": [{"pattern": r"\+431(20\d)", "destination": r"\1"}]})
        self.trunks.append(name)
        whole = plan(*self.trunks)
        whole["rules"].append({"name": "global", "pattern": r"\+43.*", "call_class": "national",
                               "trunks": self.trunks})
        self.rest.put("/api/v1/digit-plan", whole)

    def gateway(self, scenario, ip, transport, calls, **keys):
        return self.sipp(scenario, ip=ip, port=reserve(ip), transport=transport, calls=calls,
                         service="gateway", keys=keys).listens()

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

    def ways(self):
        """Of the last call: whose parts it has, by which trunk, and what became of them."""
        entry = self.rest.items("/api/v1/call-log")[0]
        whole = self.rest.get(f"/api/v1/call-log/{entry['id']}")
        self.assertEqual(DIALLED, whole["dialled"])
        return whole, [(part["extension"], part["trunk"], part["result"])
                       for part in whole["parts"]]

    def talks_outside(self, caller, trunk, *parts):
        self.are_in_calls([caller.number, ""])
        outside, = (leg for leg in self.rest.items("/api/v1/calls")[0]["legs"]
                    if leg["state"] == "confirmed" and not leg["extension"])
        self.assertEqual(parts[-1][:2], (outside["number"], outside["trunk"]))
        caller.hangs_up()
        self.are_in_calls()
        self.recorded_last("answered", *((number, result) for number, _, result in parts))
        whole, found = self.ways()
        self.assertEqual(list(parts), found)
        self.assertEqual(trunk, whole["answered_trunk"])

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
