"""The friends of a Linphone: presence of all of them by one SUBSCRIBE that lists them (RFC 5367), deflated."""
import unittest

from lib.case import eventually, talk
from lib.second_phones import SecondPhones


class Friends(SecondPhones):
    """201 watches 202 and 203, and not 205."""

    def subscription(self):
        return next((row for row in self.rest.items("/api/v1/subscriptions?watcher=201")
                     if row["package"] == "presence"), None)

    def is_told(self, after=0):
        """All there is to tell, and it has answered the last word."""
        def told():
            row = self.subscription()
            done = row and row["cseq"] > after and not row["owed"] and row["answer"] == 200
            return row if done else None
        return eventually(told, "linphone has answered what it is told")

    def test_a_linphone_asks_for_all_friends_at_once(self):
        bob, eve = self.phone("202"), self.phone("205")
        domain = self.office.domain
        anna = self.linphone("201", sip={"rls_uri": f"sip:rls@{domain}"}, friends=tuple(
            f"sip:{name}" for name in (f"202@{domain}", f"205@{domain}", "anna@elsewhere.test")))
        first = self.is_told()
        self.assertEqual("rls", first["resource"])
        anna.says(rf"202@{domain}>? is Online")
        call, incoming = talk(eve, bob)
        self.is_told(after=first["cseq"])
        anna.says(rf"202@{domain}>? is On the phone")
        call.hangs_up()
        incoming.receives("BYE")
        anna.says(rf"202@{domain}>? is Online")
        refused = 'uri="sip:anna@elsewhere.test"><instance id="1" state="terminated" reason="rejected"/>'
        eventually(lambda: refused in anna.log(), "linphone is told who is nobody here")
        log = anna.log()
        self.assertIn("Content-Encoding: deflate", log)
        for fault in ("body not starting by specified boundary", "Discarding received notification",
                      "Cannot find part"):
            self.assertNotIn(fault, log)
        self.assertIsNone(anna.process.poll(), "linphone has ended")


class FriendsOverTcp(Friends):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
