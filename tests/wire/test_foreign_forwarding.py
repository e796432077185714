"""Calls that go on, or do not, because of what a phone of others has dialled: where it is not there, or not to be disturbed."""
import unittest

from lib.case import eventually
from lib.forwarders import BaresipForwards, LinphoneForwards


class OfLinphone(LinphoneForwards):
    def test_not_registered(self):
        carol = self.target()
        self.dials("forward_unregistered", "203", unregistered="203")
        self.leaves(self.bob)
        eventually(lambda: self.registrations("202") == 0, "202 is gone")
        self.caller.dials("202")
        carol.talks()
        self.are_connected_and_end(self.caller, carol)

    def test_not_to_be_disturbed(self):
        self.dials("do_not_disturb", do_not_disturb=True)
        self.caller.dials("202")
        self.caller.says("480")
        self.are_in_calls()
        self.assertNotIn("early", self.lamps["202"].lamps)
        self.recorded_last("unreachable", ("201", "unanswered"), ("202", "unreachable"))
        self.dials("disturb", do_not_disturb=False)
        self.caller.dials("202")
        self.bob.rings()
        self.rings(["201", "202"])
        self.bob.answers()
        self.are_connected_and_end(self.caller, self.bob)


class OfBaresip(BaresipForwards, OfLinphone):
    pass


class OfLinphoneOverTcp(OfLinphone):
    """And 203 is a baresip over UDP."""
    transports = ("tcp", "udp")


class OfBaresipOverUdp(OfBaresip):
    """And 203 is a linphone over TCP."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
