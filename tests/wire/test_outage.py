"""Watchers that were away, and return (RFC 3261 §17.1.2.2, RFC 6665 §4.2.2)."""
import unittest

from lib.case import WireTest, eventually, ring


class Outage(WireTest):
    """A network that is away for longer than one NOTIFY is repeated (RFC 3261 §17.1.2.2, timer F)."""
    patience = 90  # that it takes five seconds is proved in time that does not pass by itself

    def returns(self, anna, long_enough) -> None:
        """Anna, who watches 202, hears nothing until it is `long_enough`; then she knows all."""
        bob, eve = self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        lamp.versions_may_jump = True
        anna.deaf = True
        call, incoming = ring(eve, bob)
        eventually(long_enough, "it takes long enough")
        call.cancels()
        incoming.receives("CANCEL")
        call, incoming = ring(eve, bob)
        anna.deaf = False
        lamp.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        lamp.shows("idle")

    def test_so_it_is_when_the_registration_has_expired_meanwhile(self):
        anna = self.phone("201")
        anna.registers(expires=60)
        self.returns(anna, lambda: not self.rest.get("/api/v1/registrations?extension=201")["items"])

    def test_the_lamp_is_true_after_its_return(self):
        lamp = "/api/v1/lamps/201/202"
        self.returns(self.phone("201"),
                     lambda: self.rest.get(lamp)["phones"][0]["lamp"]["failures"])


if __name__ == "__main__":
    unittest.main()
