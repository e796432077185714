"""Phones of others that redirect, and callers that are redirected (RFC 3261 §8.3)."""
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones


class Redirected(SecondPhones):
    """Phones that answer 302, and callers that are answered 302."""

    def test_linphone_sends_it_on(self):
        caller, bob, carol = self.baresip("201"), self.linphone("202", False), self.baresip("203")
        caller.dials("202")
        bob.rings()
        bob.types(f"redirect 1 sip:203@{self.office.domain}")
        carol.talks()
        self.talks_and_ends(caller, carol, ("202", "deflected"))

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_sends_it_on(self):
        caller, carol = self.linphone("201"), self.linphone("203")
        sipp = self.sipp_phone("moved", "202", keys={"target": "203"})
        caller.dials("202")
        carol.talks()
        sipp.succeeds()
        self.talks_and_ends(caller, carol, ("202", "deflected"))

    def is_told_where(self, caller, callee):
        answer = self.rest.request("PATCH", f"/api/v1/extensions/{callee.number}",
                                   {"mode": "redirect"})
        self.assertEqual(200, answer.status, answer.text)
        caller.dials(callee.number)
        callee.talks()
        self.talks_and_ends(caller, callee)
        self.recorded(("redirected", (caller.number, "unanswered")),
                      ("answered", (caller.number, "answered"), (callee.number, "answered")))

    def test_linphone_is_told_where_the_phone_is(self):
        self.is_told_where(self.linphone("201"), self.baresip("202"))

    def test_baresip_is_told_where_the_phone_is(self):
        self.is_told_where(self.baresip("201"), self.linphone("202"))

    def is_told_that_nobody_is_there(self, caller, heard):
        answer = self.rest.request("PATCH", "/api/v1/extensions/203", {"mode": "redirect"})
        self.assertEqual(200, answer.status, answer.text)
        caller.dials("203")
        eventually(lambda: "SIP/2.0 480 " in heard(), "it is told")
        self.are_in_calls()
        self.recorded_last("unreachable", (caller.number, "unanswered"), ("203", "unreachable"))

    def test_linphone_is_told_that_nobody_is_there(self):
        caller = self.linphone("201")
        self.is_told_that_nobody_is_there(caller, caller.log)

    def test_baresip_is_told_that_nobody_is_there(self):
        caller = self.baresip("201", traced=True)
        self.is_told_that_nobody_is_there(caller, lambda: caller.text)


class RedirectedOverTcp(Redirected):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
