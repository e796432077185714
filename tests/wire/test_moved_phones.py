"""Phones that register from another place than before are told there (RFC 3261 §10.2)."""
import unittest

from lib.case import WireTest, ring


class MovedPhones(WireTest):

    def is_told(self, lamp) -> None:
        call, incoming = ring(self.phone("205"), self.phone("202"))
        lamp.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        lamp.shows("idle")

    def test_by_another_port_of_the_nat(self):
        anna = self.phone("201", contact_host="192.168.7.7:5060")
        lamp = anna.watches("202")
        anna.sockets.moves()
        anna.registers()
        self.is_told(lamp)

    def test_over_another_connection_while_nobody_knows_that_the_old_one_is_dead(self):
        anna = self.phone("201", transport="tcp")
        lamp = anna.watches("202")
        anna.sockets.moves()
        anna.registers()
        self.is_told(lamp)

    def changes_its_contact(self, transport) -> None:
        anna = self.phone("201", transport=transport)
        lamp = anna.watches("202")
        old = anna.contact
        anna.sockets.moves()
        anna.registers(expires=None,
                       contacts=[f"<{anna.contact}>;expires=3600", f"<{old}>;expires=0"])
        self.is_told(lamp)

    def test_by_another_contact_in_the_place_of_the_old_one(self):
        self.changes_its_contact("udp")

    def test_by_another_contact_in_the_place_of_the_old_one_over_tcp(self):
        self.changes_its_contact("tcp")


if __name__ == "__main__":
    unittest.main()
