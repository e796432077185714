"""Digest authentication as a phone meets it: RFC 3261 §22, RFC 8760."""
import time
import unittest

from lib import digest
from lib.case import WireTest
from lib.message import Address
from lib.server import run


def challenge(response, name: str = "WWW-Authenticate") -> dict[str, str]:
    return digest.parse_challenge(response.headers.lines(name)[0])


class Challenges(WireTest):
    def test_register_without_credentials_is_challenged(self):
        anna = self.phone("201", registered=False)
        asked = challenge(anna.sends_register(authenticates=False).receives(401))
        self.assertEqual(self.office.domain, asked["realm"])
        self.assertIn("auth", asked["qop"])
        self.assertGreaterEqual(len(asked["nonce"]), 16)

    def test_invite_without_credentials_gets_407(self):
        anna = self.phone("201")
        call = anna.calls("202", authenticates=False)
        self.assertIn("Proxy-Authenticate", call.receives(407))

    def test_md5(self):
        anna = self.phone("201", registered=False, algorithm="MD5")
        request = anna.sends_register()
        request.receives(200)
        self.assertIn("algorithm=MD5", request.request["Authorization"])

    def test_credentials_may_name_the_exchange_by_its_address(self):
        bob = self.phone("202")
        for transport, number in (("udp", "201"), ("tcp", "203")):
            with self.subTest(transport=transport):
                anna = self.phone(number, transport=transport)
                address = self.server.address[transport][0]
                # What a phone does that has the address as its proxy and the domain in its account.
                write = anna.credentials.answer
                anna.credentials.answer = lambda challenge, method, uri: write(
                    challenge, method, uri.replace(self.office.domain, address))
                call = anna.calls("202")
                incoming = bob.receives("INVITE")
                self.assertIn(f'uri="sip:202@{address}', call.invite.request["Proxy-Authorization"])
                incoming.replies(486)
                call.receives(486)

    def test_credentials_without_qop_open_once(self):
        """As of RFC 2069, whatever the challenge offers: F4 of a call through two proxies is written so."""
        bob = self.phone("202")
        for transport, number in (("udp", "201"), ("tcp", "203")):
            with self.subTest(transport=transport):
                anna = self.phone(number, transport=transport)
                write = anna.credentials.answer
                anna.credentials.answer = lambda challenge, method, uri: write(
                    {name: challenge[name] for name in ("realm", "nonce")}, method, uri)
                call = anna.calls("202")
                incoming = bob.receives("INVITE")
                used = call.invite.request["Proxy-Authorization"]
                self.assertNotRegex(used, r"\b(qop|nc|cnonce)=")
                incoming.replies(486)
                call.receives(486)
                again = anna.calls("202", headers=[("Proxy-Authorization", used)],
                                   authenticates=False)
                asked = challenge(again.receives(407), "Proxy-Authenticate")
                self.assertEqual("true", asked["stale"].lower())

    def test_nonces_differ(self):
        anna = self.phone("201", registered=False)
        nonces = {challenge(anna.sends_register(authenticates=False).receives(401))["nonce"]
                  for _ in range(10)}
        self.assertEqual(10, len(nonces))

    def test_a_wrong_password_is_challenged_again(self):
        anna = self.phone("201", registered=False, secret="wrong")
        self.assertNotIn("stale", challenge(anna.sends_register().receives(401)))

    def test_an_unknown_user_cannot_be_told_from_a_wrong_password(self):
        answers = []
        for number in ("201", "999"):
            phone = self.phone(number, registered=False, secret="wrong", display="X")
            for request in (phone.sends_register(authenticates=False), phone.sends_register()):
                answers.append([(name, "..." if name in ("Via", "From", "To", "Call-ID",
                                                         "WWW-Authenticate") else value)
                                for name, value in request.receives(401).headers.fields])
        self.assertEqual(answers[0:2], answers[2:4])

    def test_a_wrong_password_is_no_longer_answered_at_once_after_some_attempts(self):
        anna = self.phone("201", registered=False, secret="wrong")
        began = time.monotonic()
        for _ in range(5):
            anna.sends_register().receives(401, within=20)
        self.assertGreater(time.monotonic() - began, 0.9)

    def test_a_nonce_serves_many_requests_with_rising_counts(self):
        anna = self.phone("201", registered=False)
        asked = challenge(anna.sends_register(authenticates=False).receives(401))
        for count in (1, 2, 3):
            answer = anna.credentials.answer(asked, "REGISTER", f"sip:{anna.domain}", count=count)
            anna.sends_register(headers=[("Authorization", answer)]).receives(200)

    def test_a_count_used_before_is_stale(self):
        anna = self.phone("201", registered=False)
        asked = challenge(anna.sends_register(authenticates=False).receives(401))
        answer = anna.credentials.answer(asked, "REGISTER", f"sip:{anna.domain}", count=1)
        headers = [("Authorization", answer)]
        anna.sends_register(headers=headers).receives(200)
        again = anna.sends_register(headers=headers, authenticates=False).receives(401)
        self.assertEqual("true", challenge(again)["stale"].lower())

    def test_a_made_up_nonce_is_not_accepted(self):
        anna = self.phone("201", registered=False)
        asked = challenge(anna.sends_register(authenticates=False).receives(401))
        asked["nonce"] = "0123456789abcdef" * 2
        answer = anna.credentials.answer(asked, "REGISTER", f"sip:{anna.domain}")
        anna.sends_register(headers=[("Authorization", answer)], authenticates=False).receives(401)

    def test_credentials_for_another_method_are_not_accepted(self):
        anna = self.phone("201", registered=False)
        asked = challenge(anna.sends_register(authenticates=False).receives(401))
        answer = anna.credentials.answer(asked, "INVITE", f"sip:{anna.domain}")
        anna.sends_register(headers=[("Authorization", answer)], authenticates=False).receives(401)

    def test_a_phone_cannot_register_for_another_extension(self):
        anna, bob = self.phone("201"), self.phone("202", registered=False)
        request = anna.request("REGISTER", f"sip:{anna.domain}", to=f"<{bob.aor}>",
                               headers=[("Contact", f"<{anna.contact}>")])
        anna.sends(request).receives(403)
        bob.registers(None, contacts=[])
        self.phone("203").calls("202").receives(480)

    def test_a_call_in_another_name_is_refused(self):
        anna = self.phone("201")
        call = anna.calls("202", from_=Address("sip:203@office.test", "Carol Reyes", {"tag": "x1"}))
        call.receives(403)


