"""A call through two proxies (flows F1 to F23 of RFC 3665 section 3.2): Lampline and Kamailio, in either order."""
import itertools
import shutil
import tempfile
import unittest
from pathlib import Path

from lib.case import WireTest, eventually
from lib.kamailio import PROXY, Kamailio
from lib.message import Address, Uri, params, parse
from lib.phone import Phone
from lib.ports import reserve
from lib.sdp import ANSWER, OFFER, sdp

DOMAIN = "biloxi.test"


def values(message, name):
    return getattr(message, "message", message).headers.values(name)


def ports(routes):
    """By the port of each route, neighbours alike told once: which proxies it leads through."""
    each = [Uri(Address.parse(route).uri).port for route in routes]
    return [port for port, _ in itertools.groupby(each)]


# What Lampline receives and sends of F1 to F23: direction, message, and how many values of Via, Record-Route and Route
# it has, and its Max-Forwards. As proxy 1:
FIRST = """
    received INVITE  1 0 1 70   F1
    sent     407     1 0 0 -    F2
    received ACK     1 0 1 70   F3
    received INVITE  1 0 1 70   F4
    sent     100     1 0 0 -    F6
    sent     INVITE  2 1 0 69   F5
    received 100     2 0 0 -    F8
    received 180     2 2 0 -    F10
    sent     180     1 2 0 -    F11
    received 200     2 2 0 -    F13
    sent     200     1 2 0 -    F14
    received ACK     1 0 2 70   F15
    sent     ACK     2 0 1 69   F16
    received BYE     2 0 1 69   F19
    sent     BYE     3 0 0 68   F20
    received 200     3 0 0 -    F21
    sent     200     2 0 0 -    F22
"""
# As proxy 2:
SECOND = """
    received INVITE  2 1 0 69   F5
    sent     100     2 0 0 -    F8
    sent     INVITE  3 2 0 68   F7
    received 180     3 2 0 -    F9
    sent     180     2 2 0 -    F10
    received 200     3 2 0 -    F12
    sent     200     2 2 0 -    F13
    received ACK     2 0 1 69   F16
    sent     ACK     3 0 0 68   F17
    received BYE     1 0 2 70   F18
    sent     BYE     2 0 1 69   F19
    received 200     2 0 0 -    F22
    sent     200     1 0 0 -    F23
"""


def rows(table):
    """Each line without what the flow is called."""
    return [tuple(line.split()[:6]) for line in table.strip().splitlines()]


