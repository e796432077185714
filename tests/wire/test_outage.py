"""Watchers that were away, and return (RFC 3261 §17.1.2.2, RFC 6665 §4.2.2)."""
import unittest

from lib.case import WireTest, eventually, ring


class Outage(WireTest):
    """A network that is away for longer than one NOTIFY is repeated (RFC 3261 §17.1.2.2, timer F)."""
    patience = 90
    soon = 15  # five seconds are proved in time that does not pass by itself; a silent phone is asked once a minute

    def test_so_it_is_when_the_registration_has_expired_meanwhile(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        anna.registers(expires=60)
        lamp = anna.watches("202")
        lamp.versions_may_jump = True
        anna.deaf = True
        call, incoming = ring(eve, bob)
        eventually(lambda: not self.rest.get("/api/v1/registrations?extension=201")["items"],
                   "the registration has expired")
        call.cancels()
        incoming.receives("CANCEL")
        call, incoming = ring(eve, bob)
        anna.deaf = False
        lamp.shows("early", within=self.soon)
        call.cancels()
        incoming.receives("CANCEL")
        lamp.shows("idle")

    def test_the_lamp_is_true_within_five_seconds_of_its_return(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        lamp = anna.watches("202")
        lamp.versions_may_jump = True
        anna.deaf = True
        call, incoming = ring(eve, bob)

        def failures():
            return self.rest.get("/api/v1/lamps/201/202")["phones"][0]["lamp"]["failures"]
        eventually(failures, "the first NOTIFY is given up")
        call.cancels()
        incoming.receives("CANCEL")
        call, incoming = ring(eve, bob)
        anna.deaf = False
        lamp.shows("early", within=self.soon)
        call.cancels()
        incoming.receives("CANCEL")
        lamp.shows("idle")


if __name__ == "__main__":
    unittest.main()
