"""Two phones of others of one number that ring one after the other, by the q of their contacts (RFC 3261 §16.6)."""
import unittest

from lib.second_phones import SecondPhones


class OneAfterTheOther(SecondPhones):
    """A baresip over TCP and a linphone over UDP are the phones of 202; each says its q in its REGISTER."""

    def setUp(self):
        super().setUp()
        self.each_rings_for(60)
        self.caller = self.linphone("201")

    def each_rings_for(self, seconds):
        self.rest.put("/api/v1/extensions/202/forwarding", {"forking": "sequential", "no_answer_after": seconds})

    def desk(self, q):
        return self.baresip("202", False, settings={"regq": q})

    def mobile(self, q):
        return self.linphone("202", False, settings={"contact_parameters": f"q={q}"})

    def are_registered_with(self, *qs):
        self.assertEqual(sorted(qs), sorted(row["q"] for row in self.rest.items("/api/v1/registrations")
                                            if row["extension"] == "202"))

    def rings_alone(self, phone, other=None):
        """`other` has not rung yet."""
        phone.rings()
        self.rings(["201", "202"])
        self.legs_ring(1)
        if other:
            self.assertNotRegex(other.text, "(?i)incoming call")

    def legs_ring(self, count):
        legs = [leg for call in self.rest.items("/api/v1/calls") for leg in call["legs"]
                if leg["extension"] == "202" and leg["state"] == "early"]
        self.assertEqual(count, len(legs))

    def is_answered_by(self, phone, *more):
        phone.answers()
        phone.talks()
        self.are_connected_and_end(self.caller, phone, *more)

    def nobody_answers_the_first(self, first, second):
        self.each_rings_for(8)  # long enough to see that the other one does not
        self.are_registered_with(0.9, 0.2)
        self.caller.dials("202")
        self.rings_alone(first, second)
        self.rings_alone(second)
        first.says("ended|terminated|closed|[Cc]ancel")
        self.is_answered_by(second, ("202", "answered_elsewhere"))

    def test_nobody_answers_baresip(self):
        second, first = self.mobile("0.2"), self.desk("0.9")
        self.nobody_answers_the_first(first, second)

    def test_nobody_answers_linphone(self):
        second, first = self.desk("0.2"), self.mobile("0.9")
        self.nobody_answers_the_first(first, second)

    def test_the_first_is_lifted_and_the_second_never_rings(self):
        second, first = self.desk("0.2"), self.mobile("0.9")
        self.caller.dials("202")
        self.rings_alone(first, second)
        self.is_answered_by(first)
        self.assertNotRegex(second.text, "(?i)incoming call")

    def test_baresip_is_busy(self):
        second, first = self.mobile("0.2"), self.desk("0.9")
        self.caller.dials("202")
        self.rings_alone(first, second)
        first.hangs_up()  # 486
        self.rings_alone(second)
        self.is_answered_by(second, ("202", "busy"))

    def test_linphone_declines_for_all(self):
        second, first = self.desk("0.2"), self.mobile("0.9")
        self.caller.dials("202")
        self.rings_alone(first, second)
        first.hangs_up()  # 603
        self.are_in_calls()
        whole = self.recorded_last("declined", ("201", "unanswered"), ("202", "declined"))
        self.assertEqual(603, whole["status"])
        self.assertNotRegex(second.text, "(?i)incoming call")

    def test_of_the_same_q_both_ring(self):
        desk, mobile = self.desk("0.5"), self.mobile("0.5")
        self.are_registered_with(0.5, 0.5)
        self.caller.dials("202")
        desk.rings()
        mobile.rings()
        self.rings(["201", "202"])
        self.legs_ring(2)
        self.caller.hangs_up()
        self.are_in_calls()
        self.recorded_last("missed", ("201", "unanswered"), ("202", "missed"), ("202", "missed"))


class OneAfterTheOtherOverUdp(OneAfterTheOther):
    """And baresip over UDP, linphone over TCP."""
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
