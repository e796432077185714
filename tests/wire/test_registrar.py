"""The registrar on the wire: RFC 3261 §10, RFC 3327, and reaching the phone where it came from."""
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.event_loop import loop
from lib.message import Address, params


def contacts(response) -> dict[str, dict[str, str]]:
    """Contact URI -> parameters, of a 200 to REGISTER."""
    addresses = map(Address.parse, response.headers.values("Contact"))
    return {address.uri: address.params for address in addresses}


class Registrar(WireTest):
    options = ["--min-expires", "60", "--max-expires", "7200"]

    def test_a_phone_registers_and_its_contact_comes_back_untouched(self):
        anna = self.phone("201", registered=False)
        response = anna.registers(expires=600)
        self.assertEqual([anna.contact], list(contacts(response)))
        self.assertAlmostEqual(600, int(contacts(response)[anna.contact]["expires"]), delta=2)

    def test_the_answer_lists_every_contact_with_its_q_value(self):
        anna = self.phone("201", registered=False)
        anna.registers(contacts=["<sip:201@192.0.2.1:5060>;q=0.7;expires=300",
                                 "<sip:201@192.0.2.2:5060>;q=0.2"])
        found = contacts(anna.registers(contacts=[]))
        self.assertEqual({"sip:201@192.0.2.1:5060", "sip:201@192.0.2.2:5060"}, set(found))
        self.assertEqual(0.7, float(found["sip:201@192.0.2.1:5060"]["q"]))
        self.assertEqual(0.2, float(found["sip:201@192.0.2.2:5060"]["q"]))
        self.assertLessEqual(int(found["sip:201@192.0.2.1:5060"]["expires"]), 300)
        self.assertGreater(int(found["sip:201@192.0.2.2:5060"]["expires"]), 300)

    def test_a_fetch_changes_nothing(self):
        anna = self.phone("201")
        self.assertEqual([anna.contact], list(contacts(anna.registers(None, contacts=[]))))
        self.assertEqual([anna.contact], list(contacts(anna.registers(None, contacts=[]))))

    def test_expires_zero_removes_one_contact(self):
        anna = self.phone("201")
        anna.registers(contacts=["<sip:201@192.0.2.1:5060>"])
        left = contacts(anna.registers(contacts=[f"<{anna.contact}>;expires=0"]))
        self.assertEqual(["sip:201@192.0.2.1:5060"], list(left))

    def test_star_removes_all(self):
        anna = self.phone("201")
        anna.registers(contacts=["<sip:201@192.0.2.1:5060>"])
        self.assertEqual({}, contacts(anna.registers(expires=0, contacts=["*"])))

    def test_star_needs_expires_zero_and_no_company(self):
        anna = self.phone("201")
        anna.sends_register(600, contacts=["*"]).receives(400)
        anna.sends_register(0, contacts=["*", f"<{anna.contact}>"]).receives(400)
        self.assertEqual([anna.contact], list(contacts(anna.registers(None, contacts=[]))))

    def test_too_brief_an_interval_gets_423_with_the_least(self):
        anna = self.phone("201", registered=False)
        response = anna.sends_register(expires=10).receives(423)
        self.assertEqual("60", response["Min-Expires"])
        self.assertEqual({}, contacts(anna.registers(None, contacts=[])))

    def test_too_long_an_interval_is_cut(self):
        anna = self.phone("201", registered=False)
        granted = contacts(anna.registers(expires=1_000_000))[anna.contact]["expires"]
        self.assertLessEqual(int(granted), 7200)

    def test_an_older_request_of_the_same_call_id_changes_nothing(self):
        anna = self.phone("201", registered=False)
        anna.sends_register(cseq=20).receives(200)
        anna.sends_register(expires=0, cseq=10).receives_final()
        self.assertEqual([anna.contact], list(contacts(anna.sends_register(
            None, contacts=[], cseq=30).receives(200))))

    def test_path_comes_back_and_becomes_the_route_to_the_phone(self):
        proxy = self.phone("203", registered=False)
        path = f"<sip:{proxy.host_port};lr>"
        bob = self.phone("202", registered=False)
        response = bob.registers(contacts=["<sip:202@192.0.2.9:5060>"],
                                 headers=[("Path", path), ("Supported", "path")])
        self.assertEqual([path], response.headers.values("Path"))

        call = self.phone("201").calls("202")
        arrived = proxy.receives("INVITE")     # at the proxy, for the contact behind it
        self.assertEqual("sip:202@192.0.2.9:5060", arrived.received.message.uri)
        self.assertEqual([path], arrived.received.message.headers.values("Route"))
        arrived.replies(486)
        call.receives(486)

    def test_a_phone_behind_nat_is_reached_where_its_register_came_from(self):
        bob = self.phone("202", contact_host="192.168.178.20:5060")
        outgoing, incoming = talk(self.phone("201"), bob)
        self.assertEqual(bob.contact, incoming.received.message.uri)
        outgoing.hangs_up()
        incoming.receives("BYE")

    def test_the_answer_tells_a_phone_its_public_address(self):
        anna = self.phone("201", registered=False, contact_host="192.168.178.20:5060")
        via = params(anna.registers().headers.values("Via")[0])
        host, port = anna.sockets.udp_address
        self.assertEqual((host, str(port)), (via.get("received"), via.get("rport")))

    def test_a_call_reaches_a_phone_over_its_own_connection(self):
        anna = self.phone("201")
        bob = self.phone("202", transport="tcp")          # listens nowhere
        outgoing, incoming = ring(anna, bob)
        self.assertEqual("tcp", incoming.received.transaction.flow.transport)
        self.assertEqual(1, len(bob.sockets.connections))
        outgoing.cancels()
        incoming.receives("CANCEL")

    def test_a_closed_connection_is_opened_anew_by_the_server(self):
        anna = self.phone("201")
        bob = self.phone("202", transport="tcp", listens=True)
        connection, = bob.sockets.connections
        connection.half_closes()
        # What is sent before the server has read the end of the connection is lost with it.
        loop.wait(lambda: connection.closed, "the server closes it too")
        outgoing, incoming = ring(anna, bob)
        outgoing.cancels()
        incoming.receives("CANCEL")

    def test_two_phones_of_an_extension_have_a_binding_each(self):
        desk, mobile = self.phone("202"), self.phone("202")
        self.assertEqual({desk.contact, mobile.contact},
                         set(contacts(desk.registers(None, contacts=[]))))
        mobile.unregisters()
        self.assertEqual({desk.contact}, set(contacts(desk.registers(None, contacts=[]))))

    def test_a_refresh_replaces_and_does_not_add(self):
        anna = self.phone("201")
        anna.registers()
        self.assertEqual(1, len(contacts(anna.registers())))

    def test_more_contacts_than_fit_change_nothing(self):
        anna = self.phone("201")
        many = [f"<sip:201@192.0.2.{i}:5060>" for i in range(1, 31)]
        self.assertGreaterEqual(anna.sends_register(contacts=many).receives_final().status, 400)
        self.assertEqual([anna.contact], list(contacts(anna.registers(None, contacts=[]))))


class Expiry(WireTest):
    options = ["--min-expires", "1"]

    def test_a_binding_that_is_not_refreshed_ends(self):
        anna, bob = self.phone("201"), self.phone("202", registered=False)
        self.assertEqual([bob.contact], list(contacts(bob.registers(expires=1))))
        eventually(lambda: not contacts(bob.registers(None, contacts=[])), "the binding ends")
        anna.calls("202").receives(480)


if __name__ == "__main__":
    unittest.main()
