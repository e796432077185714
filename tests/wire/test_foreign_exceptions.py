"""Callers whom an extension treats unlike all others, by phones of others: they ring, go on, or are refused."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones

REFUSED = {"match": "anonymous", "treatment": "refuse"}


class Exceptions(SecondPhones):
    """202 is a linphone over UDP and 203 a baresip over TCP."""

    def owner(self):
        return self.linphone("202", False)

    def target(self):
        return self.baresip("203", False)

    def setUp(self):
        super().setUp()
        self.bob = self.owner()

    def wishes(self, *exceptions, **others):
        self.rest.put("/api/v1/extensions/202/forwarding", {"exceptions": list(exceptions), **others})

    def rings_through(self, caller):
        """And nobody else does."""
        caller.dials("202")
        self.bob.rings()
        self.rings([caller.number, "202"])
        self.bob.answers()
        self.are_connected_and_end(caller, self.bob)

    def is_refused(self, caller, heard, status, result):
        """Before anything rings."""
        shown = len(self.lamps["202"].lamps)
        caller.dials("202")
        eventually(lambda: f"{status} " in heard(), "it is told")
        self.are_in_calls()
        self.assertEqual(shown, len(self.lamps["202"].lamps))
        self.is_recorded(status, *result)

    def is_recorded(self, status, *result):
        whole = self.recorded_last(*result)
        self.assertEqual(("202", status, None),
                         (whole["dialled"], whole["status"], whole["answered_by"]))

    def test_the_chief_rings_through_do_not_disturb(self):
        self.wishes({"caller": "201", "treatment": "ring"}, do_not_disturb=True)
        chief, other = self.baresip("201"), self.linphone("205")
        self.is_refused(other, other.log, 480,
                        ("unreachable", ("205", "unanswered"), ("202", "unreachable")))
        self.rings_through(chief)

    def test_the_chief_rings_though_all_others_go_on(self):
        carol = self.target()
        self.wishes({"caller": "201", "treatment": "ring"}, always="203")
        chief, other = self.linphone("201"), self.baresip("205")
        other.dials("202")
        carol.rings()
        self.rings(["205", "203"])
        carol.answers()
        whole = self.are_connected_and_end(other, carol)
        self.assertEqual(("202", "203"), (whole["dialled"], whole["answered_by"]))
        self.rings_through(chief)

    def test_some_go_on_by_how_their_numbers_begin(self):
        """The first exception that is about a caller counts."""
        carol = self.target()
        self.wishes({"caller": "201", "treatment": "ring"},
                    {"match": "prefix", "caller": "20", "treatment": "forward", "to": "203"})
        chief, other = self.baresip("201"), self.linphone("205")
        other.dials("202")
        carol.rings()
        self.rings(["205", "203"])
        carol.answers()
        self.are_connected_and_end(other, carol)
        self.rings_through(chief)

    def test_one_number_is_declined(self):
        self.wishes({"caller": "201", "treatment": "refuse"})
        refused, other = self.baresip("201"), self.linphone("205")
        self.is_refused(refused, lambda: refused.text, 603,
                        ("declined", ("201", "unanswered")))
        self.rings_through(other)

    def test_a_linphone_that_shows_no_number_is_refused(self):
        self.wishes(REFUSED)
        hidden, shown = self.linphone("201", settings={"privacy": "8"}), self.baresip("205")  # Privacy: id
        self.is_refused(hidden, hidden.log, 433,
                        ("failed", ("201", "unanswered")))
        self.rings_through(shown)

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_a_sipp_that_shows_no_number_is_refused(self):
        self.wishes(REFUSED)
        self.sipp("private", service="202", user="205").succeeds()
        self.is_recorded(433, "failed", ("205", "unanswered"))
        self.assertEqual(["idle"], self.lamps["202"].lamps)
        self.rings_through(self.linphone("201"))


class ExceptionsOfBaresip(Exceptions):
    """202 is a baresip over UDP and 203 a linphone over TCP."""
    transports = ("tcp", "udp")

    def owner(self):
        return self.baresip("202", False)

    def target(self):
        return self.linphone("203", False)


if __name__ == "__main__":
    unittest.main()
