"""We as a user of a carrier: REGISTER, digest, Service-Route, servers found by name."""
import unittest

from lib.carrier import Carrier, plan
from lib.case import WireTest, eventually
from lib.digest import parse_challenge
from lib.events import EventSource
from lib.name_server import NameServer, a, naptr, srv
from lib.registrar import Registrar
from lib.sdp import ANSWER, OFFER

TRUNK = "/api/v1/trunks/line"
REFUSED = "carrier refused the password: {} Whatever (username or secret is wrong)"


class TrunkTest(WireTest):
    def registrar(self, **options) -> Registrar:
        return Registrar(self.office, **options)

    def status(self):
        return self.rest.get(TRUNK)["status"]

    def becomes(self, state, **members):
        def there():
            status = self.status()
            return status if status and status["state"] == state else None
        status = eventually(there, f"the trunk is {state}", 30)
        for name, value in members.items():
            self.assertEqual(value, status[name])
        return status


class Registering(TrunkTest):
    def a_registration(self, transport):
        carrier = self.registrar(transport=transport)
        stream = EventSource(self.server.address["http"], self.rest.token, "?types=trunk")
        self.addCleanup(stream.close)
        carrier.becomes("line", expires=700)
        status = self.becomes("registered", last_error=None)
        self.assertGreater(status["round_trip_ms"], 0)
        self.assertIsNotNone(status["registered_until"])
        self.assertIn(f"{transport}:127.0.0.2:", status["server"])
        stream.receives("trunk", trunk="line", state="registered")
        first, second = carrier.attempts
        self.assertEqual("sip:carrier.test", second.uri)
        self.assertEqual("<sip:4310@carrier.test>", second["To"])
        self.assertEqual("700", second["Expires"])
        self.assertIn("sip:trunk-line@", second["Contact"])
        self.assertEqual((first["Call-ID"], first.cseq + 1, first.from_tag),
                         (second["Call-ID"], second.cseq, second.from_tag))
        self.assertNotEqual(first.branch, second.branch)
        answer = parse_challenge(second["Authorization"])
        self.assertEqual(("auth", "00000001", "a,b", "MD5"),
                         (answer["qop"], answer["nc"], answer["opaque"], answer["algorithm"]))
        self.assertNotIn("pstn", self.server.log(1000))
        self.assertNotIn("pstn", self.rest.request("GET", TRUNK).text)
        metrics = self.rest.request("GET", "/metrics").text
        self.assertIn('lampline_trunk_state{trunk="line",state="registered"} 1', metrics)

    def test_a_registration_over_udp(self):
        self.a_registration("udp")

    def test_a_registration_over_tcp(self):
        self.a_registration("tcp")

    def test_a_new_connection_is_opened_when_the_carrier_closes_it(self):
        carrier = self.registrar(transport="tcp")
        carrier.becomes("line")
        self.becomes("registered")
        carrier.drops_connections()
        eventually(lambda: len(carrier.bound) >= 2, "it registers anew")
        self.becomes("registered")

    def test_the_strongest_algorithm_is_answered(self):
        carrier = self.registrar()
        carrier.algorithms = ["MD5", "SHA-512-256", "SHA-256"]
        carrier.becomes("line")
        self.becomes("registered")
        answer = parse_challenge(carrier.bound[0]["Authorization"])
        self.assertEqual("SHA-256", answer["algorithm"])

    def test_a_challenge_of_the_old_kind(self):
        carrier = self.registrar()
        carrier.qop = None
        carrier.becomes("line")
        self.becomes("registered")
        self.assertNotIn("qop", parse_challenge(carrier.bound[0]["Authorization"]))

    def test_a_refresh_counts_on_and_takes_a_new_nonce(self):
        carrier = self.registrar()
        carrier.granted = 5
        carrier.becomes("line")
        eventually(lambda: len(carrier.bound) >= 2, "it is refreshed", 20)
        self.assertIs(carrier.bound[1], carrier.attempts[2], "the nonce is used again without a challenge")
        self.assertEqual("00000002", parse_challenge(carrier.bound[1]["Authorization"])["nc"])
        carrier.renews_nonce()
        eventually(lambda: carrier.attempts[-1] is carrier.bound[-1] and
                   parse_challenge(carrier.bound[-1]["Authorization"])["nc"] == "00000001",
                   "it is refreshed with the new nonce", 20)
        self.becomes("registered")

    def test_a_longer_registration_is_wanted(self):
        carrier = self.registrar()
        carrier.min_expires = 1800
        carrier.becomes("line", expires=600)
        self.becomes("registered")
        self.assertEqual("1800", carrier.bound[0]["Expires"])

    def test_a_wrong_secret(self):
        carrier = self.registrar()
        carrier.becomes("line", secret="guessed")
        status = self.becomes("failed", last_error=REFUSED.format(401))
        self.assertGreater(status["next_attempt"], status["since"])
        self.assertEqual(2, len(carrier.attempts))
        self.assertNotIn("guessed", self.server.log(1000))
        self.assertIn("trunk line is failed: carrier refused the password", self.server.log(1000))

    def test_another_realm_is_not_answered(self):
        carrier = self.registrar()
        carrier.becomes("line", realm="elsewhere.test")
        self.becomes("failed", last_error='carrier asks for the realm "carrier.test", the trunk has '
                                          '"elsewhere.test": 401 Whatever')
        self.assertEqual(1, len(carrier.attempts))
        self.assertNotIn("Authorization", carrier.attempts[0])

    def test_a_refusal(self):
        carrier = self.registrar()
        carrier.refuses = 403
        carrier.becomes("line")
        self.becomes("failed", last_error=REFUSED.format(403))

    def test_an_orderly_end_and_a_removed_trunk(self):
        carrier = self.registrar()
        carrier.becomes("line")
        self.becomes("registered")
        self.rest.delete(TRUNK)
        eventually(lambda: carrier.bound[-1]["Expires"] == "0", "it is unregistered")
        carrier.becomes("line")
        self.becomes("registered")
        self.assertEqual(0, self.server.drain())
        self.assertEqual("0", carrier.bound[-1]["Expires"])
        self.server.start()

    def test_a_challenged_call(self):
        carrier = self.registrar()
        carrier.challenges |= {"INVITE", "BYE"}
        host, port = carrier.sockets.udp_address
        carrier.service_route = f"<sip:{host}:{port};lr;edge>"
        carrier.becomes("line")
        self.becomes("registered")
        self.rest.put("/api/v1/digit-plan", plan("line"))
        anna = self.phone("201")
        call = anna.calls("0664999")
        incoming = carrier.receives("INVITE")
        invite = incoming.received.message
        self.assertEqual([f"<sip:{host}:{port};lr;edge>"], invite.headers.values("Route"))
        answer = parse_challenge(invite["Proxy-Authorization"])
        self.assertEqual(invite.uri, answer["uri"])
        self.assertIn("sip:trunk-line@", invite["Contact"])
        refused = [each for each in carrier.heard if each.method == "INVITE"][0]
        self.assertEqual((refused["Call-ID"], refused.cseq + 1), (invite["Call-ID"], invite.cseq))
        self.assertNotEqual(refused.branch, invite.branch)
        self.assertTrue(any(each.method == "ACK" and each.branch == refused.branch
                            for each in carrier.heard), "the refused INVITE is acknowledged")
        incoming.replies(200, ANSWER)
        call.receives(200)
        ack = incoming.receives("ACK")
        self.assertEqual(invite["Proxy-Authorization"], ack["Proxy-Authorization"])
        change = call.sends("INVITE", OFFER)
        again = incoming.receives("INVITE")
        again.replies(200, ANSWER)
        change.receives(200)
        carrier.renews_nonce()
        call.hangs_up()
        incoming.receives("BYE")
        byes = [each for each in carrier.heard if each.method == "BYE"]
        self.assertEqual(2, len({each.branch for each in byes}), "BYE, 407 stale, BYE")

    def test_a_call_to_the_contact(self):
        carrier = self.registrar()
        carrier.becomes("line")
        self.becomes("registered")
        bob = self.phone("202")
        call = carrier.calls(carrier.contact_of_office,
                             headers=[("To", f"<sip:+431202@{carrier.domain}>")])
        incoming = bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_phone_is_never_answered(self):
        carrier = self.registrar()
        carrier.becomes("line")
        self.becomes("registered")
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202")
        challenge = f'Digest realm="{carrier.realm}", nonce="{carrier.nonce}", qop="auth"'
        bob.receives("INVITE").replies(407, headers=[("Proxy-Authenticate", challenge)])
        call.receives(480)
        self.assertNotIn("Proxy-Authorization", str(bob.heard[-1]))


