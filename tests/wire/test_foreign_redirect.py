"""Phones of others that redirect, and callers that are redirected (RFC 3261 §8.3)."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.second_phones import SecondPhones, messages


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

    def is_told_of_both(self, caller, heard):
        """The phones of a number, by their q; it calls the first."""
        desk = self.baresip("202", settings={"regq": "0.9"})
        mobile = self.linphone("202", settings={"contact_parameters": "q=0.2"})
        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "redirect"})
        caller.dials("202")
        desk.talks()
        moved = messages(r"SIP/2\.0 302 ", heard())[0]
        self.assertEqual(["0.9", "0.2"], re.findall(r">;q=(0\.\d)", moved), moved)
        self.are_connected_and_end(caller, desk)
        self.recorded(("redirected", (caller.number, "unanswered")),
                      ("answered", (caller.number, "answered"), ("202", "answered")))
        self.assertNotRegex(mobile.text, "(?i)incoming call")

    def test_linphone_is_told_of_two_phones(self):
        caller = self.linphone("201")
        self.is_told_of_both(caller, caller.log)

    def test_baresip_is_told_of_two_phones(self):
        caller = self.baresip("201", traced=True)
        self.is_told_of_both(caller, lambda: caller.said)

    def is_told_that_there_is_no_such_number(self, caller, heard):
        self.rest.request("PATCH", f"/api/v1/extensions/{caller.number}", {"mode": "redirect"})
        caller.dials("299")
        eventually(lambda: "SIP/2.0 404 " in heard(), "it is told")
        self.are_in_calls()
        whole = self.recorded_last("unknown_number", (caller.number, "unanswered"))
        self.assertEqual(("299", 404), (whole["dialled"], whole["status"]))

    def test_linphone_is_told_that_there_is_no_such_number(self):
        caller = self.linphone("201")
        self.is_told_that_there_is_no_such_number(caller, caller.log)

    def test_baresip_is_told_that_there_is_no_such_number(self):
        caller = self.baresip("201", traced=True)
        self.is_told_that_there_is_no_such_number(caller, lambda: caller.said)

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
