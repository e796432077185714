"""Credentials of a trunk: given to it alone, counted right, kept over a crash, shown nowhere."""
import contextlib
import socket
import sqlite3
import unittest

from lib.carrier import plan
from lib.case import WireTest, eventually
from lib.digest import parse_challenge
from lib.message import Message, parse
from lib.registrar import Registrar
from lib.sdp import ANSWER

TRUNK = "/api/v1/trunks/line"


class Stranger:
    """A socket on an address that is no trunk's."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.3", 0))
        self.sock.settimeout(10)

    @property
    def host(self) -> str:
        return "%s:%d" % self.sock.getsockname()

    def hears(self, method: str) -> Message:
        while True:
            message = parse(self.sock.recv(65536))
            if message.method == method:
                return message

    def all_it_hears(self) -> list[Message]:
        """What has arrived by now."""
        self.sock.settimeout(0)
        heard = []
        with contextlib.suppress(BlockingIOError):
            while True:
                heard.append(parse(self.sock.recv(65536)))
        return heard

    def challenges(self, request: Message, carrier: Registrar, to) -> None:
        """Asks for the credentials of `carrier`, as it would ask itself."""
        proxy = request.method != "REGISTER"
        answer = Message(status=407 if proxy else 401)
        for name in ("Via", "From", "Call-ID", "CSeq"):
            for value in request.headers.lines(name):
                answer.headers.add(name, value)
        answer.headers.add("To", request["To"] if request.to_tag else f"{request['To']};tag=stranger")
        answer.headers.add("Proxy-Authenticate" if proxy else "WWW-Authenticate",
                           f'Digest realm="{carrier.realm}", nonce="{carrier.nonce}", qop="auth"')
        self.sock.sendto(bytes(answer), tuple(to))


class Credentials(WireTest):
    patience = 20

    def setUp(self):
        super().setUp()
        self.carrier = Registrar(self.office)
        self.stranger = Stranger()
        self.addCleanup(self.stranger.sock.close)
        self.rest.put("/api/v1/digit-plan", {"rules": []})

    def registers(self):
        self.carrier.becomes("line")
        self.becomes("registered")
        self.rest.put("/api/v1/digit-plan", plan("line"))

    def becomes(self, state):
        eventually(lambda: (self.rest.get(TRUNK)["status"] or {}).get("state") == state,
                   f"the trunk is {state}", 20)

    def rows(self, query):
        path = self.server.data / "lampline.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def hears(self, method):
        return [each for each in self.carrier.heard if each.method == method]

    def test_a_challenge_from_elsewhere_is_not_answered(self):
        self.carrier.silent = True
        self.carrier.becomes("line")
        eventually(lambda: self.carrier.attempts, "it is asked")
        self.stranger.challenges(self.carrier.attempts[0], self.carrier, self.server.address["udp"])
        self.becomes("failed")
        self.assertFalse([each for each in self.hears("REGISTER") if "Authorization" in each])
        self.assertFalse(self.stranger.all_it_hears())
        self.assertIn("127.0.0.3 challenges a REGISTER", self.server.log(1000))

    def test_a_dialog_that_leads_elsewhere_takes_no_credentials_there(self):
        self.carrier.challenges |= {"INVITE"}
        self.registers()
        call = self.phone("201").calls("0664999")
        incoming = self.carrier.receives("INVITE")
        self.carrier.contact_host = self.stranger.host
        incoming.replies(200, ANSWER)
        call.receives(200)
        self.assertNotIn("Proxy-Authorization", self.stranger.hears("ACK"))
        call.hangs_up()
        bye = self.stranger.hears("BYE")
        self.assertNotIn("Proxy-Authorization", bye)
        self.stranger.challenges(bye, self.carrier, self.server.address["udp"])
        eventually(lambda: not self.rest.items("/api/v1/calls"), "the call is over")
        for message in self.stranger.all_it_hears():
            self.assertNotIn("Authorization", str(message))

    def test_each_challenge_takes_one_cseq(self):
        self.carrier.challenges |= {"INVITE", "INFO", "BYE"}
        self.registers()
        call = self.phone("201").calls("0664999")
        incoming = self.carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        first, second = self.hears("INVITE")
        self.assertEqual(first.cseq + 1, second.cseq)
        self.assertEqual(second.cseq, incoming.receives("ACK").cseq)
        self.carrier.renews_nonce()
        info = call.sends("INFO", "Signal=1")
        incoming.receives("INFO").replies(200)
        info.receives(200)
        self.carrier.renews_nonce()
        call.hangs_up()
        incoming.receives("BYE")
        of_the_call = self.hears("INFO") + self.hears("BYE")
        numbers = sorted({each.cseq for each in of_the_call})
        self.assertEqual(list(range(second.cseq + 1, second.cseq + 5)), numbers)
        for each in of_the_call:
            answer = parse_challenge(each["Proxy-Authorization"])
            self.assertEqual(each.uri, answer["uri"])

    def test_a_challenged_prack_is_answered(self):
        self.carrier.challenges |= {"PRACK"}
        self.registers()
        call = self.phone("201").calls("0664999", headers=[("Supported", "100rel")])
        incoming = self.carrier.receives("INVITE")
        incoming.replies(183, ANSWER, reliable=True)
        self.carrier.renews_nonce()
        sent = call.acknowledges_reliably(call.receives(183))
        incoming.receives("PRACK").replies(200)
        sent.receives(200)
        first, second = self.hears("PRACK")
        self.assertEqual((first["RAck"], first.cseq + 1), (second["RAck"], second.cseq))
        self.assertEqual(second.uri, parse_challenge(second["Proxy-Authorization"])["uri"])
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")

    def test_nothing_secret_is_shown(self):
        self.carrier.challenges |= {"INVITE"}
        self.registers()
        call = self.phone("201").calls("0664999")
        incoming = self.carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        path = f"/api/v1/call-log/{self.logged_calls()[0]['id']}"
        ladder = self.rest.request("GET", path + "/ladder").text
        self.assertIn("407", ladder)
        self.assertIn("Proxy-Authorization", ladder)
        shown = [ladder, self.server.log(5000), self.rest.request("GET", TRUNK).text,
                 self.rest.request("GET", "/api/v1/trunks").text]
        digests = {parse_challenge(each[name])["response"] for each in self.carrier.heard
                   for name in ("Authorization", "Proxy-Authorization") if name in each}
        self.assertGreaterEqual(len(digests), 2)
        for text in shown:
            for secret in digests | {"pstn"}:
                self.assertNotIn(secret, text)

    def test_a_call_goes_on_after_a_crash(self):
        self.carrier.challenges |= {"INVITE", "BYE"}
        self.carrier.answers_by_itself |= {"OPTIONS"}
        self.registers()
        anna = self.phone("201")
        anna.answers_by_itself |= {"OPTIONS"}
        call = anna.calls("0664999")
        incoming = self.carrier.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        eventually(lambda: self.rows("SELECT count(*) FROM talking_call") == [(1,)], "it is stored")
        self.server.kill()
        self.carrier.renews_nonce()  # its count is not known any more
        self.server.start()
        call.hangs_up()
        incoming.receives("BYE")  # 407, and with credentials of the next run
        self.assertGreater(self.hears("BYE")[0].cseq, self.hears("INVITE")[-1].cseq)

    def test_a_challenged_call_that_rings_is_cancelled_after_a_crash(self):
        self.carrier.challenges |= {"INVITE"}
        self.registers()
        call = self.phone("201").calls("0664999")
        incoming = self.carrier.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(2,)], "it is stored")
        self.server.kill()
        self.server.start()
        cancel = incoming.receives("CANCEL")
        self.assertIsNotNone(cancel)
        invite = self.hears("INVITE")[-1]
        self.assertEqual((invite.branch, invite.cseq), (self.hears("CANCEL")[0].branch,
                                                        self.hears("CANCEL")[0].cseq))


class Failover(WireTest):
    """Several trunks for one number, in order."""
    patience = 20

    def setUp(self):
        super().setUp()
        self.first, self.second = Registrar(self.office), Registrar(self.office, ip="127.0.0.3")
        self.anna = self.phone("201")

    def trunks(self):
        self.first.becomes("first")
        self.second.becomes("second")
        for name in ("first", "second"):
            eventually(lambda: (self.rest.get(f"/api/v1/trunks/{name}")["status"] or {}).get("state")
                       in ("registered", "failed"), f"{name} knows how it is")
        self.rest.put("/api/v1/digit-plan", plan("first", "second"))

    def the_second_takes_it(self):
        call = self.anna.calls("0664999")
        incoming = self.second.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        legs = self.rest.items("/api/v1/calls")[0]["legs"]
        self.assertEqual([None, "second"], [leg["trunk"] for leg in legs
                                            if leg["state"] == "confirmed"])
        call.hangs_up()
        incoming.receives("BYE")
        self.assertEqual("second", self.logged_calls()[0]["answered_trunk"])

    def test_a_trunk_that_is_not_registered_is_passed_over(self):
        self.first.refuses = 403
        self.trunks()
        self.the_second_takes_it()
        self.assertFalse([each for each in self.first.heard if each.method == "INVITE"])

    def test_a_trunk_that_fails_is_passed_over(self):
        self.trunks()
        call = self.anna.calls("0664999")
        self.first.receives("INVITE").replies(503)
        incoming = self.second.receives("INVITE")
        incoming.replies(486)  # what the second says is the end of it
        call.receives(486)

    def test_a_trunk_that_refuses_the_credentials_of_a_call_is_passed_over(self):
        self.first.challenges |= {"INVITE"}
        self.trunks()
        self.first.password = "changed meanwhile"
        self.the_second_takes_it()
        self.assertEqual(2, len({each.branch for each in self.first.heard
                                 if each.method == "INVITE"}), "one more try, and no third")

    def test_a_silent_trunk_is_passed_over(self):
        self.trunks()
        self.first.deaf = True
        self.the_second_takes_it()


if __name__ == "__main__":
    unittest.main()
