"""MESSAGE between phones of others (RFC 3428)."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones


class Messages(SecondPhones):
    def linphone_writes(self, anna, number, text="Hello from linphone"):
        anna.types(f"chat sip:{number}@{self.office.domain} {text}")

    def test_linphone_and_baresip_write_to_each_other(self):
        anna = self.linphone("201")
        bob = self.baresip("202", contact="201")
        self.linphone_writes(anna, "202")
        bob.says(r"sip:201@office\.test(?s:.)*Hello from linphone")
        bob.types("/message Hello from baresip")
        anna.says(r"Message received from .*sip:202@office\.test(?s:.)*Hello from baresip")

    def test_they_write_in_a_call(self):
        """Outside its dialog, as both do; that stays as it was."""
        anna, bob = self.linphone("201"), self.baresip("202", contact="201")
        anna.dials("202")
        bob.talks()
        self.are_in_calls(["201", "202"])
        self.linphone_writes(anna, "202")
        bob.says("Hello from linphone")
        bob.types("/message Hello from baresip")
        anna.says("Hello from baresip")
        self.are_connected_and_end(anna, bob)

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_linphone_and_sipp_write_to_each_other(self):
        anna = self.linphone("201")
        reader = self.sipp_phone("reader", "202")
        self.linphone_writes(anna, "202")
        reader.succeeds()
        eventually(lambda: "SIP/2.0 200 OK" in anna.log().split("MESSAGE sip:202@")[-1],
                   "linphone is told that it was read")
        self.sipp("message", service="201", user="202").succeeds()
        anna.says(r"sip:202@office\.test(?s:.)*Hello from SIPp")

    def test_nobody_is_there(self):
        anna = self.linphone("201")
        self.linphone_writes(anna, "203")
        eventually(lambda: "SIP/2.0 480 " in anna.log(), "linphone is told that nobody is there")

    def tearDown(self):
        self.assertEqual([], self.rest.items("/api/v1/calls"))
        for lamp in self.lamps.values():
            lamp.shows("idle")
        super().tearDown()


class MessagesOverTcp(Messages):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
