"""Bytes that no phone should send: the server drops or refuses them, and goes on serving."""
import random
import socket
import time
import unittest

from lib import digest
from lib.case import WireTest, talk
from lib.message import Message
from lib.sdp import ANSWER, OFFER
from test_publications import dialog_info

MUTATIONS = 1500
TWO_BEATS = 0.25  # seconds, of the server's heart; by each it looks whether it is overloaded


def messages(phone) -> list[bytes]:
    """One request of each kind, and two responses, as a phone writes them."""
    found = [phone.request("OPTIONS", f"sip:{phone.domain}"),
             phone.request("REGISTER", f"sip:{phone.domain}", to=f"<{phone.aor}>",
                           headers=[("Contact", f"<{phone.contact}>;q=0.5"), ("Expires", "600"),
                                    ("Path", "<sip:192.0.2.1;lr>")]),
             phone.request("INVITE", phone.aor_of("202"), body="v=0\r\n",
                           headers=[("Session-Expires", "600"), ("Supported", "100rel, timer")]),
             phone.request("SUBSCRIBE", phone.aor_of("202"),
                           headers=[("Event", "dialog;id=1"), ("Expires", "600")]),
             phone.request("ACK", phone.aor_of("202")),
             phone.request("CANCEL", phone.aor_of("202")),
             phone.request("BYE", phone.aor_of("202"), to="<sip:202@office.test>;tag=t"),
             phone.request("REFER", phone.aor_of("202"),
                           headers=[("Refer-To", "<sip:203@office.test?Replaces=a%3Bto-tag=b>")])]
    request = phone.request("NOTIFY", f"sip:{phone.domain}")
    for status in (180, 200):
        found.append(phone.response(request, status, "tag"))
    return [bytes(message) for message in found]


def mutate(text: bytes, chance: random.Random) -> bytes:
    """One to six accidents: bytes flipped, cut, doubled, numbers blown up, lines lost."""
    damaged = bytearray(text)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(max(1, len(damaged)))
        match chance.randrange(8):
            case 0: damaged[at:at + 1] = bytes([chance.randrange(256)])
            case 1: del damaged[at:at + chance.randint(1, 40)]
            case 2: damaged[at:at] = damaged[at:at + chance.randint(1, 200)]
            case 3: damaged[at:at] = chance.randbytes(chance.randint(1, 20))
            case 4: damaged = bytearray(bytes(damaged).replace(b"\r\n", chance.choice(
                [b"\n", b"\r", b"\r\n ", b"\r\n\r\n"]), chance.randint(1, 3)))
            case 5: damaged = bytearray(bytes(damaged).replace(
                chance.choice([b"1", b"70", b"600", b"0"]),
                chance.choice([b"-1", b"99999999999999999999", b"4294967296", b""]), 1))
            case 6: damaged[at:at] = chance.choice([b"<", b">", b'"', b";", b",", b"%00", b"\x00",
                                                    b"@", b"sip:", b"[::", b"?a=b", b"<sip:"])
            case 7:
                lines = bytes(damaged).split(b"\r\n")
                lines.pop(chance.randrange(len(lines)))
                damaged = bytearray(b"\r\n".join(lines))
    return bytes(damaged[:65000])


