"""A phone in a call that gets another connection, or another port at its NAT, and registers anew."""
import unittest

from lib.case import WireTest, talk
from lib.event_loop import loop


class MovedPhone(WireTest):
    options = ["--probe-interval", "1"]
    private = "10.1.2.3:5060"  # what a phone behind a NAT says of itself

    def talks_to(self, bob):
        anna = self.phone("201")
        for phone in (anna, bob):
            phone.answers_by_itself |= {"OPTIONS"}
        return talk(anna, bob)

    def stays_in_its_call(self, bob, call, incoming):
        """It is probed where it is now, and hears there that the call is over."""
        def probes():
            return sum("<- OPTIONS" in line for line in bob.ladder)
        before = probes()
        loop.wait(lambda: probes() >= before + 3, "three probes")
        call.hangs_up()
        incoming.receives("BYE")

    def test_another_connection_and_contact(self):
        bob = self.phone("202", transport="tcp")
        call, incoming = self.talks_to(bob)
        bob.flow().close()
        bob.registers()
        self.stays_in_its_call(bob, call, incoming)

    def test_another_connection(self):
        bob = self.phone("202", transport="tcp", contact_host=self.private)
        call, incoming = self.talks_to(bob)
        bob.flow().close()
        bob.registers()
        self.stays_in_its_call(bob, call, incoming)

    def test_another_port_of_its_nat(self):
        bob = self.phone("202", contact_host=self.private)
        call, incoming = self.talks_to(bob)
        bob.sockets.changes_port()
        bob.registers()
        self.stays_in_its_call(bob, call, incoming)


if __name__ == "__main__":
    unittest.main()
