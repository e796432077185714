"""The tests' own SIP stack, held against the RFCs' examples and against itself. Needs no server."""
import unittest

from lib import dialog_info, digest, message, sdp
from lib.event_loop import loop
from lib.phone import Phone
from lib.relay import LossyRelay


class Messages(unittest.TestCase):
    def test_what_is_parsed_is_written_again_to_the_byte(self):
        text = (b"INVITE sip:bob@office.test SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                b"Subject:  two  words\r\nContent-Length: 4\r\n\r\nv=0\n")
        again = bytes(message.parse(text))
        self.assertEqual(text.replace(b"Subject:  ", b"Subject: "), again)

    def test_lists_compact_forms_and_folded_lines(self):
        parsed = message.parse(b'SIP/2.0 200 OK\r\nm: "a, b" <sip:a@b;x=1,2>, <sip:c@d>\r\n'
                               b"Subject: one\r\n two\r\n\r\n")
        self.assertEqual(['"a, b" <sip:a@b;x=1,2>', "<sip:c@d>"], parsed.headers.values("Contact"))
        self.assertEqual("one two", parsed["Subject"])

    def test_a_stream_is_cut_at_content_length(self):
        one = bytes(message.Message(method="INFO", uri="sip:a", body="12345"))
        buffer = bytearray(b"\r\n\r\n" + one + one[:-1])
        self.assertEqual(b"12345", message.take_from_stream(buffer).body)
        self.assertIsNone(message.take_from_stream(buffer))
        buffer += b"5"
        self.assertEqual(b"12345", message.take_from_stream(buffer).body)

    def test_addresses(self):
        address = message.Address.parse('"Anna \\"A\\" Lee" <sip:207@office.test;user=phone>;tag=x')
        self.assertEqual(('Anna "A" Lee', "207", "x"),
                         (address.display, address.user, address.params["tag"]))
        self.assertEqual({"tag": "y"}, message.Address.parse("sip:a@b;tag=y").params)
        self.assertEqual({"tag": "z"}, message.Address.parse("<sip:a@b>tag=z").params)

    def test_digest_of_rfc_7616(self):
        challenge = digest.parse_challenge(
            'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"')
        self.assertEqual(("SHA-256", "auth, auth-int"), (challenge["algorithm"], challenge["qop"]))
        self.addCleanup(setattr, digest, "secrets", digest.secrets)
        digest.secrets = _Fixed("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        answer = digest.Credentials("Mufasa", "Circle of Life").answer(challenge, "GET",
                                                                       "/dir/index.html")
        self.assertIn("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", answer)

    def test_the_most_urgent_dialog_decides_the_lamp(self):
        def document(*states):
            dialogs = "".join(f'<dialog id="{i}"><state>{s}</state></dialog>'
                              for i, s in enumerate(states))
            return dialog_info.parse((f'<dialog-info xmlns="{dialog_info.NS[1:-1]}" version="1" '
                                      f'state="full">{dialogs}</dialog-info>').encode())
        self.assertEqual("idle", document().lamp)
        self.assertEqual("idle", document("terminated").lamp)
        self.assertEqual("early", document("confirmed", "early", "terminated").lamp)


class _Fixed:
    """Stands for the module `secrets` where an example names the client nonce."""

    def __init__(self, value: str):
        self.value = value

    def token_hex(self, _: int) -> str:
        return self.value


class PhoneToPhone(unittest.TestCase):
    """Two phones with nothing in between but, in one test, a bad line."""

    def pair(self, transport: str = "udp", relay: bool = False) -> tuple[Phone, Phone]:
        anna, bob = (Phone(number, "x", "office.test", {}, transport=transport, listens=True)
                     for number in ("201", "202"))
        for phone, other in ((anna, bob), (bob, anna)):
            phone.address = {"udp": other.sockets.udp_address, "tcp": other.listening}
            if relay:
                line = LossyRelay(other.sockets.udp_address, loss=0.2, seed=len(phone.number))
                self.addCleanup(line.close)
                phone.address = line.address
            self.addCleanup(phone.unplugs)
        return anna, bob

    def a_call(self, anna: Phone, bob: Phone):
        call = anna.calls("202")
        incoming = bob.receives("INVITE")
        self.assertEqual(sdp.OFFER.encode(), incoming.offer)
        incoming.replies(180)
        incoming.replies(200, sdp.ANSWER)
        self.assertEqual(sdp.ANSWER.encode(), call.invite.receives_final().body)
        incoming.receives("ACK")
        held = call.sends("INVITE", sdp.sdp("caller", 2, "sendonly"))
        incoming.receives("INVITE").replies(200, sdp.ANSWER)
        held.receives(200)
        incoming.hangs_up()
        call.receives("BYE")

    def test_a_call(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport):
                anna, bob = self.pair(transport)
                self.a_call(anna, bob)
                self.assertEqual([], anna.unexpected + bob.unexpected + loop.faults)

    def test_a_call_over_a_bad_line(self):
        loop.deadline, patient = 40, loop.deadline
        self.addCleanup(setattr, loop, "deadline", patient)
        anna, bob = self.pair(relay=True)
        for _ in range(3):
            self.a_call(anna, bob)
        self.assertEqual([], anna.unexpected + bob.unexpected + loop.faults)

    def test_cancel(self):
        anna, bob = self.pair()
        call = anna.calls("202")
        incoming = bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        call.cancels()
        incoming.receives("CANCEL")

    def test_what_nobody_expected_is_found(self):
        anna, bob = self.pair()
        anna.calls("202")
        loop.wait(lambda: bob.unexpected, "an INVITE nobody expected")

    def test_notifies_that_break_a_rule_are_found(self):
        anna, bob = self.pair()

        def notifies(cseq: int, version: int, waits: bool = True):
            body = f'<dialog-info xmlns="{dialog_info.NS[1:-1]}" version="{version}" state="full"/>'
            sent = anna.sends(anna.request(
                "NOTIFY", bob.contact, call_id="one", cseq=cseq, body=body, to=f"<{bob.aor}>",
                content_type="application/dialog-info+xml",
                headers=[("Event", "dialog"), ("Subscription-State", "active")]))
            if waits:
                sent.receives(200)

        notifies(1, 1)
        notifies(2, 2)
        self.assertEqual([], bob.faults)
        notifies(3, 4)
        self.assertIn("version 4 after 2", bob.faults[-1])
        notifies(3, 5)
        self.assertIn("CSeq 3 after 3", bob.faults[-1])
        bob.answers_notify = lambda notification: None
        notifies(4, 6, waits=False)
        notifies(5, 7, waits=False)
        loop.wait(lambda: "another is unanswered" in bob.faults[-1], "a fault")


if __name__ == "__main__":
    unittest.main()