def mutate_a_line(text: bytes, chance: random.Random, spared: tuple[bytes, ...] = ()) -> bytes:
    """Accidents to the value of one header, but of no `spared` one, or to the body; what stands around it is still
    understood, and so leads further in."""
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    places = [i for i, line in enumerate(lines) if not line.startswith((b"Content-Length", *spared))]
    if body:
        places += [-1] * 5
    at = chance.choice(places)
    if at < 0:
        body = mutate(body, chance)
    else:
        name, _, value = lines[at].partition(b":")
        lines[at] = name + b":" + mutate(value, chance)
    lines = [line for line in lines if not line.startswith(b"Content-Length")]
    return b"\r\n".join([first, *lines, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body


def within(call) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Method, body, type of the body and headers of what a phone may send in a call that it talks in."""
    timer = [("Session-Expires", "90;refresher=uac"), ("Min-SE", "90"), ("Supported", "timer")]
    dialog = f"{call.dialog.call_id}%3Bto-tag%3D{call.dialog.remote_tag}%3Bfrom-tag%3D{call.dialog.local_tag}"
    return [("INVITE", OFFER, "application/sdp", timer), ("UPDATE", OFFER, "application/sdp", timer),
            ("INFO", "Signal=5\r\nDuration=160\r\n", "application/dtmf-relay", []),
            ("MESSAGE", "hello", "text/plain", []), ("OPTIONS", "", "", []),
            ("PRACK", "", "", [("RAck", "1 1 INVITE")]),
            ("REFER", "", "", [("Refer-To", f"<sip:203@office.test?Replaces={dialog}>"),
                               ("Referred-By", "<sip:204@office.test>")]),
            ("NOTIFY", "SIP/2.0 180 Ringing", "message/sipfrag;version=2.0",
             [("Event", "refer;id=2"), ("Subscription-State", "active;expires=60")])]


class BadInput(WireTest):
    def setUp(self):
        super().setUp()
        self.anna = self.phone("201")
        self.writer = self.phone("203", registered=False)   # its Via gets some of the answers
        self.writer.deaf = True
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger.bind(("127.0.0.1", 0))
        self.addCleanup(self.stranger.close)

    def sends(self, datagram: bytes) -> None:
        self.stranger.sendto(datagram, self.server.address["udp"])

    def sends_by_tcp(self, stream: bytes) -> None:
        """A connection of its own, closed when all is written or the server has had enough."""
        with socket.create_connection(self.server.address["tcp"], timeout=5) as connection:
            try:
                connection.sendall(stream)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(0.2)
                connection.recv(65536)
            except OSError:
                pass

    def serves(self) -> None:
        """OPTIONS over both transports, and a call."""
        flooded = time.monotonic()
        while time.monotonic() < flooded + TWO_BEATS:  # until then new calls may be refused
            self.anna.pings()
        bob = self.phone("202", transport="tcp")
        bob.pings()
        call, incoming = talk(self.anna, bob)
        call.hangs_up()
        incoming.receives("BYE")

    def test_garbage(self):
        chance = random.Random(1)
        for size in (0, 1, 2, 3, 4, 20, 500, 1500, 9000, 65507):
            self.sends(chance.randbytes(size))
            self.sends(b"\0" * size)
            self.sends(b"A" * size)
        for size in (1, 500, 200_000):
            self.sends_by_tcp(chance.randbytes(size))
        self.serves()

    def test_truncated_messages(self):
        for text in messages(self.writer):
            for end in range(0, len(text), 7):
                self.sends(text[:end])
        self.serves()

    def test_mutated_messages_over_udp(self):
        chance, texts = random.Random(2), messages(self.writer)
        for number in range(MUTATIONS):
            self.sends(mutate(chance.choice(texts), chance))
            if number % 50 == 0:
                self.anna.pings()      # not faster than the server reads
        self.serves()

    def test_mutated_messages_over_tcp(self):
        chance, texts = random.Random(3), messages(self.writer)
        for _ in range(60):
            self.sends_by_tcp(b"".join(mutate(chance.choice(texts), chance) for _ in range(10)))
        self.serves()

    def test_each_header_missing_doubled_empty_and_huge(self):
        for text in messages(self.writer):
            head, _, body = text.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            for i in range(1, len(lines)):
                name = lines[i].partition(b":")[0]
                for changed in ([], [lines[i]] * 2, [lines[i]] * 70, [name + b":"],
                                [lines[i] + b"x" * 9000]):
                    damaged = lines[:i] + changed + lines[i + 1:]
                    self.sends(b"\r\n".join(damaged) + b"\r\n\r\n" + body)
            self.anna.pings()
        self.serves()

    def test_a_via_that_no_answer_can_be_sent_to(self):
        for via in ("127.0.0.1:0", "0.0.0.0:5060", "255.255.255.255:5060", "[::]:0", ":",
                    "nowhere.invalid:99999", "127.0.0.1:5060;received=;rport=0", "224.0.0.1:5060"):
            for method in ("OPTIONS", "INVITE", "ACK", "REGISTER"):
                request = self.anna.request(method, self.anna.aor_of("202"))
                request.headers.set("Via", f"SIP/2.0/UDP {via};branch=z9hG4bK1{method}")
                self.sends(bytes(request))
        self.serves()

    def test_a_response_to_nothing(self):
        request = self.anna.request("INVITE", self.anna.aor)
        for status in (100, 180, 200, 302, 401, 487, 699):
            self.sends(bytes(self.anna.response(request, status, "x")))
        self.serves()

    def test_a_stream_without_end(self):
        for head in (b"REGISTER sip:office.test SIP/2.0\r\nX-Long: ", b"\r\n\r\n" * 1000, b""):
            self.sends_by_tcp(head + b"a" * 3_000_000)
        self.serves()

    def test_an_absurd_content_length(self):
        for length in ("-1", "0x10", "99999999999", "1e3", " ", "70000"):
            request = self.anna.request("OPTIONS", f"sip:{self.anna.domain}",
                                        headers=[("Content-Length", length)])
            self.sends(bytes(request))
            self.sends_by_tcp(bytes(request) * 3)
        self.serves()

    def test_many_idle_connections(self):
        idle = [socket.create_connection(self.server.address["tcp"]) for _ in range(200)]
        self.serves()
        for connection in idle:
            connection.close()

    def test_an_unparsable_request_gets_a_reason_or_silence(self):
        request = self.anna.request("OPTIONS", f"sip:{self.anna.domain}",
                                    headers=[("CSeq", "x OPTIONS")])
        self.sends(bytes(request))
        self.anna.pings()
        self.stranger.setblocking(False)
        try:
            self.assertTrue(self.stranger.recv(65536).startswith(b"SIP/2.0 400 "))
        except BlockingIOError:
            pass

    def test_each_malformed_header_is_named(self):
        """400 with a Warning, whatever is asked for; over TCP the connection stays."""
        usual = {"REGISTER": ("Contact", "Expires", "Path", "Require"),
                 "INVITE": ("Contact", "Expires", "Session-Expires", "Min-SE", "Content-Type", "Route"),
                 "SUBSCRIBE": ("Contact", "Expires", "Event", "Route"),
                 "NOTIFY": ("Contact", "Event", "Subscription-State"),
                 "PUBLISH": ("Expires", "Event", "Content-Type"),
                 "REFER": ("Contact", "Expires", "Event", "Max-Forwards")}
        once = {"REGISTER": ("Expires", "From", "To", "Call-ID", "CSeq", "Max-Forwards"),
                "INVITE": ("Session-Expires", "Contact"), "SUBSCRIBE": ("Event", "Expires", "Contact"),
                "NOTIFY": ("Event", "Subscription-State"), "PUBLISH": ("Event", "SIP-If-Match"),
                "REFER": ("Contact", "CSeq")}
        well = {"Contact": f"<{self.anna.contact}>", "Expires": "600", "Event": "dialog", "Session-Expires": "90",
                "SIP-If-Match": "a", "Subscription-State": "active", "Max-Forwards": "70",
                "From": f"<{self.anna.aor}>;tag=x", "To": f"<{self.anna.aor}>", "Call-ID": "x"}
        for transport in "udp", "tcp":
            phone = self.phone("204", transport=transport)

            def refused(method: str, name: str, lines: list[tuple[str, str]]) -> None:
                request = phone.request(method, phone.aor, headers=lines)
                with self.subTest(transport=transport, method=method, lines=lines):
                    answer = phone.sends(request).receives(400)
                    self.assertTrue(answer["Warning"].startswith(f'399 lampline "{name}: expected '))
            for method, names in usual.items():
                for name in names:
                    refused(method, name, [(name, "<" if name in ("Contact", "Path", "Route") else ";;")])
            for method, names in once.items():
                for name in names:
                    value = f"1 {method}" if name == "CSeq" else well[name]
                    refused(method, name, [(name, value)] * 2)
            phone.pings()

    def test_a_header_that_its_reader_refuses(self):
        """Behind the door: 400 with a Warning that names it."""
        for method, name, headers in (
                ("REFER", "Refer-To", [("Refer-To", "<sip:202@office.test>, <sip:203@office.test>")]),
                ("REFER", "Referred-By", [("Refer-To", "<sip:202@office.test>"),
                                          ("Referred-By", "<sip:201@office.test>, <sip:203@office.test>")]),
                ("REFER", "Referred-By", [("Refer-To", "<sip:202@office.test>"),
                                          ("Referred-By", "<sip:201@office.test>"),
                                          ("Referred-By", "<sip:201@office.test>")]),
                ("INVITE", "Replaces", [("Replaces", "a;to-tag=b;from-tag=c")] * 2),
                ("INVITE", "Join", [("Join", "a;to-tag=b;from-tag=c")] * 2)):
            with self.subTest(headers=headers):
                request = self.anna.request(method, self.anna.aor, headers=[
                    *headers, ("Contact", f"<{self.anna.contact}>")])
                self.assertIn(name, self.anna.sends(request).receives(400)["Warning"])

    def test_connections_of_nobody_make_room_for_each_other(self):
        """The oldest are closed, long before their minute is over, and those of phones stay."""
        bob = self.phone("204", transport="tcp")
        idle = []
        for _ in range(520):
            idle.append(socket.create_connection(self.server.address["tcp"]))
            self.addCleanup(idle[-1].close)
        for connection in idle[:8]:
            connection.settimeout(self.patience)
            self.assertEqual(b"", connection.recv(1))
        idle[-1].setblocking(False)
        self.assertRaises(BlockingIOError, idle[-1].recv, 1)
        bob.pings()
        self.serves()

    def test_mutated_messages_with_right_credentials(self):
        """What is damaged behind the door reaches registrar, calls and subscriptions."""
        chance = random.Random(4)
        dan, silent = self.phone("204"), self.phone("202")
        silent.deaf = True                     # rings as long as nobody gives up
        asked = digest.parse_challenge(
            dan.sends_register(authenticates=False).receives(401)["WWW-Authenticate"])
        dan.deaf = True
        for number in range(1, 500):
            text = chance.choice(messages(dan)[:4])        # OPTIONS, REGISTER, INVITE, SUBSCRIBE
            method, uri = text.split(b" ")[:2]
            answer = dan.credentials.answer(asked, method.decode(), uri.decode())
            name = "Proxy-Authorization" if method == b"INVITE" else "Authorization"
            head, _, body = text.partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            damaged = chance.randrange(len(lines))
            lines[damaged] = mutate(lines[damaged], chance)
            lines.insert(0, f"{name}: {answer}".encode())
            dan.sends_raw(b"\r\n".join([first, *lines]) + b"\r\n\r\n" + body)
            if number % 50 == 0:
                self.anna.pings()
        self.serves()

    def test_mutated_requests_within_a_call(self):
        """Of a phone that talks to one which says no more: what is still understood reaches the call."""
        chance = random.Random(5)
        dan, eve = self.phone("204"), self.phone("205")
        call, _ = talk(dan, eve)
        dan.deaf = eve.deaf = True
        for number in range(1, 500):
            method, body, content_type, headers = chance.choice(within(call))
            request = call.dialog.request(method, headers, body, content_type or None)
            dan.sends_raw(mutate_a_line(bytes(request), chance, (b"CSeq", b"Call-ID")))
            if number % 50 == 0:
                self.anna.pings()
        self.serves()

    def test_mutated_publications(self):
        """XML of who may publish, read behind the door."""
        chance = random.Random(6)
        bob = self.phone("202")

        def publish(body: str) -> Message:
            return bob.request("PUBLISH", bob.aor, body=body, content_type="application/dialog-info+xml",
                               headers=[("Event", "dialog"), ("Expires", "600")])
        text = dialog_info()
        asked = digest.parse_challenge(
            bob.sends(publish(text), authenticates=False).receives(401)["WWW-Authenticate"])
        bob.deaf = True
        for number in range(1, 500):
            request = publish(text)
            request.headers.add("Authorization", bob.credentials.answer(asked, "PUBLISH", bob.aor))
            bob.sends_raw(mutate_a_line(bytes(request), chance, (b"Authorization", b"Call-ID")))
            if number % 50 == 0:
                self.anna.pings()
        self.serves()

    def test_mutated_answers(self):
        """To the INVITE of each call that rings at a phone, and to what follows in it."""
        chance, whim = random.Random(7), random.Random(8)   # the loop's thread has its own
        dan, eve = self.phone("204"), self.phone("205")
        asked = digest.parse_challenge(
            dan.sends_register(authenticates=False).receives(401)["WWW-Authenticate"])
        dan.deaf = True

        def answers(request: Message, flow) -> None:
            if not request.is_request or request.method == "ACK":
                return
            for status in whim.sample((180, 183, 200, 302, 401, 422, 486, 503), 2):
                answer = eve.response(request, status, "t", ANSWER if status in (183, 200) else "",
                                      [("Require", "100rel"), ("RSeq", "1")] if status == 183 else
                                      [("Session-Expires", "90;refresher=uas"), ("Min-SE", "90"),
                                       ("Retry-After", "1")])
                flow.send(mutate_a_line(bytes(answer), whim, (b"Via", b"CSeq", b"Call-ID")))
        eve.sockets.receive = answers
        for number in range(1, 200):
            uri = dan.aor_of("205")
            invite = dan.request("INVITE", uri, body=OFFER, headers=[
                ("Supported", "100rel, timer"),
                ("Proxy-Authorization", dan.credentials.answer(asked, "INVITE", uri))])
            dan.sends_raw(bytes(invite) if chance.random() < 0.8 else mutate_a_line(bytes(invite), chance))
            if number % 10 == 0:
                self.anna.pings()
        eve.sockets.receive = lambda message, flow: None
        self.serves()

    def test_xml_that_cannot_be_read(self):
        """The body of a SUBSCRIBE, whatever it asks for; what can be read is ignored."""
        for event in ("dialog", "presence", "message-summary", "call-info"):
            def asks(text: str, content_type: str = "application/simple-filter+xml"):
                request = self.anna.request(
                    "SUBSCRIBE", self.anna.aor, body=text, content_type=content_type,
                    headers=[("Event", event), ("Expires", "600"), ("Accept", "*/*")])
                return self.anna.subscribes(request, "201", event).subscribe
            for text in ("<filter-set>", "<a>" * 17 + "</a>" * 17,
                         "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                         "<a>" + " " * 33_000 + "</a>"):
                with self.subTest(event=event, text=text[:20]):
                    self.assertIn("Content-Type", asks(text).receives(400)["Warning"])
            asks("<filter-set/>").receives(200)
            asks("<", "text/plain").receives(200)
        self.serves()

    def test_a_number_of_somebody_elses_plan(self):
        """RFC 3966 §5.1.5; it rings nobody who has that number here."""
        bob = self.phone("202")
        refused = self.anna.calls("tel:202;phone-context=elsewhere.test").receives(404)
        self.assertIn("Request-URI", refused["Warning"])
        bob.pings()
        written = f"sip:202;phone-context=elsewhere.test@{self.anna.domain};user=phone"
        for uri in "tel:202;phone-context=elsewhere.test", written:
            for method, headers in (("SUBSCRIBE", [("Event", "dialog")]), ("MESSAGE", []),
                                    ("REFER", [("Refer-To", "<sip:203@office.test>")])):
                with self.subTest(method=method, uri=uri):
                    request = self.anna.request(method, uri, headers=[
                        *headers, ("Contact", f"<{self.anna.contact}>")])
                    self.assertIn("Request-URI", self.anna.sends(request).receives(404)["Warning"])
        self.assertIn("Request-URI", self.anna.calls(written).receives(404)["Warning"])
        eve = self.phone("205")
        call = self.anna.calls("205")
        eve.receives("INVITE").replies(302, headers=[
            ("Contact", f"<{written}>"), ("Contact", "<tel:202;phone-context=elsewhere.test>")])
        call.receives(403)
        bob.pings()
        for context in self.anna.domain, "+43":
            call = self.anna.calls(f"tel:202;phone-context={context}")
            bob.receives("INVITE").replies(486)
            call.receives(486)

    def test_authenticated_nonsense(self):
        """With right credentials the message gets further: URIs, numbers and dates of all kinds."""
        for headers in ([("Contact", "<sip:201@[::1>")], [("Contact", "<tel:201>")],
                        [("Contact", "*")], [("Contact", "<mailto:a@b>")],
                        [("Contact", "<sip:201@x" + "y" * 3000 + ">")],
                        [("Expires", "4294967296")], [("Contact", "<sip:201@1.2.3.4?To=x>;q=7.5")]):
            with self.subTest(headers):
                request = self.anna.request("REGISTER", f"sip:{self.anna.domain}",
                                            to=f"<{self.anna.aor}>", headers=headers)
                self.anna.sends(request).receives_final()
        self.serves()


if __name__ == "__main__":
    unittest.main()