class Peer(TrunkTest):
    """A peer that is asked by OPTIONS, and of which one unanswered question is enough."""
    options = ["--qualify-misses=1"]
    patience = 20

    def test_a_peer_is_unreachable_until_it_answers_again(self):
        peer = Carrier(self.office)
        peer.becomes("line", qualify=5)
        self.rest.put("/api/v1/digit-plan", plan("line"))
        self.becomes("available", last_error=None)
        eventually(lambda: (self.status() or {})["round_trip_ms"], "it is asked", 20)
        peer.deaf = True
        self.becomes("unreachable", last_error="OPTIONS: no answer")
        call = self.phone("201").calls("0664999")  # nobody waits for who is not there
        refusal = call.receives(480)
        self.assertIn("No trunk for this number can be reached", refusal["Warning"])
        self.assertNotIn("INVITE", [message.method for message in peer.missed])
        peer.deaf = False
        self.becomes("available", last_error=None)


class ByName(TrunkTest):
    """The servers of the trunk have names."""
    patience = 20

    def setUp(self):
        self.names = NameServer(ttl=5)
        self.addCleanup(self.names.close)
        self.options = ["--resolver", self.names.address, "--qualify-misses=1"]
        super().setUp()

    def named(self, carrier, name, ip):
        self.names.records[(name, "A")] = [a(ip)]
        return carrier.server["port"]

    def test_srv_leads_to_the_next_server_when_one_is_silent(self):
        first, second = self.registrar(ip="127.0.0.2"), self.registrar(ip="127.0.0.3")
        first.silent = True
        records = self.names.records
        records[("_sip._udp.carrier.test", "SRV")] = [
            srv(20, 0, self.named(second, "b.carrier.test", "127.0.0.3"), "b.carrier.test"),
            srv(10, 0, self.named(first, "a.carrier.test", "127.0.0.2"), "a.carrier.test")]
        records[("carrier.test", "NAPTR")] = [naptr(10, 10, "SIP+D2U", "_sip._udp.carrier.test")]
        first.becomes("line", servers=[{"host": "carrier.test"}])
        status = self.becomes("registered")
        self.assertIn("127.0.0.3", status["server"])
        self.assertEqual(1, len(first.attempts), "the first was asked")
        self.assertEqual(1, len(second.bound))

        bob = self.phone("202")
        call = second.calls(second.contact_of_office,
                            headers=[("To", "<sip:+431202@carrier.test>")])
        incoming = bob.receives("INVITE")
        incoming.replies(486)
        call.receives(486)

    def test_a_server_that_falls_silent_is_left(self):
        first, second = self.registrar(ip="127.0.0.2"), self.registrar(ip="127.0.0.3")
        self.names.records[("_sip._udp.carrier.test", "SRV")] = [
            srv(10, 0, self.named(first, "a.carrier.test", "127.0.0.2"), "a.carrier.test"),
            srv(20, 0, self.named(second, "b.carrier.test", "127.0.0.3"), "b.carrier.test")]
        first.becomes("line", servers=[{"host": "carrier.test", "transport": "udp"}], qualify=10)
        self.assertIn("127.0.0.2", self.becomes("registered")["server"])
        eventually(lambda: any(each.method == "OPTIONS" for each in first.heard), "it is asked", 20)
        first.deaf = True
        eventually(lambda: second.bound, "it registers with the other server", 40)
        self.assertIn("127.0.0.3", self.becomes("registered")["server"])

    def test_what_was_known_holds_while_the_name_server_fails(self):
        carrier = self.registrar(ip="127.0.0.2")
        self.names.records[("_sip._udp.carrier.test", "SRV")] = [
            srv(10, 0, self.named(carrier, "a.carrier.test", "127.0.0.2"), "a.carrier.test")]
        self.names.records[("carrier.test", "A")] = [a("127.0.0.9")]  # its web server
        carrier.becomes("line", servers=[{"host": "carrier.test"}])
        server = self.becomes("registered")["server"]
        self.assertIn("127.0.0.2", server)
        bob = self.phone("202")
        for failing in ("SRV",), ("A",):
            self.names.failing = failing
            self.names.asked.clear()
            for again in "it is looked up again", "and the answers are taken":
                self.names.asked.clear()
                eventually(lambda: ("carrier.test", "NAPTR") in self.names.asked, again, 40)
            self.assertEqual(server, self.becomes("registered")["server"], failing)
            call = carrier.calls(carrier.contact_of_office,
                                 headers=[("To", "<sip:+431202@carrier.test>")])
            bob.receives("INVITE").replies(486)
            call.receives(486)

    def test_a_name_that_is_not_there_yet(self):
        carrier = self.registrar()
        carrier.becomes("line", servers=[{"host": "carrier.test", "port": carrier.server["port"]}])
        self.becomes("unreachable", last_error="carrier.test has no address")
        self.named(carrier, "carrier.test", "127.0.0.2")
        self.rest.delete(TRUNK)
        self.names.records[("other.test", "A")] = [a("127.0.0.2")]
        carrier.becomes("line", servers=[{"host": "other.test", "port": carrier.server["port"]}])
        status = self.becomes("registered")
        self.assertTrue(status["server"].startswith("other.test (udp:127.0.0.2:"), status["server"])

    def test_a_registrar_that_redirects_is_followed_within_its_domain(self):
        first, second = self.registrar(ip="127.0.0.2"), self.registrar(ip="127.0.0.3")
        self.named(first, "a.carrier.test", "127.0.0.2")
        port = self.named(second, "b.carrier.test", "127.0.0.3")
        first.redirects_to = ["sip:127.0.0.9", f"sip:b.carrier.test:{port}"]
        first.becomes("line", servers=[{"host": "a.carrier.test", "port": first.server["port"]}])
        status = self.becomes("registered", last_error=None)
        self.assertEqual(f"b.carrier.test (udp:127.0.0.3:{port})", status["server"])
        self.assertEqual(1, len(first.attempts))
        self.assertEqual((f"sip:b.carrier.test:{port}", "<sip:4310@carrier.test>"),
                         (second.bound[0].uri, second.bound[0]["To"]))
        self.rest.put("/api/v1/digit-plan", plan("line"))
        bob = self.phone("202")
        call = bob.calls("0664999")
        incoming = second.receives("INVITE")
        self.assertEqual("sip:+43664999@carrier.test", incoming.received.message.uri)
        incoming.replies(486)
        call.receives(486)
        call = second.calls(second.contact_of_office,
                            headers=[("To", "<sip:+431202@carrier.test>")])
        bob.receives("INVITE").replies(486)
        call.receives(486)

    def test_a_redirection_to_somebody_else_is_not_followed(self):
        carrier = self.registrar()
        carrier.redirects_to = ["sip:127.0.0.9:5060", "sip:elsewhere.test"]
        carrier.becomes("line")
        self.becomes("unreachable", last_error="carrier redirects to 127.0.0.9, elsewhere.test, which "
                     "is not known to be the trunk's (servers, sources or domain): 302 Whatever")

    def test_a_silent_name_server(self):
        self.names.deaf = True
        carrier = self.registrar()
        carrier.becomes("line", servers=[{"host": "carrier.test", "port": 5060}])
        bob, anna = self.phone("202"), self.phone("201")
        call = anna.calls("202")  # nobody waits for it
        incoming = bob.receives("INVITE", within=5)
        incoming.replies(486)
        call.receives(486)
        self.becomes("unreachable", last_error="no name server answers about carrier.test")


if __name__ == "__main__":
    unittest.main()
