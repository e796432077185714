"""Changes of the session that meet, of phones of others and of the exchange (RFC 3261 §14.1, RFC 3311 §5.2): who is told 491
tries again, and phones, lamps, calls and record say the same afterwards."""
import re
import shutil
import unittest
from datetime import datetime

from lib.at_once import AtOnce
from lib.case import eventually
from lib.ports import reserve
from lib.second_phones import SecondPhones


class Meeting(SecondPhones):
    def held(self):
        """Who hears nothing, as the calls say."""
        return sorted(leg["extension"] for leg in self.rest.items("/api/v1/calls")[0]["legs"] if leg["held"])

    def is_held(self, *numbers):
        eventually(lambda: self.held() == sorted(numbers), f"{numbers} are held")
        self.are_in_calls(["201", "202"])

    def ends(self, phone):
        phone.hangs_up()
        self.are_in_calls()
        self.recorded(("answered", ("201", "answered"), ("202", "answered")))


class TwoOfOneKindHold(Meeting, AtOnce):
    """Both at once; at least one of them is told 491."""

    def at_both(self, phones, command):
        self.at_once(*((lambda phone=phone: phone.types(command), self.has_sent_invite(phone)) for phone in phones))

    def has_sent_invite(self, phone):
        said = phone.log if hasattr(phone, "log") else lambda: phone.text
        before = len(re.findall("^INVITE ", said(), re.M))
        return lambda: eventually(lambda: len(re.findall("^INVITE ", said(), re.M)) > before,
                                  f"{phone.number} has sent INVITE")

    def test_baresips(self):
        """Who is told 491 tries again by itself, after a second, unless the other has held it by then: it says in its answer
        that it holds too."""
        caller, callee = self.baresip("201", traced=True), self.baresip("202", traced=True)
        caller.dials("202")
        caller.talks()
        callee.talks()
        self.are_in_calls(["201", "202"])
        self.at_both((caller, callee), "/hold")
        self.is_held("201", "202")
        self.assertRegex(caller.text + callee.text, r"SIP/2\.0 491 ")
        self.ends(callee)

    def test_linphones(self):
        """Neither tries again, so who is told 491 holds nobody."""
        caller, callee = self.linphone("201"), self.linphone("202")
        caller.dials("202")
        for phone in (caller, callee):
            phone.talks()
        self.is_acknowledged(callee)
        self.are_in_calls(["201", "202"])
        self.at_both((caller, callee), "pause")

        def told(phone):
            return re.search(r"^SIP/2\.0 491 ", phone.log(), re.M)
        eventually(lambda: all(told(phone) or "now paused" in phone.text for phone in (caller, callee)), "both are answered")
        self.assertTrue(told(caller) or told(callee))
        self.is_held(*(phone.number for phone in (caller, callee) if not told(phone)))
        self.ends(caller)


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class UpdateAgainstHold(Meeting):
    """SIPp is sent the INVITE by which the phone holds, and sends UPDATE before it answers that."""

    def meets(self, phone, hold):
        sipp = self.sipp("update_against_hold", service="202", user="201", secret=self.office.secrets["201"], traced=True)
        phone.talks()
        self.are_in_calls(["201", "202"])
        if hold == "pause":
            eventually(lambda: re.search("^ACK ", phone.log(), re.M), "202 is acknowledged")
        phone.types(hold)
        answers = eventually(lambda: (lambda found: len(found) == 2 and found)(re.findall(
            r"^SIP/2\.0 (\d+) .*\r?\n(?:[^\r\n]+\r?\n)*?CSeq: \d+ UPDATE", sipp.trace(), re.M)), "both are answered")
        self.assertEqual(["491", "200"], answers)
        self.is_held("202")
        self.ends(phone)
        sipp.succeeds()

    def test_linphone_holds(self):
        self.meets(self.linphone("202"), "pause")

    def test_baresip_holds(self):
        """It does not know UPDATE, and is sent an INVITE for the one that comes later."""
        self.meets(self.baresip("202"), "/hold")


@unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
class HeldByTheExchange(Meeting):
    """A program holds a call, and one of the phones says 491 to the INVITE of the exchange."""

    def is_held_later(self, sipp, phone):
        """In how many seconds."""
        phone.talks()
        self.are_in_calls(["201", "202"])
        call, = self.rest.items("/api/v1/calls")
        # Before the answer is acknowledged it says 409.
        eventually(lambda: self.rest.request("POST", f"/api/v1/calls/{call['id']}:hold").status == 202, "it is to be held")
        self.is_held("201", "202")
        self.ends(phone)
        sipp.succeeds()
        return self.paused()

    def paused(self):
        """From the 491 until the exchange tried again, by its own clock: SIPp's counts the ways there and back too."""
        entry, = self.rest.items("/api/v1/call-log")
        messages = self.rest.get(f"/api/v1/call-log/{entry['id']}/ladder")["messages"]
        told = next(index for index, each in enumerate(messages)
                    if each["direction"] == "received" and each["first_line"].startswith("SIP/2.0 491 "))
        again = next(each for each in messages[told:] if each["direction"] == "sent" and not each["repeated"] and
                     each["call_id"] == messages[told]["call_id"] and each["first_line"].startswith("INVITE "))
        return (datetime.fromisoformat(again["at"]) - datetime.fromisoformat(messages[told]["at"])).total_seconds()

    def is_held_who_has_called(self, phone):
        """Who made the Call-ID waits longer than the exchange: that 2 s at most, and as long as a timer may be late."""
        sipp = self.sipp("pending_caller", service="202", user="201", secret=self.office.secrets["201"])
        self.assertLess(self.is_held_later(sipp, phone), 2.3)

    def test_sipp_that_has_called_linphone(self):
        self.is_held_who_has_called(self.linphone("202"))

    def test_sipp_that_has_called_baresip(self):
        self.is_held_who_has_called(self.baresip("202"))

    def is_held_who_was_called(self, phone):
        port = reserve()
        self.sipp("register", port=port, service="202", user="202", secret=self.office.secrets["202"]).succeeds()
        sipp = self.sipp("pending_callee", port=port, service="202").listens()
        phone.dials("202")
        waited = self.is_held_later(sipp, phone)
        self.assertGreater(waited, 2.09)

    def test_sipp_that_linphone_has_called(self):
        self.is_held_who_was_called(self.linphone("201"))

    def test_sipp_that_baresip_has_called(self):
        self.is_held_who_was_called(self.baresip("201"))


for case in (TwoOfOneKindHold, UpdateAgainstHold, HeldByTheExchange):
    globals()[case.__name__ + "OverTcp"] = type(case.__name__ + "OverTcp", (case,), {"transports": ("tcp", "udp")})
del case


if __name__ == "__main__":
    unittest.main()
