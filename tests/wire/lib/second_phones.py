"""An office whose phones are programs of others: linphone beside baresip, UDP beside TCP."""
from __future__ import annotations

import re
import shutil
import unittest

from .case import eventually
from .kamailio_edge import KamailioEdge
from .linphone import Linphone
from .real_office import RealPhones
from .real_phones import Baresip

TONES = {"201": 300, "202": 440, "203": 700, "205": 1000}


def messages(start: str, text: str) -> list[str]:
    """The start lines and headers of those in what a program says that begin with `start`, a pattern; each once,
    however often it was repeated."""
    return list(dict.fromkeys(re.findall(rf"^{start}[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)+", text, re.M)))


def requests(method: str, text: str) -> list[str]:
    return messages(rf"{method} sip:\S+ SIP/2\.0", text)


@unittest.skipUnless(shutil.which("linphonec") and shutil.which("baresip"),
                     "linphonec or baresip is not installed (packages linphone-cli, baresip-core)")
class SecondPhones(RealPhones):
    patience = 30
    transports = ("udp", "tcp")  # of the linphones, of the others

    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=list(TONES), watchers=["204"])
        watcher = self.phone("204", transport=self.transports[0])
        self.registered = {}  # how many phones of each number were started
        self.lamps = {number: watcher.watches(number) for number in TONES}

    def a_phone(self, kind, number, transport, answers, *, by=None, **options):
        """`by` is the address of its outbound proxy, if that is not the server itself."""
        phone = kind(self.folder / f"{number}-{kind.__name__}", number, self.office.secrets[number],
                     self.office.domain, by or self.server.address[transport], TONES[number], transport,
                     answers=answers, **options)
        self.addCleanup(phone.close)
        before = self.registered.get(number, 0)
        try:
            eventually(lambda: self.registrations(number) > before, f"{number} is registered")
        except AssertionError as failed:
            raise AssertionError(f"{failed}; it says:\n{phone.text[-2000:]}") from None
        self.registered[number] = before + 1
        return phone

    def behind_kamailio(self, kind, number, changes, *, answers=True, **options):
        """A phone of this kind with a Kamailio before it, which makes `changes` to its requests."""
        transport = self.transports[0 if kind is Linphone else 1]
        edge = KamailioEdge(self.folder / "edge", number, self.office.domain, self.server.address[transport], transport,
                            changes)
        self.addCleanup(edge.close)
        return self.a_phone(kind, number, transport, answers, by=edge.address, **options)

    def registrations(self, number):
        return sum(row["extension"] == number for row in self.rest.items("/api/v1/registrations"))

    def linphone(self, number, answers=True, **options):
        return self.a_phone(Linphone, number, self.transports[0], answers, **options)

    def baresip(self, number, answers=True, **options):
        return self.a_phone(Baresip, number, self.transports[1], answers, **options)

    def sipp(self, scenario, **options):
        return super().sipp(scenario, **{"transport": self.transports[1]} | options)

    def ring_group(self, strategy, **more):
        """600, of 202 and 203 unless it is to have other `members`."""
        self.rest.put("/api/v1/ring-groups/600", {
            "display_name": "Sales", "strategy": strategy,
            "members": [{"number": "202"}, {"number": "203"}], **more})

    def live(self):
        """Who is in each call, and how."""
        return [{leg["extension"]: leg["state"] for leg in call["legs"]
                 if leg["state"] != "terminated"} for call in self.rest.items("/api/v1/calls")]

    def are_in_calls(self, *calls):
        wanted = [{number: "confirmed" for number in call} for call in calls]
        try:
            eventually(lambda: self.live() == wanted, f"{calls} are the calls")
        except AssertionError as failed:
            raise AssertionError(f"{failed}; there are {self.live()}") from None
        busy = {number for call in calls for number in call}
        for number, lamp in self.lamps.items():
            lamp.shows("confirmed" if number in busy else "idle")

    def hear_each_other(self, one, other):
        for speaker, listener in ((one, other), (other, one)):
            eventually(lambda: listener.hears(TONES[speaker.number]),
                       f"{listener.number} hears the tone of {speaker.number}")

    def rings(self, *calls):
        """Each call is the caller and who rings for it, and no lamp says anything else."""
        wanted = [{number: "early" for number in call} for call in calls]
        eventually(lambda: self.live() == wanted, f"{calls} ring")
        for number, lamp in self.lamps.items():
            lamp.shows("early" if any(number in call for call in calls) else "idle")

    def recorded(self, *expected):
        """The call log, oldest first: of each call its result, and of each part whose and what
        became of it."""
        eventually(lambda: len(self.rest.items("/api/v1/call-log")) >= len(expected), "recorded")
        wholes = [self.rest.get(f"/api/v1/call-log/{entry['id']}")
                  for entry in reversed(self.rest.items("/api/v1/call-log"))]
        self.assertEqual([(result, sorted(parts)) for result, *parts in expected],
                         [(whole["result"], sorted((part["extension"], part["result"])
                                                   for part in whole["parts"]))
                          for whole in wholes])
        return wholes

    def talks_and_ends(self, caller, callee, *more):
        """`caller` has reached `callee`; `more` are other parts of the call."""
        self.are_in_calls([caller.number, callee.number])
        self.hear_each_other(caller, callee)
        return self.are_connected_and_end(caller, callee, *more)

    def are_connected_and_end(self, caller, callee, *more):
        """The same, where what they hear is no question; it takes two seconds a tone."""
        self.are_in_calls([caller.number, callee.number])
        caller.hangs_up()
        self.are_in_calls()
        return self.recorded_last("answered", (caller.number, "answered"),
                                  (callee.number, "answered"), *more)

    def recorded_last(self, result, *parts):
        """The last call that was answered or refused, once it is in the log: another one than the time before."""
        return self.newly_logged((result, sorted(parts)), lambda whole: (
            whole["result"], sorted((part["extension"], part["result"]) for part in whole["parts"])))

    def records(self, *expected):
        """The call log, oldest first: of each call the parts, and which part moved which."""
        def log():
            entries = self.rest.items("/api/v1/call-log")
            return len(entries) >= len(expected) and entries

        entries = eventually(log, "all is recorded")
        wholes = [self.rest.get(f"/api/v1/call-log/{entry['id']}") for entry in reversed(entries)]
        self.assertEqual([list(parts) for parts in expected],
                         [[(part["kind"], part["extension"], part["moved_by"])
                           for part in whole["parts"]] for whole in wholes])
        for whole in wholes:
            self.assertEqual({"answered"}, {part["result"] for part in whole["parts"]})
        return wholes
