"""Trunks to carriers of others: registered at one, asked whether they are there, passed over where they fail, and told who
calls (RFC 3323, RFC 3325)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.kamailio_carrier import KamailioCarrier
from lib.kamailio_registrar import KamailioRegistrar
from lib.ports import reserve
from lib.second_carriers import CALLED, DIALLED, SecondCarriers


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Trunks(SecondCarriers):
    """Linphones are on UDP, baresips and the carriers on TCP."""

    def by_kamailio(self, **options):
        """With a SIPp behind it."""
        subscriber = self.gateway("callee", "127.0.0.4", "udp", 1)
        transport = self.transports[1]
        kamailio = KamailioCarrier(self.folder, subscriber.address, self.server.address[transport], transport,
                                   **options)
        self.addCleanup(kamailio.close)
        return kamailio

    def is_registered_at_sipp(self, caller):
        """As 4310, with Service-Route; what is shorter than it wants is asked for anew."""
        carrier = self.gateway("registrar", "127.0.0.2", self.transports[1], 2)
        self.trunk("one", carrier.address, kind="registering", username="4310", secret="pstn", realm="carrier.test",
                   domain="carrier.test", expires=600)
        status = eventually(lambda: [status for status in [self.rest.get("/api/v1/trunks/one")["status"]]
                                     if status and status["state"] == "registered"], "the trunk is registered")[0]
        self.assertIsNone(status["last_error"])
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", (caller.number, None, "answered"), (DIALLED, "one", "answered"))
        self.rest.put("/api/v1/digit-plan", {"rules": []})
        self.rest.delete("/api/v1/trunks/one")
        carrier.succeeds()

    def test_linphone_calls_by_a_sipp_that_is_registered_at(self):
        self.is_registered_at_sipp(self.linphone("201"))

    def test_baresip_calls_by_a_sipp_that_is_registered_at(self):
        self.is_registered_at_sipp(self.baresip("201"))

    def the_next_one_takes_it(self, caller, address, became):
        self.trunk("one", address)
        other = self.gateway("callee", "127.0.0.3", self.transports[1], 1)
        self.trunk("two", other.address)
        caller.dials(DIALLED)
        self.talks_outside(caller, "two", (caller.number, None, "answered"), (DIALLED, "one", became),
                           (DIALLED, "two", "answered"))
        other.succeeds()

    def test_a_sipp_that_is_unavailable_is_passed_over(self):
        carrier = self.gateway("unavailable", "127.0.0.2", self.transports[1], 1)
        self.the_next_one_takes_it(self.linphone("201"), carrier.address, "failed")
        carrier.succeeds()

    def test_a_kamailio_that_is_unavailable_is_passed_over(self):
        carrier = self.by_kamailio(refused=CALLED, refusal=503)
        self.the_next_one_takes_it(self.baresip("201"), (carrier.host, carrier.port), "failed")
        self.assertEqual(1, carrier.text.count(f"INVITE {CALLED}"))

    def test_a_carrier_that_is_not_there_is_passed_over(self):
        """For a Kamailio."""
        self.rest.put("/api/v1/trunks/gone", {
            "kind": "peer", "domain": "gone.test", "qualify": 0, "servers": [
                {"host": "127.0.0.3", "port": reserve("127.0.0.3"), "transport": "tcp"}]})
        self.trunks.append("gone")
        other = self.by_kamailio()
        self.trunk("two", (other.host, other.port))
        caller = self.baresip("201")
        caller.dials(DIALLED)
        self.talks_outside(caller, "two", ("201", None, "answered"), (DIALLED, "gone", "unreachable"),
                           (DIALLED, "two", "answered"))

    def who_is_not_registered_is_passed_over(self, caller):
        """At a Kamailio that does not take the password: it is sent no call."""
        registrar = KamailioRegistrar(self.folder, ("127.0.0.4", 9))
        self.addCleanup(registrar.close)
        self.trunk("one", (registrar.host, registrar.port), kind="registering", username="4310", secret="wrong",
                   realm="carrier.test", domain="carrier.test")
        eventually(lambda: (self.rest.get("/api/v1/trunks/one")["status"] or {}).get("state") == "failed",
                   "the trunk is not registered")
        other = self.gateway("callee", "127.0.0.3", self.transports[1], 1)
        self.trunk("two", other.address)
        caller.dials(DIALLED)
        self.talks_outside(caller, "two", (caller.number, None, "answered"), (DIALLED, "two", "answered"))
        other.succeeds()

    def test_linphone_calls_though_a_trunk_is_not_registered(self):
        self.who_is_not_registered_is_passed_over(self.linphone("201"))

    def test_baresip_calls_though_a_trunk_is_not_registered(self):
        self.who_is_not_registered_is_passed_over(self.baresip("201"))

    def hidden(self):
        """Who wants to show no number."""
        return self.linphone("201", settings={"privacy": "8"})

    def calls_outside(self, caller):
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", (caller.number, None, "answered"), (DIALLED, "one", "answered"))

    def sipp_hears(self, caller, trusted):
        carrier = self.sipp("gateway", ip="127.0.0.2", port=reserve("127.0.0.2"), transport=self.transports[1],
                            calls=1, service="gateway", keys={"contact": "none"}, traced=True).listens()
        self.trunk("one", carrier.address, trusted=trusted)
        # This gateway takes any number but the one that it redirects.
        caller.dials("0664777")
        self.are_in_calls([caller.number, ""])
        caller.hangs_up()
        self.are_in_calls()
        carrier.succeeds()
        invite, = re.findall(r"^INVITE sip:\S+ SIP/2\.0\r?\n(?:[^\r\n]+\r?\n)+", carrier.trace(), re.M)
        return invite

    def test_a_sipp_that_is_trusted_is_told_who_hides(self):
        invite = self.sipp_hears(self.hidden(), True)
        self.assertRegex(invite, r"From: .*anonymous@anonymous\.invalid")
        self.assertRegex(invite, r"P-Asserted-Identity: .*<sip:\+431201@one\.test>")
        self.assertRegex(invite, r"Privacy: .*id")

    def test_a_sipp_that_is_not_trusted_is_told_nothing_of_who_hides(self):
        invite = self.sipp_hears(self.hidden(), False)
        self.assertNotRegex(invite, r"201@|P-Asserted-Identity|Remote-Party-ID")

    def test_a_sipp_is_told_the_number_of_who_shows_it(self):
        invite = self.sipp_hears(self.baresip("201"), True)
        self.assertRegex(invite, r"From: .*<sip:\+431201@one\.test>")
        self.assertRegex(invite, r"P-Asserted-Identity: .*<sip:\+431201@one\.test>")

    def kamailio_hears(self, caller, trusted):
        carrier = self.by_kamailio()
        self.trunk("one", (carrier.host, carrier.port), trusted=trusted)
        self.calls_outside(caller)
        return eventually(lambda: re.search(r"from (\S+) P-Asserted-Identity (.*?) Privacy (.*)", carrier.text),
                          "it says who calls")

    def test_a_kamailio_that_is_trusted_is_told_who_hides(self):
        said = self.kamailio_hears(self.hidden(), True)
        self.assertEqual("sip:anonymous@anonymous.invalid", said[1])
        self.assertIn("<sip:+431201@one.test>", said[2])
        self.assertIn("id", said[3])

    def test_a_kamailio_that_is_not_trusted_is_told_nothing_of_who_hides(self):
        said = self.kamailio_hears(self.hidden(), False)
        self.assertEqual(("sip:anonymous@anonymous.invalid", "<null>"), said.groups()[:2])

    def test_a_kamailio_is_told_the_number_of_who_shows_it(self):
        said = self.kamailio_hears(self.baresip("201"), True)
        self.assertEqual("sip:+431201@one.test", said[1])
        self.assertIn("<sip:+431201@one.test>", said[2])


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class Qualified(SecondCarriers):
    """A carrier that answers OPTIONS, and then is there no longer."""
    options = [*SecondCarriers.options, "--qualify-misses=1"]

    def comes_and_goes(self, address, ends):
        self.trunk("one", address, qualify=5)

        def status():
            return self.rest.get("/api/v1/trunks/one")["status"] or {}
        eventually(lambda: status().get("round_trip_ms"), "it has answered")
        self.assertEqual("available", status()["state"])
        ends()
        eventually(lambda: status()["state"] == "unreachable", "it is missed")

    def test_sipp(self):
        carrier = self.gateway("options", "127.0.0.2", self.transports[1], 1)
        self.comes_and_goes(carrier.address, carrier.succeeds)

    def test_kamailio(self):
        transport = self.transports[1]
        carrier = KamailioCarrier(self.folder, ("127.0.0.4", 9), self.server.address[transport], transport)
        self.addCleanup(carrier.close)
        self.comes_and_goes((carrier.host, carrier.port), carrier.close)


class QualifiedOverUdp(Qualified):
    transports = ("tcp", "udp")


class TrunksOverUdp(Trunks):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
