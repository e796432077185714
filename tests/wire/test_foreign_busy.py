"""Calls that go on because a phone of others has dialled the code for it, and then is busy, or says so."""
import unittest

from lib.forwarders import BaresipForwards, LinphoneForwards


class OfLinphone(LinphoneForwards):
    def test_busy(self):
        """By a code that the office has chosen."""
        carol, eve = self.target(), self.linphone("205")
        self.is_dialled_as("forward_busy", "*60")
        self.dials("forward_busy", "203", busy="203")
        self.rest.request("PATCH", "/api/v1/extensions/202/forwarding", {"call_waiting": False})
        self.bob.dials("205")
        self.are_in_calls(["202", "205"])
        self.caller.dials("202")
        carol.talks()
        self.are_in_calls(["202", "205"], ["201", "203"])
        self.caller.hangs_up()
        self.are_in_calls(["202", "205"])
        whole = self.recorded_last("answered", ("201", "answered"), ("203", "answered"))
        self.assertEqual(("202", "203"), (whole["dialled"], whole["answered_by"]))


class OfBaresip(BaresipForwards, OfLinphone):
    def test_it_says_busy_itself(self):
        carol = self.target()
        self.dials("forward_busy", "203", busy="203")
        self.caller.dials("202")
        self.bob.rings()
        self.bob.hangs_up()  # 486
        carol.talks()
        self.are_connected_and_end(self.caller, carol, ("202", "busy"))


class OfLinphoneOverTcp(OfLinphone):
    """And 203 is a baresip over UDP."""
    transports = ("tcp", "udp")


class OfBaresipOverUdp(OfBaresip):
    """And 203 is a linphone over TCP."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
