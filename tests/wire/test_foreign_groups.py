"""Ring groups whose members are phones of others: who rings in which order, by every strategy."""
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones


class Strategies(SecondPhones):
    """202 and 203 are the members, a baresip and a linphone."""
    refused = "declined"  # by linphone: 603

    def first(self):
        return self.baresip("202", False)

    def second(self):
        return self.linphone("203", False)

    def setUp(self):
        super().setUp()
        self.caller = self.baresip("201")
        self.members = self.first(), self.second()

    def rings_at(self, *phones):
        for phone in phones:
            phone.rings()
        self.rings(["201", *(phone.number for phone in phones)])

    def is_answered_by(self, phone, *more):
        phone.answers()
        phone.talks()
        whole = self.are_connected_and_end(self.caller, phone, *more)
        self.assertEqual(("600", phone.number), (whole["dialled"], whole["answered_by"]))

    def gives_up(self, *missed):
        self.caller.hangs_up()
        self.are_in_calls()
        self.recorded_last("missed", ("201", "unanswered"),
                           *((phone.number, "missed") for phone in missed))

    def test_one_after_the_other_and_then_the_overflow(self):
        one, other = self.members
        self.ring_group("linear", ring_time=5, overflow="205")
        last = self.linphone("205", False)
        self.caller.dials("600")
        self.rings_at(one)
        self.rings_at(other)
        other.hangs_up()
        self.rings_at(last)
        self.is_answered_by(last, ("202", "answered_elsewhere"), ("203", self.refused))

    def test_round_robin(self):
        one, other = self.members
        self.ring_group("round_robin")
        self.caller.dials("600")
        self.rings_at(one)
        self.gives_up(one)
        self.caller.dials("600")
        self.rings_at(other)
        other.hangs_up()
        self.rings_at(one)
        self.is_answered_by(one, ("203", self.refused))

    def test_longest_idle(self):
        one, other = self.members
        self.ring_group("longest_idle")
        for phone in (one, other, one):
            self.caller.dials("600")
            self.rings_at(phone)
            self.is_answered_by(phone)

    def test_in_any_order(self):
        self.ring_group("random")
        called = set()
        for _ in range(24):  # both have come by then, but for a chance of one in 10^7
            self.caller.dials("600")
            number, = eventually(lambda: [call.keys() - {"201"} for call in self.live()
                                          if "early" in [call[n] for n in call if n != "201"]],
                                 "one of them rings")[0]
            phone, = (phone for phone in self.members if phone.number == number)
            self.rings_at(phone)
            self.gives_up(phone)
            called.add(number)
            if len(called) == 2:
                return
        self.fail(f"only {called} were called")

    def test_one_rings_later(self):
        one, other = self.members
        self.ring_group("all", members=[{"number": "202", "delay": 5}, {"number": "203"}])
        self.caller.dials("600")
        self.rings_at(other)
        one.rings()
        self.rings(["201", "202", "203"])
        self.is_answered_by(one, ("203", "answered_elsewhere"))

    def test_who_talks_is_skipped_or_not(self):
        one, other = self.members
        own = self.linphone("205")
        own.dials("202")
        one.rings()
        one.answers()
        self.are_in_calls(["205", "202"])
        for skipped in (True, False):
            self.ring_group("all", skip_busy=skipped)
            self.caller.dials("600")
            other.rings()
            ringing = {"201": "early", "203": "early"}
            if not skipped:
                one.rings()
                ringing["202"] = "early"
            eventually(lambda: {"205": "confirmed", "202": "confirmed"} in self.live()
                       and ringing in self.live(), f"{ringing.keys()} ring")
            self.lamps["202"].shows("confirmed" if skipped else "early")
            self.lamps["203"].shows("early")
            other.answers()
            other.talks()
            self.are_in_calls(["205", "202"], ["201", "203"])
            self.caller.hangs_up()
            self.are_in_calls(["205", "202"])
            self.recorded_last("answered", ("201", "answered"), ("203", "answered"),
                               *([] if skipped else [("202", "answered_elsewhere")]))


class StrategiesOverTcp(Strategies):
    """And 202 is the linphone."""
    transports = ("tcp", "udp")
    refused = "busy"  # by baresip: 486

    def first(self):
        return self.linphone("202", False)

    def second(self):
        return self.baresip("203", False)


if __name__ == "__main__":
    unittest.main()