@unittest.skipUnless(shutil.which("kamailio"), "Kamailio is not installed (package kamailio)")
class TwoProxies(WireTest):
    patience = 20

    def kamailio(self, transport="udp"):
        """The other proxy, known here as a peer, and reached by `transport`."""
        folder = Path(tempfile.mkdtemp(prefix="lampline-kamailio-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        host, port = "127.0.0.2", reserve("127.0.0.2")
        proxy = Kamailio(folder, PROXY.format(host=host, port=port, transport=transport,
                                              office=self.server.address[transport]), host, port)
        self.addCleanup(proxy.close)
        self.rest.put("/api/v1/trunks/biloxi", {
            "kind": "peer", "domain": DOMAIN, "mode": "proxy", "qualify": 0,
            "servers": [{"host": host, "port": port, "transport": transport}],
            "inbound": [{"pattern": r"(2\d\d)", "destination": r"\1"}]})
        self.rest.put("/api/v1/digit-plan",
                      {"rules": [{"name": "biloxi", "pattern": "bob", "trunks": ["biloxi"]}],
                       "default_outside": {"minutes": 0}})
        return proxy

    def user(self, proxy, name, transport):
        """A phone of Kamailio's, registered there."""
        address = {kind: (proxy.host, proxy.port) for kind in ("udp", "tcp")}
        phone = Phone(name, f"secret-of-{name}", DOMAIN, address, transport=transport,
                      display=name.title())
        self.addCleanup(phone.unplugs)

        def registers():
            try:
                return phone.sends_register().receives(200, within=1)
            except (AssertionError, OSError):
                return None  # it is not up yet
        eventually(registers, "Kamailio takes a registration")
        return phone

    def through_both(self, alice, bob, to, preloaded, first, second):
        """F1 to F23; `first` and `second` are the ports of the two proxies."""
        call = alice.calls(to, OFFER, headers=[("Route", f"<sip:{preloaded};lr>")])   # F1 - F4
        incoming = bob.receives("INVITE")                                             # F5, F7
        invite, asked = incoming.received.message, call.invite.request
        challenge, = call.invite.challenges                                           # F2
        self.assertEqual((407, 1), (challenge.status, challenge.cseq))
        self.assertNotEqual("", challenge.to_tag)
        self.assertRegex(challenge["Proxy-Authenticate"], '^Digest .*realm=".*nonce="')
        self.assertIn('qop="auth"', challenge["Proxy-Authenticate"])
        self.assertEqual((2, ""), (asked.cseq, asked.to_tag))                         # F4
        self.assertNotEqual(challenge.branch, asked.branch)
        self.assertNotIn("Proxy-Authorization", invite)
        self.assertEqual([], values(invite, "Route"))
        self.assertEqual(3, len(values(invite, "Via")))
        self.assertEqual("68", invite["Max-Forwards"])
        self.assertEqual([second, first], ports(values(invite, "Record-Route")))
        self.assertEqual(OFFER.encode(), invite.body)
        self.assertEqual(bob.contact, invite.uri)
        for name in ("Call-ID", "From", "To", "CSeq", "Contact"):
            self.assertEqual(asked[name], invite[name], name)
        incoming.replies(180)                                                         # F9
        ringing = call.receives(180)                                                  # F11
        trying = call.invite.responses[0]                                             # F6
        self.assertEqual((100, ""), (trying.status, trying.to_tag))
        incoming.replies(200, ANSWER)                                                 # F12
        answer = call.receives(200)                                                   # F14
        self.assertEqual(ANSWER.encode(), answer.body)
        for response in ringing, answer:
            self.assertEqual(values(invite, "Record-Route"), values(response, "Record-Route"))
            self.assertEqual([asked.branch], [params(via)["branch"] for via in values(response, "Via")])
            self.assertEqual(bob.contact, Address.parse(response["Contact"]).uri)
            self.assertEqual(incoming.dialog.local_tag, response.to_tag)
        ack = incoming.receives("ACK")                                                # F15 - F17
        self.assertEqual([first, second], ports(call.invite.ack.headers.values("Route")))
        self.assertNotEqual(asked.branch, call.invite.ack.branch)
        self.assertEqual(([], "68", "2 ACK", bob.contact, 3),
                         (values(ack, "Route"), ack["Max-Forwards"], ack["CSeq"], ack.uri,
                          len(values(ack, "Via"))))
        bye = incoming.sends("BYE")                                                   # F18
        self.assertEqual([second, first], ports(values(bye.request, "Route")))
        arrived = call.receives("BYE").message                                        # F20
        self.assertEqual(([], "68", "1 BYE", alice.contact, 3),
                         (values(arrived, "Route"), arrived["Max-Forwards"], arrived["CSeq"],
                          arrived.uri, len(values(arrived, "Via"))))
        self.assertEqual((incoming.dialog.local_tag, incoming.dialog.remote_tag),
                         (arrived.from_tag, arrived.to_tag))
        ended = bye.receives(200)                                                     # F23
        self.assertEqual([bye.request.branch], [params(via)["branch"] for via in values(ended, "Via")])
        incoming.ended = True

    def passed(self, whole):
        """The call as it passed Lampline, in the words of FIRST and SECOND."""
        told = []
        for one in self.rest.get(f"/api/v1/call-log/{whole['id']}/ladder")["messages"]:
            message = parse(one["text"].encode())
            counts = (len(values(message, name)) for name in ("Via", "Record-Route", "Route"))
            if not one["repeated"]:
                told.append((one["direction"], message.method or str(message.status),
                             *map(str, counts), message.get("Max-Forwards", "-")))
        return told

    def test_lampline_then_kamailio(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                proxy = self.kamailio(transport)
                lamp = self.phone("204").watches("203")
                alice = self.phone("203", transport=transport)
                bob = self.user(proxy, "bob", transport)
                host, port = self.server.address[transport]
                self.through_both(alice, bob, f"sip:bob@{DOMAIN}", f"{host}:{port}",
                                  port, proxy.port)
                self.assertEqual(["idle", "trying", "early", "confirmed", "idle"][-2:],
                                 eventually(lambda: lamp.lamp == "idle" and lamp.lamps[-2:], "dark"))
                whole = self.recorded("answered", "callee", ("203", None), ("bob", "biloxi"))
                self.assertEqual(rows(FIRST), self.passed(whole))

    def test_kamailio_then_lampline(self):
        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "proxy"})
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                proxy = self.kamailio(transport)
                lamp = self.phone("204").watches("202")
                bob = self.phone("202", transport=transport)
                alice = self.user(proxy, "alice", transport)
                host, port = proxy.host, proxy.port
                self.through_both(alice, bob, "sip:202@office.test", f"{host}:{port}",
                                  port, self.server.address[transport][1])
                eventually(lambda: lamp.lamp == "idle" and "confirmed" in lamp.lamps, "dark")
                whole = self.recorded("answered", "callee", ("alice", "biloxi"), ("202", None))
                self.assertEqual(rows(SECOND), self.passed(whole))
                bob.unregisters()

    def test_the_caller_names_both_proxies_and_no_other_is_followed(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                proxy = self.kamailio(transport)
                alice = self.phone("203", transport=transport)
                bob = self.user(proxy, "bob", transport)
                host, port = self.server.address[transport]
                ours, theirs = f"<sip:{host}:{port};lr>", f"<sip:{proxy.host}:{proxy.port};lr>"

                def calls(routes):
                    return alice.calls(f"sip:bob@{DOMAIN}", OFFER, headers=[("Route", routes)])

                call = calls(f"{ours}, {theirs}")
                incoming = bob.receives("INVITE")
                self.assertEqual([], values(incoming.received, "Route"))
                incoming.replies(486)
                call.receives(486)
                whole = self.recorded("busy", "callee", ("203", None), ("bob", "biloxi"))
                invite, = {message["text"] for message in self.rest.get(
                    f"/api/v1/call-log/{whole['id']}/ladder")["messages"]
                           if message["direction"] == "sent"
                           and message["first_line"].startswith("INVITE")}
                self.assertEqual([f"Route: {theirs}"],
                                 [line for line in invite.splitlines() if line.startswith("Route:")])
                for others in (f"<sip:{host}:9;lr>", "<sip:203.0.113.7;lr>",
                               f"{theirs}, <sip:203.0.113.7;lr>"):
                    refused = calls(f"{ours}, {others}").receives(403)
                    self.assertIn('"Route: ', refused["Warning"])

    def recorded(self, result, ended_by, *parts):
        """The last call as the log has it, which is another one than before, and no call is left."""
        whole = self.newly_logged((result, ended_by, *parts), lambda whole: (
            whole["result"], whole["ended_by"], *((part["extension"], part["trunk"]) for part in whole["parts"])))
        self.assertEqual([], self.rest.items("/api/v1/calls"))
        return whole

    def live(self):
        return [[(leg["extension"] or leg["trunk"], leg["state"]) for leg in call["legs"]]
                for call in self.rest.items("/api/v1/calls")]

    def both_ways(self, inner, outer):
        """Between Lampline and a phone of its own goes `inner`, to and from Kamailio `outer`: who
        calls whom, the Route that the caller knows, and what the log and the calls name the two."""
        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "proxy"})
        proxy = self.kamailio(outer)
        bob_here, carol = self.phone("202", transport=inner), self.phone("203", transport=inner)
        bob, alice = (self.user(proxy, name, outer) for name in ("bob", "alice"))
        host, port = self.server.address[inner]
        yield (carol, bob, f"sip:bob@{DOMAIN}", f"{host}:{port}",
               (("203", None), ("bob", "biloxi")), ("203", "biloxi"))
        yield (alice, bob_here, "sip:202@office.test", f"{proxy.host}:{proxy.port}",
               (("alice", "biloxi"), ("202", None)), ("biloxi", "202"))
        bob_here.unregisters()

    def ring(self, caller, callee, to, preloaded):
        call = caller.calls(to, OFFER, headers=[("Route", f"<sip:{preloaded};lr>")])
        incoming = callee.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        return call, incoming

    def test_mixed_transports_a_change_of_the_session_and_the_caller_hangs_up(self):
        for inner, outer in (("udp", "tcp"), ("tcp", "udp")):
            for caller, callee, to, preloaded, parts, names in self.both_ways(inner, outer):
                with self.subTest(inner=inner, outer=outer, to=to):
                    call, incoming = self.ring(caller, callee, to, preloaded)
                    eventually(lambda: self.live() == [[(name, "early") for name in names]],
                               "it rings")
                    incoming.replies(200, ANSWER)
                    call.receives(200)
                    incoming.receives("ACK")
                    eventually(lambda: self.live() == [[(name, "confirmed") for name in names]],
                               "they talk")
                    for asks, answers in ((call, incoming), (incoming, call)):
                        change = asks.sends("INVITE", sdp("again", 2))
                        asked = answers.receives("INVITE")
                        self.assertEqual(sdp("again", 2).encode(), asked.body)
                        asked.replies(200, sdp("answer", 2))
                        self.assertEqual(sdp("answer", 2).encode(), change.receives(200).body)
                        answers.receives("ACK")
                    call.hangs_up()
                    incoming.receives("BYE")
                    self.recorded("answered", "caller", *parts)

    def test_the_caller_gives_up(self):
        for transport in ("udp", "tcp"):
            for caller, callee, to, preloaded, parts, _ in self.both_ways(transport, transport):
                with self.subTest(transport=transport, to=to):
                    call, incoming = self.ring(caller, callee, to, preloaded)
                    call.cancels()
                    incoming.receives("CANCEL")
                    self.recorded("missed", "caller", *parts)

    def test_the_callee_refuses(self):
        for transport in ("udp", "tcp"):
            for caller, callee, to, preloaded, parts, _ in self.both_ways(transport, transport):
                for status, result in ((486, "busy"), (603, "declined")):
                    with self.subTest(transport=transport, to=to, status=status):
                        call, incoming = self.ring(caller, callee, to, preloaded)
                        incoming.replies(status)
                        call.receives(status)
                        self.recorded(result, "callee", *parts)


if __name__ == "__main__":
    unittest.main()
