"""Trunks that have a name, which leads to carriers of others by SRV and NAPTR (RFC 3263): the next one has the call, or the
registration, where the one before cannot."""
import os
import re
import shutil
import signal
import unittest

from lib.case import eventually
from lib.kamailio_carrier import KamailioCarrier
from lib.kamailio_registrar import KamailioRegistrar
from lib.name_server import NameServer, a, naptr, srv
from lib.ports import reserve
from lib.second_carriers import CALLED, DIALLED, SecondCarriers

NAME = "carrier.test"


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed (package kamailio)")
@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class FoundByName(SecondCarriers):
    """Linphones are on UDP, baresips and the carriers on TCP."""

    def setUp(self):
        self.names = NameServer()
        self.addCleanup(self.names.close)
        self.options = [*self.options, "--resolver", self.names.address]
        super().setUp()

    def leads_to(self, *servers):
        """The name, by NAPTR and SRV: to each where those before cannot. Priorities say so, and not the order of records."""
        kind = f"_sip._{self.transports[1]}.{NAME}"
        self.names.records[(NAME, "NAPTR")] = [naptr(10, 10, f"SIP+D2{self.transports[1][0].upper()}", kind)]
        self.names.records[(NAME, "A")] = [a("127.0.0.9")]  # its web server
        self.names.records[(kind, "SRV")] = [
            srv(10 + index, 0, port, f"{host.replace('.', '-')}.{NAME}")
            for index, (host, port) in reversed(list(enumerate(servers)))]
        for host, _ in servers:
            self.names.records[(f"{host.replace('.', '-')}.{NAME}", "A")] = [a(host)]

    def named_trunk(self, state, **members):
        """In that state once its name is looked up."""
        self.trunk("one", (NAME, 0), servers=[{"host": NAME}], domain=NAME, **members)
        return eventually(lambda: [status for status in [self.rest.get("/api/v1/trunks/one")["status"]]
                                   if status and status["state"] == state], f"the trunk is {state}")[0]

    def nobody(self, ip="127.0.0.2"):
        return ip, reserve(ip)

    def kamailio(self, ip, **options):
        """Behind it is a SIPp, if it refuses nobody."""
        transport, address = self.transports[1], ("127.0.0.4", 9)
        if not options:
            address = self.gateway("callee", "127.0.0.4", "udp", 1).address
        carrier = KamailioCarrier(self.folder, address, self.server.address[transport], transport, ip=ip, **options)
        self.addCleanup(carrier.close)
        return carrier

    def sipp_at(self, scenario, ip, calls=1):
        return self.gateway(scenario, ip, self.transports[1], calls)

    def the_second_takes_it(self, caller, first, second, became):
        """The record has both ways."""
        self.leads_to(first, second)
        self.named_trunk("available")
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", (caller.number, None, "answered"), (DIALLED, "one", became),
                           (DIALLED, "one", "answered"))

    def test_sipp_is_unavailable_and_kamailio_takes_it(self):
        sipp, kamailio = self.sipp_at("unavailable", "127.0.0.2"), self.kamailio("127.0.0.3")
        self.the_second_takes_it(self.linphone("201"), sipp.address, (kamailio.host, kamailio.port), "failed")
        sipp.succeeds()
        self.assertEqual(1, kamailio.text.count(f"INVITE {CALLED} by {self.transports[1]}"))

    def test_kamailio_is_unavailable_and_sipp_takes_it(self):
        kamailio, sipp = self.kamailio("127.0.0.2", refused=CALLED, refusal=503), self.sipp_at("callee", "127.0.0.3")
        self.the_second_takes_it(self.baresip("201"), (kamailio.host, kamailio.port), sipp.address, "failed")
        sipp.succeeds()
        self.assertEqual(1, kamailio.text.count(f"INVITE {CALLED} by {self.transports[1]}"))

    def test_kamailio_says_nothing_and_sipp_takes_it(self):
        """It hangs; after four seconds it is given up."""
        kamailio, sipp = self.kamailio("127.0.0.2", refused=CALLED), self.sipp_at("callee", "127.0.0.3")
        os.killpg(kamailio.process.pid, signal.SIGSTOP)
        self.addCleanup(os.killpg, kamailio.process.pid, signal.SIGCONT)
        self.the_second_takes_it(self.linphone("201"), (kamailio.host, kamailio.port), sipp.address, "unreachable")
        sipp.succeeds()

    def test_nobody_is_there_and_kamailio_takes_it(self):
        kamailio = self.kamailio("127.0.0.3")
        self.the_second_takes_it(self.baresip("201"), self.nobody(), (kamailio.host, kamailio.port), "unreachable")

    def test_the_first_takes_it(self):
        """And the second hears nothing of it."""
        sipp, kamailio = self.sipp_at("callee", "127.0.0.2"), self.kamailio("127.0.0.3", refused=CALLED)
        caller = self.linphone("201")
        self.leads_to(sipp.address, (kamailio.host, kamailio.port))
        self.named_trunk("available")
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", ("201", None, "answered"), (DIALLED, "one", "answered"))
        sipp.succeeds()
        self.assertNotIn("INVITE", kamailio.text)

    def is_called_from(self, phone, server, address, transport):
        calls = self.from_outside(server, address, transport, first="+43800100@one.test", second="+43800200@one.test")
        phone.rings()
        self.rings(["", "202"])
        outside, = (leg for leg in self.rest.items("/api/v1/calls")[0]["legs"] if not leg["extension"])
        self.assertEqual("one", outside["trunk"])
        phone.answers()
        self.are_in_calls(["", "202"])
        phone.hangs_up()
        self.are_in_calls()
        calls.succeeds()
        whole = self.recorded_last("answered", ("+43664111", "answered"), ("202", "answered"))
        self.assertEqual("one", whole["from_trunk"])

    def test_kamailio_calls_though_it_is_the_second(self):
        """All that the name leads to is the trunk's."""
        address = "127.0.0.4", reserve("127.0.0.4")
        transport = self.transports[1]
        kamailio = KamailioCarrier(self.folder, address, self.server.address[transport], transport, ip="127.0.0.3")
        self.addCleanup(kamailio.close)
        self.leads_to(self.nobody(), (kamailio.host, kamailio.port))
        self.named_trunk("available")
        self.is_called_from(self.linphone("202", False), (kamailio.host, kamailio.port), address, "udp")

    def test_sipp_calls_though_it_is_the_second(self):
        address = self.nobody("127.0.0.3")
        self.leads_to(self.nobody(), address)
        self.named_trunk("available")
        self.is_called_from(self.baresip("202", False), self.server.address[self.transports[1]], address,
                            self.transports[1])

    def registers_at_the_second(self, server):
        self.leads_to(self.nobody(), server)
        status = self.named_trunk("registered", kind="registering", username="4310", secret="pstn", realm=NAME,
                                  expires=600)
        self.assertIn(f"({self.transports[1]}:{server[0]}:{server[1]})", status["server"])

    def test_it_registers_at_a_sipp_that_is_the_second(self):
        sipp, caller = self.sipp_at("registrar", "127.0.0.3", 2), self.linphone("201")
        self.registers_at_the_second(sipp.address)
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", ("201", None, "answered"), (DIALLED, "one", "answered"))
        self.rest.put("/api/v1/digit-plan", {"rules": []})
        self.rest.delete("/api/v1/trunks/one")
        sipp.succeeds()

    def test_it_registers_at_a_kamailio_that_is_the_second(self):
        subscriber = self.gateway("callee", "127.0.0.4", "udp", 1)
        kamailio, caller = KamailioRegistrar(self.folder, subscriber.address, ip="127.0.0.3"), self.baresip("201")
        self.addCleanup(kamailio.close)
        self.registers_at_the_second((kamailio.host, kamailio.port))
        self.assertTrue(re.search("saved 600", kamailio.text))
        caller.dials(DIALLED)
        self.talks_outside(caller, "one", ("201", None, "answered"), (DIALLED, "one", "answered"))
        subscriber.succeeds()


class FoundByNameOverUdp(FoundByName):
    """And the other way round."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
