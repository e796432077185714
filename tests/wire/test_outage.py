"""Watchers that were away, and return (RFC 3261 §17.1.2.2, RFC 6665 §4.2.2)."""
import time
import unittest

from lib.case import SLACK, WireTest, eventually, ring, talk


class Outage(WireTest):
    """A network that is away for longer than one NOTIFY is repeated (RFC 3261 §17.1.2.2, timer F)."""
    patience = 90
    soon = 5 + SLACK  # seconds: how long the truth may take to a phone that answers again

    def return_(self, watchers, long_enough) -> None:
        """The watchers of 202 are out of reach until it is `long_enough`; then they know all."""
        bob, eve = self.phone("202"), self.phone("205")
        lamps = [watcher.watches("202") for watcher in watchers]
        for watcher, lamp in zip(watchers, lamps):
            lamp.versions_may_jump = True
            watcher.sockets.away(True)
        call, incoming = ring(eve, bob)
        eventually(long_enough, "it takes long enough")
        call.cancels()
        incoming.receives("CANCEL")
        call, incoming = talk(eve, bob)
        self.assertEqual(["idle"] * len(lamps), [lamp.lamp for lamp in lamps])
        for watcher in watchers:
            watcher.sockets.away(False)
        end = time.monotonic() + self.soon
        for lamp in lamps:
            lamp.shows("confirmed", within=end - time.monotonic())
        call.hangs_up()
        incoming.receives("BYE")
        for lamp in lamps:
            lamp.shows("idle")

    def is_given_up(self, watcher) -> bool:
        """A NOTIFY about 202 was repeated in vain, and is repeated no more."""
        lamp = self.rest.get(f"/api/v1/lamps/{watcher.number}/202")["phones"][0]["lamp"]
        return lamp["failures"] > 0

    def test_so_it_is_when_the_registration_has_expired_meanwhile(self):
        anna = self.phone("201")
        anna.registers(expires=60)
        self.return_([anna],
                     lambda: not self.rest.get("/api/v1/registrations?extension=201")["items"])

    def test_the_lamp_is_true_after_the_return(self):
        """Over UDP, and over a connection that only the phone could open anew. The kernel by itself would repeat what is
        sent on that 26 s after it, and then 53 s."""
        watchers = [self.phone("201"), self.phone("204", transport="tcp")]
        self.return_(watchers, lambda: all(self.is_given_up(each) for each in watchers))


if __name__ == "__main__":
    unittest.main()
