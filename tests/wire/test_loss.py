"""20 % of the packets are lost each way: calls come about, and lamps end true."""
import unittest

from lib.case import WireTest
from lib.relay import LossyRelay
from lib.sdp import ANSWER


class Loss(WireTest):
    patience = 40   # a transaction gives up after 32 s

    def setUp(self):
        super().setUp()
        self.relay = LossyRelay(self.server.address["udp"], loss=0.2)
        self.addCleanup(self.relay.close)

    def phone_behind(self, number: str):
        return self.phone(number, via=self.relay.address)

    @staticmethod
    def talks(caller, callee):
        """An answered call; its 180 is not sent again when it is lost, so nobody waits for it."""
        call = caller.calls(callee.number)
        incoming = callee.receives("INVITE")
        incoming.replies(180)
        incoming.replies(200, ANSWER)
        answer = call.invite.receives_final()
        assert answer.status == 200, answer.first_line
        incoming.receives("ACK")
        return call, incoming

    def test_calls_and_lamps(self):
        anna, bob, carol = map(self.phone_behind, ("201", "202", "203"))
        dan = self.phone_behind("204")
        lamps = [watcher.watches(member) for watcher in (anna, dan) for member in ("202", "203")]
        for number in range(4):
            caller, callee = (bob, carol) if number % 2 else (carol, bob)
            call, incoming = self.talks(caller, callee)
            for lamp in lamps:
                lamp.shows("confirmed")
            call.hangs_up()
            incoming.receives("BYE")
            for lamp in lamps:
                lamp.shows("idle")
        self.assertGreater(self.relay.dropped, 20)

    def test_lamps_without_pause_between_calls(self):
        anna = self.phone_behind("201")
        bob, eve = self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        for _ in range(20):
            call, incoming = self.talks(eve, bob)
            call.hangs_up()
            incoming.receives("BYE")
        call, incoming = self.talks(eve, bob)
        lamp.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")


if __name__ == "__main__":
    unittest.main()
