"""Phones of others that leave by BYE with Also, or with the Contact of a third party: a Kamailio before them writes it."""
import shutil
import unittest

from lib.case import eventually
from lib.linphone import Linphone
from lib.real_phones import Baresip
from lib.second_phones import SecondPhones


@unittest.skipUnless(shutil.which("kamailio"), "kamailio is not installed")
class Leaving(SecondPhones):
    def that_names(self, header, kind, number):
        """A phone in whose BYEs Kamailio writes that 203 is to be called."""
        return self.behind_kamailio(kind, number, f'''if (is_method("BYE")) {{
            remove_hf("Contact");
            append_hf("{header}: <sip:203@{self.office.domain}>\\r\\n");
        }}''')

    def leaves(self, leaver, caller, callee, third):
        """Who is held waits for `third`, who rings."""
        held = callee if leaver is caller else caller
        caller.dials(callee.number)
        callee.talks()
        self.are_in_calls([caller.number, callee.number])
        leaver.hangs_up()
        third.rings()
        wanted = [{held.number: "confirmed", third.number: "early"}]
        eventually(lambda: self.live() == wanted, f"{third.number} rings for {held.number}")
        for number, state in wanted[0].items():
            self.lamps[number].shows(state)
        self.lamps[leaver.number].shows("idle")
        return held

    def is_connected(self, leaver, caller, callee, third):
        held = self.leaves(leaver, caller, callee, third)
        third.answers()
        third.talks()
        self.are_in_calls([held.number, third.number])
        self.hear_each_other(held, third)
        held.hangs_up()
        third.says("ended|terminated|closed")
        self.are_in_calls()
        self.records([("caller", "201", None), ("called", "202", None),
                      ("transferred", "203", 0 if leaver is caller else 1)])

    def linphone_leaves(self, header):
        leaver = self.that_names(header, Linphone, "201")
        self.is_connected(leaver, leaver, self.baresip("202"), self.linphone("203", False))

    def baresip_leaves(self, header):
        leaver = self.that_names(header, Baresip, "202")
        self.is_connected(leaver, self.linphone("201"), leaver, self.baresip("203", False))

    def test_linphone_by_also(self):
        self.linphone_leaves("Also")

    def test_linphone_by_contact(self):
        self.linphone_leaves("Contact")

    def test_baresip_by_also(self):
        self.baresip_leaves("Also")

    def test_baresip_by_contact(self):
        self.baresip_leaves("Contact")

    def test_third_party_declines(self):
        """So who is left is hung up."""
        leaver = self.that_names("Also", Baresip, "201")
        held = self.baresip("202")
        third = self.linphone("203", False)
        self.leaves(leaver, leaver, held, third)
        third.hangs_up()
        held.says("terminated|closed")
        self.are_in_calls()
        self.recorded_last("answered", ("201", "answered"), ("202", "answered"), ("203", "declined"))


class LeavingOverTcp(Leaving):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
