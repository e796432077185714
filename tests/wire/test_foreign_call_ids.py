"""Callers of others that follow a 302 of redirect mode by the exchange, with the Call-ID that they had or with another one: either
may be chosen (RFC 3261 §8.1.3.4)."""
import re
import shutil
import unittest

from lib.second_phones import SecondPhones, requests


class CallIds(SecondPhones):
    """202 is in redirect mode."""

    def tells_where_it_is(self):
        answer = self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "redirect"})
        self.assertEqual(200, answer.status, answer.text)

    def call_ids(self, said):
        """Of what a caller has sent."""
        return list(dict.fromkeys(re.search(r"(?m)^Call-ID: (\S+)", invite)[1] for invite in requests("INVITE", said)))

    def is_reached(self, caller, callee):
        """`caller` is the number of who has called and was told where."""
        self.rings([caller, "202"])
        callee.answers()
        self.are_in_calls([caller, "202"])
        callee.hangs_up()
        self.are_in_calls()
        told, reached = self.recorded(("redirected", (caller, "unanswered")),
                                      ("answered", (caller, "answered"), ("202", "answered")))
        self.assertEqual((302, "202", None), tuple(told[name] for name in ("status", "dialled", "answered_by")))
        self.assertEqual(("202", "callee"), (reached["answered_by"], reached["ended_by"]))
        return told["parts"][0]["call_id"], reached["parts"][0]["call_id"]

    def sipp_follows(self, callee, again):
        self.tells_where_it_is()
        sipp = self.sipp("moves", service="202", user="201", keys={"again": again}, traced=True)
        callee.rings()
        first, second = self.is_reached("201", callee)
        sipp.succeeds()
        self.assertEqual(again + first, second)
        self.assertEqual(list(dict.fromkeys((first, second))), self.call_ids(sipp.trace()))

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_calls_linphone_with_the_same(self):
        self.sipp_follows(self.linphone("202", False), "")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_calls_baresip_with_the_same(self):
        self.sipp_follows(self.baresip("202", False), "")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_calls_linphone_with_another(self):
        self.sipp_follows(self.linphone("202", False), "chosen///")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_calls_baresip_with_another(self):
        self.sipp_follows(self.baresip("202", False), "chosen///")

    def phone_follows(self, caller, callee, heard):
        """Its Call-IDs."""
        self.tells_where_it_is()
        caller.dials("202")
        callee.rings()
        ids = self.is_reached("201", callee)
        self.assertEqual(list(dict.fromkeys(ids)), self.call_ids(heard()))
        return ids

    def test_linphone_chooses_another(self):
        caller = self.linphone("201")
        first, second = self.phone_follows(caller, self.baresip("202", False), caller.log)
        self.assertNotEqual(first, second)

    def test_baresip_keeps_the_same(self):
        caller = self.baresip("201", traced=True)
        first, second = self.phone_follows(caller, self.linphone("202", False), lambda: caller.said)
        self.assertEqual(first, second)


class CallIdsOverTcp(CallIds):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
