"""A Kamailio rings phones of others for a call of the office, and tells by 199 (RFC 6228) which of them rings no more."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.kamailio_forker import KamailioForker
from lib.linphone import Linphone
from lib.phone import Phone
from lib.real_phones import Baresip
from lib.second_carriers import CALLED, DIALLED, SecondCarriers


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
class Forks(SecondCarriers):
    def setUp(self):
        super().setUp()
        transport = self.transports[1]
        self.carrier = KamailioForker(self.folder, CALLED, "one.test", self.server.address[transport], transport)
        self.addCleanup(self.carrier.close)
        self.trunk("one", (self.carrier.host, self.carrier.port))

    def outside(self, kind, tone, **options):
        """A phone of the carrier's subscriber."""
        there = self.carrier.text.count("has registered")
        phone = kind(self.folder / f"outside-{tone}", CALLED, "none", "one.test", (self.carrier.host, self.carrier.port),
                     tone, self.transports[0 if kind is Linphone else 1], answers=False, **options)
        self.addCleanup(phone.close)
        eventually(lambda: self.carrier.text.count("has registered") > there, "it has registered")
        return phone

    def understands(self, kind, **options):
        """A phone of 201 before which a Kamailio writes that it knows 199."""
        return self.behind_kamailio(
            kind, "201", 'if (is_method("INVITE") && !has_totag()) append_hf("Supported: 199\\r\\n");', **options)

    def heard(self, caller):
        """What it was told before the answer, but for 100."""
        text = caller.log() if isinstance(caller, Linphone) else caller.said
        return re.findall(r"^SIP/2\.0 (1(?!00)\d\d) ", text, re.M)

    def talks(self, caller, answering):
        answering.answers()
        answering.talks()
        self.talks_outside(caller, "one", ("201", None, "answered"), (DIALLED, "one", "answered"))
        answering.says("ended")

    def one_after_the_other(self, caller):
        """The first is out before the second rings."""
        first = self.outside(Baresip, 800)
        second = self.outside(Linphone, 900, settings={"contact_parameters": "q=0.5"})
        caller.dials(DIALLED)
        first.rings()
        self.rings(["201", ""])
        first.hangs_up()
        second.rings()
        self.rings(["201", ""])
        self.talks(caller, second)

    def is_told(self, caller):
        self.one_after_the_other(caller)
        self.assertEqual(["180", "199", "180"], self.heard(caller))

    def test_linphone_is_told(self):
        self.is_told(self.understands(Linphone))

    def test_baresip_is_told(self):
        self.is_told(self.understands(Baresip, traced=True))

    def test_who_does_not_know_it(self):
        """So it is not offered to the carrier."""
        caller = self.linphone("201")
        self.one_after_the_other(caller)
        self.assertEqual(["180"], self.heard(caller))
        self.assertNotIn("199 is told", self.carrier.text)

    def exchange_knows_of(self, count):
        """So many early dialogs: the Kamailio has one process for each transport, which has sent on what it has said
        before it answers anything else."""
        eventually(lambda: self.carrier.ringing() == count, f"{count} have said that they ring")
        for transport in ("udp", "tcp"):
            asks = Phone("100", "none", "one.test", {transport: (self.carrier.host, self.carrier.port)}, transport=transport)
            self.addCleanup(asks.unplugs)
            asks.pings()

    def another_one_rings(self, caller):
        """What is the end of one early dialog to the exchange is none to the caller, who has just one."""
        first, second = self.outside(Baresip, 800), self.outside(Linphone, 900)
        caller.dials(DIALLED)
        first.rings()
        second.rings()
        self.rings(["201", ""])
        self.exchange_knows_of(2)
        first.hangs_up()
        eventually(lambda: "199 is told" in self.carrier.text, "199 is told to the exchange")
        self.rings(["201", ""])
        self.talks(caller, second)
        self.assertEqual(["180"], self.heard(caller))

    def test_linphone_waits_for_another_one(self):
        self.another_one_rings(self.understands(Linphone))

    def test_baresip_waits_for_another_one(self):
        self.another_one_rings(self.understands(Baresip, traced=True))


class ForksOverTcp(Forks):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
