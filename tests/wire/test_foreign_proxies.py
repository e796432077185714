"""A call of phones of others through two proxies, Lampline and a Kamailio before one of the phones, in either order (flows F1 to F23
of RFC 3665 section 3.2): what comes within the dialog passes both, in both directions."""
import re
import shutil
import unittest

from lib.case import eventually
from lib.linphone import Linphone
from lib.real_phones import Baresip
from lib.second_phones import SecondPhones, messages


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
class TwoProxies(SecondPhones):
    def setUp(self):
        super().setUp()
        self.proxies("202")

    def behind(self, kind, number, **options):
        """A phone whose proxy is a Kamailio, which leaves its requests as they are."""
        return self.behind_kamailio(kind, number, ";", **options)

    def said(self, phone):
        return phone.log() if isinstance(phone, Linphone) else phone.said

    def went_through_both(self, caller):
        """As its 200 says, which brings back what the two have written into the INVITE."""
        answer = eventually(lambda: [each for each in messages(r"SIP/2\.0 200 ", self.said(caller))
                                     if re.search(r"CSeq: \d+ INVITE", each)], "it is answered")[0]
        routes = re.findall(r"<sip:[^>]*lr[^>]*>", " ".join(re.findall(r"(?mi)^Record-Route:(.*)$", answer)))
        hosts = {re.search(r"(127\.0\.0\.\d):", route)[1] for route in routes}
        self.assertEqual({"127.0.0.1", "127.0.0.4"}, hosts, answer)

    def holds(self, phone):
        """And lifts it: neither lamp goes out."""
        def is_held(*who):
            eventually(lambda: [leg["extension"] for call in self.rest.items("/api/v1/calls") for leg in call["legs"]
                                if leg["held"]] == list(who), f"{who} hold")
            self.are_in_calls(["201", "202"])

        if isinstance(phone, Linphone):
            eventually(lambda: re.search("^ACK ", phone.log(), re.M), "it is acknowledged")  # else it is told 491
        phone.types("pause" if isinstance(phone, Linphone) else "/hold")
        is_held(phone.number)
        if isinstance(phone, Linphone):
            phone.says("now paused")  # before that it resumes nothing
        phone.types("resume" if isinstance(phone, Linphone) else "/resume")
        is_held()

    def talk_hold_and_end(self, caller, callee, ends):
        caller.dials("202")
        callee.rings()
        self.rings(["201", "202"])
        callee.answers()
        callee.talks()
        self.are_in_calls(["201", "202"])
        self.went_through_both(caller)
        for phone in (caller, callee):
            self.holds(phone)
        ends.hangs_up()
        self.are_in_calls()
        (callee if ends is caller else caller).says("ended|terminated|closed")
        whole = self.recorded_last("answered", ("201", "answered"), ("202", "answered"))
        self.assertEqual(("caller" if ends is caller else "callee", "202"), (whole["ended_by"], whole["dialled"]))

    def test_linphone_kamailio_lampline_baresip(self):
        caller, callee = self.behind(Linphone, "201"), self.baresip("202", False)
        self.talk_hold_and_end(caller, callee, callee)

    def test_baresip_kamailio_lampline_linphone(self):
        caller, callee = self.behind(Baresip, "201", traced=True), self.linphone("202", False)
        self.talk_hold_and_end(caller, callee, caller)

    def test_linphone_lampline_kamailio_baresip(self):
        caller, callee = self.linphone("201"), self.behind(Baresip, "202", answers=False)
        self.talk_hold_and_end(caller, callee, caller)

    def test_baresip_lampline_kamailio_linphone(self):
        caller, callee = self.baresip("201", traced=True), self.behind(Linphone, "202", answers=False)
        self.talk_hold_and_end(caller, callee, callee)

    def gives_up(self, caller, callee):
        caller.dials("202")
        callee.rings()
        self.rings(["201", "202"])
        caller.hangs_up()
        callee.says("ended|terminated|closed|[Cc]ancel")
        self.are_in_calls()
        self.recorded_last("missed", ("201", "unanswered"), ("202", "missed"))

    def test_linphone_gives_up(self):
        self.gives_up(self.linphone("201"), self.behind(Baresip, "202", answers=False))

    def test_baresip_gives_up(self):
        self.gives_up(self.behind(Baresip, "201"), self.linphone("202", False))


class TwoProxiesOverTcp(TwoProxies):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
