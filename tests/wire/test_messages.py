"""MESSAGE between phones, outside and inside a call (RFC 3428)."""
import shutil
import unittest

from lib.case import WireTest, eventually, talk
from lib.message import Address
from lib.real_office import RealPhones

TEXT = "Mittag um eins? Größe egal."


class Messages(WireTest):
    def writes(self, phone, number, body=TEXT, content_type="text/plain;charset=utf-8", **options):
        return phone.sends(phone.request("MESSAGE", phone.aor_of(number), body=body,
                                         content_type=content_type, **options))

    def from_phone_to_phone(self, here, there):
        anna, bob = self.phone("201", transport=here), self.phone("202", transport=there)
        sent = self.writes(anna, "202", headers=[("Subject", "Lunch"), ("X-Secret", "no"),
                                                 ("P-Asserted-Identity", "<sip:1@office.test>")])
        received = bob.receives("MESSAGE")
        message = received.message
        self.assertEqual(TEXT.encode(), message.body)
        self.assertEqual("text/plain;charset=utf-8", message["Content-Type"])
        sender = Address.parse(message["From"])
        self.assertEqual(("sip:201@office.test", "Anna Lee"), (sender.uri, sender.display))
        self.assertEqual(bob.contact, message.uri)
        self.assertEqual("Lunch", message["Subject"])
        self.assertEqual("69", message["Max-Forwards"])
        for name in ("X-Secret", "P-Asserted-Identity", "Contact", "Proxy-Authorization"):
            self.assertNotIn(name, message)
        received.replies(200)
        self.assertNotIn("Contact", sent.receives(200))
        self.assertEqual([407], [each.status for each in anna.heard if each.status >= 300][-1:])

    def test_udp_to_udp(self):
        self.from_phone_to_phone("udp", "udp")

    def test_udp_to_tcp(self):
        self.from_phone_to_phone("udp", "tcp")

    def test_tcp_to_udp(self):
        self.from_phone_to_phone("tcp", "udp")

    def test_tcp_to_tcp(self):
        self.from_phone_to_phone("tcp", "tcp")

    def test_a_repeated_message_is_delivered_once(self):
        anna, bob = self.phone("201"), self.phone("202")
        sent = self.writes(anna, "202")
        received = bob.receives("MESSAGE")
        eventually(lambda: received.transaction.received >= 2, "Lampline repeats it to 202")
        received.replies(200)
        sent.receives(200)
        anna.flow().send(sent.request)

        def accepted():
            return [each for each in anna.heard
                    if (each.status, each.cseq_method) == (200, "MESSAGE")]
        eventually(lambda: len(accepted()) == 2, "the repetition gets the same answer")
        self.assertEqual(1, len({each.branch for each in bob.heard if each.method == "MESSAGE"}))

    def test_with_the_name_of_another(self):
        anna = self.phone("201")
        self.phone("202")
        forged = Address("sip:203@office.test", "", {"tag": "x"})
        refused = self.writes(anna, "202", from_=forged).receives(403)
        self.assertIn("From is not the address of the credentials", refused["Warning"])

    def test_where_nobody_is(self):
        anna = self.phone("201")
        self.writes(anna, "999").receives(404)
        self.writes(anna, "202").receives(480)

    def test_the_phone_refuses(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        sent = self.writes(anna, "202", content_type="application/x-unheard-of")
        bob.receives("MESSAGE").replies(415)
        sent.receives(415)

    def test_too_long(self):
        anna = self.phone("201", transport="tcp")
        bob = self.phone("202", transport="tcp")
        self.writes(anna, "202", body="x" * 9000).receives(413)
        sent = self.writes(anna, "202", body="x" * 8000)
        bob.receives("MESSAGE").replies(200)
        sent.receives(200)

    def test_in_a_call(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        outgoing, incoming = talk(anna, bob)
        sent = outgoing.sends("MESSAGE", TEXT)
        received = incoming.receives("MESSAGE")
        self.assertEqual(TEXT.encode(), received.message.body)
        received.replies(200)
        sent.receives(200)
        outgoing.hangs_up()
        incoming.receives("BYE")


@unittest.skipUnless(shutil.which("baresip") and shutil.which("sipp"), "needs baresip and sipp")
class MessagesOfOthers(RealPhones):
    def sipp_writes_to_baresip(self, transport):
        bob = self.baresip("202", 440, transport)
        sipp = self.sipp("message", service="202", user="205")
        bob.says("Hello from SIPp")
        sipp.succeeds()

    def test_sipp_writes_to_baresip(self):
        self.sipp_writes_to_baresip("udp")

    def test_sipp_writes_to_baresip_over_tcp(self):
        self.sipp_writes_to_baresip("tcp")

    def test_baresip_writes(self):
        bob = self.phone("202")
        eve = self.baresip("205", 1000, "tcp", contact="202")
        eve.types("/message Hello from baresip")
        received = bob.receives("MESSAGE")
        self.assertEqual(b"Hello from baresip", received.message.body)
        received.replies(200)


if __name__ == "__main__":
    unittest.main()
