"""Proxy mode with phones of others at both ends: forks, CANCEL, 6xx, and several answers."""
import unittest

from lib.second_phones import SecondPhones


class Proxied(SecondPhones):
    def setUp(self):
        super().setUp()
        self.proxies("202")

    def rings_at_both(self, caller):
        desk, mobile = self.baresip("202", False), self.linphone("202", False)
        caller.dials("202")
        desk.rings()
        mobile.rings()
        self.rings([caller.number, "202"])
        return desk, mobile

    def one_answers(self, caller, answering, other):
        answering.answers()
        answering.talks()
        self.are_in_calls([caller.number, "202"])
        other.says("ended|terminated|closed|[Cc]ancel")
        self.hear_each_other(caller, answering)
        caller.hangs_up()
        self.are_in_calls()
        self.recorded(("answered", (caller.number, "answered"), ("202", "answered"),
                       ("202", "answered_elsewhere")))

    def test_baresip_is_lifted_first(self):
        caller = self.linphone("201")
        desk, mobile = self.rings_at_both(caller)
        self.one_answers(caller, desk, mobile)

    def test_linphone_is_lifted_first(self):
        caller = self.baresip("201")
        desk, mobile = self.rings_at_both(caller)
        self.one_answers(caller, mobile, desk)

    def gives_up(self, caller):
        desk, mobile = self.rings_at_both(caller)
        caller.hangs_up()
        for phone in (desk, mobile):
            phone.says("ended|terminated|closed|[Cc]ancel")
        self.are_in_calls()
        self.recorded(("missed", (caller.number, "unanswered"), ("202", "missed"),
                       ("202", "missed")))

    def test_linphone_gives_up(self):
        self.gives_up(self.linphone("201"))

    def test_baresip_gives_up(self):
        self.gives_up(self.baresip("201"))

    def test_linphone_declines_for_all(self):
        caller = self.baresip("201")
        desk, mobile = self.rings_at_both(caller)
        mobile.hangs_up()  # 603
        caller.says("603")
        desk.says("terminated|closed|[Cc]ancel")
        self.are_in_calls()
        whole, = self.recorded(("declined", ("201", "unanswered"), ("202", "declined"),
                                ("202", "missed")))
        self.assertEqual("202", whole["ended_extension"])


class ProxiedOverTcp(Proxied):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
