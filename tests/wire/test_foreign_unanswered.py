"""Calls that go on because a phone of others has dialled the code for it, and then does not answer."""
import unittest

from lib.forwarders import BaresipForwards, LinphoneForwards


class OfLinphone(LinphoneForwards):
    def test_no_answer(self):
        carol = self.target()
        self.dials("forward_no_answer", "203", "5", no_answer="203", no_answer_after=5)
        self.caller.dials("202")
        self.bob.rings()
        self.rings(["201", "202"])
        carol.talks()
        self.are_connected_and_end(self.caller, carol, ("202", "answered_elsewhere"))
        self.dials("forward_no_answer", no_answer=None)


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