@unittest.skipUnless("--digest " in run("serve", "--help"), "this server has no --digest yet")
class Sha256(WireTest):
    """An office that knows its phones offers SHA-256, before MD5 (RFC 8760 §2.4)."""
    options = ["--digest", "sha-256,md5"]

    def test_the_stronger_one_is_offered_first(self):
        anna = self.phone("201", registered=False)
        offers = anna.sends_register(authenticates=False).receives(401)
        self.assertEqual(["SHA-256", "MD5"], [digest.parse_challenge(line)["algorithm"] for line in
                                              offers.headers.lines("WWW-Authenticate")])

    def test_both_are_accepted(self):
        for algorithm in ("SHA-256", "MD5"):
            phone = self.phone("201", registered=False, algorithm=algorithm)
            request = phone.sends_register()
            request.receives(200)
            self.assertIn(f"algorithm={algorithm}", request.request["Authorization"])
        call = phone.calls("202")
        call.receives(480)

    def test_a_wrong_secret_in_sha256(self):
        anna = self.phone("201", registered=False, secret="wrong", algorithm="SHA-256")
        anna.sends_register().receives(401)


class ShortLivedNonces(WireTest):
    options = ["--nonce-lifetime", "10"]

    def test_an_old_nonce_is_stale_and_the_phone_goes_on_by_itself(self):
        anna = self.phone("201", registered=False)
        asked = challenge(anna.sends_register(authenticates=False).receives(401))

        def answer_with_old_nonce():
            answer = anna.credentials.answer(asked, "REGISTER", f"sip:{anna.domain}")
            request = anna.sends_register(None, contacts=[], headers=[("Authorization", answer)],
                                          authenticates=False)
            return request.receives(200, 401)

        while (response := answer_with_old_nonce()).status == 200:
            anna.pings()
        self.assertEqual("true", challenge(response)["stale"].lower())
        anna.registers()


if __name__ == "__main__":
    unittest.main()
