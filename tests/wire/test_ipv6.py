"""Phones on [::1], over UDP and TCP: they register, call and are called, and see lamps, together with
phones of IPv4 (RFC 3261 §18, §25.1)."""
import unittest

from lib.case import WireTest, talk
from lib.sdp import sdp
from lib.transport import has_ipv6


@unittest.skipUnless(has_ipv6(), "this machine has no ::1")
class OverIPv6(WireTest):
    options = ["--sip", "udp:[::1]:0", "--sip", "tcp:[::1]:0"]

    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=["201", "202"], watchers=["203"])

    def six(self, number, transport, **options):
        address = {"udp": self.server.address["udp6"], "tcp": self.server.address["tcp6"]}
        phone = self.phone(number, ip="::1", via=address, transport=transport, **options)
        registered, = self.rest.get(f"/api/v1/registrations?extension={number}")["items"]
        self.assertEqual(transport, registered["transport"])
        self.assertIn(f"@{phone.host_port}", registered["contact"])
        self.assertTrue(registered["address"].startswith("[::1]:"), registered["address"])
        return phone

    def moves_and_ends(self, call, incoming, watch):
        changed = call.sends("INVITE", sdp("caller", 2))
        arrived = incoming.receives("INVITE")
        self.assertEqual(sdp("caller", 2).encode(), arrived.body)
        arrived.replies(200, sdp("callee", 2))
        changed.receives(200)
        incoming.receives("ACK")
        incoming.hangs_up()
        call.receives("BYE")
        watch.shows("idle")

    def calls_both_ways(self, transport):
        anna, bob = self.six("201", transport), self.phone("202")
        watcher = self.six("203", transport)
        watch = watcher.watches("201")
        call, incoming = talk(anna, bob)
        watch.shows("confirmed")
        self.assertIn("[::1]:", call.dialog.remote_target)
        self.assertIn("127.0.0.1:", incoming.dialog.remote_target)
        self.moves_and_ends(call, incoming, watch)
        call, incoming = talk(bob, anna)
        watch.shows("confirmed")
        self.assertIn("[::1]:", incoming.received.message["Via"])
        self.moves_and_ends(call, incoming, watch)
        call, incoming = talk(anna, watcher)
        self.moves_and_ends(call, incoming, watch)

    def test_over_udp(self):
        self.calls_both_ways("udp")

    def test_over_tcp(self):
        self.calls_both_ways("tcp")

    def test_a_tcp_phone_whose_connection_is_gone_is_called_where_it_listens(self):
        bob = self.six("202", "tcp", listens=True)
        for connection in list(bob.sockets.connections):
            connection.close()
        call, incoming = talk(self.phone("201"), bob)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_lamp_over_tcp_outlives_the_exchange(self):
        watcher = self.six("203", "tcp", listens=True)
        watcher.answers_by_itself |= {"OPTIONS"}
        watch = watcher.watches("201")
        watch.versions_may_jump = True
        self.server.drain()
        self.server.start()
        call, incoming = talk(self.phone("201"), self.phone("202"))
        watch.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        watch.shows("idle")


if __name__ == "__main__":
    unittest.main()
