"""In which dialect a phone is told, and how what is too large for a datagram still arrives whole.

201 and 204 watch `sales`, whose members are 202 and 203."""
import unittest

from lib.case import WireTest, eventually, ring, talk

LONG = "Ä" * 120
PROFILE = "/api/v1/body-profiles/acme"


class Rows(WireTest):
    def test_a_row_acts_on_the_phones_it_names_as_soon_as_it_is_answered(self):
        lamp = self.phone("201", user_agent="Acme 7").watches("202")
        self.rest.put(PROFILE, {"user_agents": ["acme"], "idle_dialog_id": "dark"})
        self.assertEqual("dark", lamp.receives_notify("idle").document.dialog.id)
        self.rest.put(PROFILE, {"user_agents": ["acme"], "idle_dialog_id": ""})
        self.assertEqual([], lamp.receives_notify().document.dialogs)
        self.rest.delete(PROFILE)
        self.assertEqual("idle", lamp.receives_notify("idle").document.dialog.id)

    def test_a_copy_of_a_built_in_row_is_told_in_the_middle_of_a_call(self):
        lamp = self.phone("201").watches("202")
        call, incoming = talk(self.phone("205"), self.phone("202"))
        lamp.shows("confirmed")
        self.rest.put(PROFILE, {"like": "innovaphone"})
        self.rest.put_group("sales", members=["202", "203"], watchers=[
            {"number": "201", "unsolicited": False, "profile": "acme"}, "204"])
        eventually(lambda: lamp.history[-1].document.dialog.state == "proceeding",
                   "talking is told as proceeding")
        self.assertEqual("1", lamp.history[-1].document.dialog.id)
        refused = self.rest.request("DELETE", PROFILE)
        self.assertEqual(409, refused.status)
        self.assertEqual([{"type": "group", "name": "sales", "as": "watcher", "number": "201",
                           "href": "/api/v1/groups/sales"}],
                         refused.json["references"])
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")

    def test_one_device_has_a_dialect_of_its_own(self):
        device = "/api/v1/device-profiles/00-15-65-AA-BB-CC"
        phones = [self.phone("201", user_agent=f"Acme 7 {mac}")
                  for mac in ("00:15:65:aa:bb:cc", "00:15:65:aa:bb:cd")]
        one, other = [phone.watches("202") for phone in phones]
        self.rest.put(device, {"profile": "yealink"})
        self.assertEqual("0000", one.receives_notify("idle").document.dialog.id)
        other.phone.pings()
        lamps = [phone["lamp"] for phone in self.rest.get("/api/v1/lamps/201/202")["phones"]]
        self.assertEqual({("yealink", "device"), ("standard", "default")},
                         {(lamp["profile"], lamp["profile_from"]) for lamp in lamps})
        self.rest.delete(device)
        self.assertEqual("idle", one.receives_notify("idle").document.dialog.id)

    def test_a_row_survives_a_kill(self):
        self.rest.put(PROFILE, {"user_agents": ["acme"], "idle_dialog_id": "dark"})
        self.server.kill()
        self.server.start()
        lamp = self.phone("201", user_agent="Acme 7").watches("202")
        self.assertEqual("dark", lamp.history[-1].document.dialog.id)


class Size(WireTest):
    """Two calls of people with long names do not fit into one datagram."""

    def setUp(self):
        super().setUp()
        for number in ("202", "205", "206"):
            self.rest.put_extension(number, f"secret-of-{number}", LONG)
        self.bob = self.phone("202", secret="secret-of-202")
        self.callers = [self.phone(number, secret=f"secret-of-{number}") for number in ("205", "206")]

    def both_call(self, lamp):
        """What the lamp is told while 202 talks to one and the other one rings."""
        eve, finn = self.callers
        self.first = talk(eve, self.bob)
        lamp.shows("confirmed")
        self.second = ring(finn, self.bob)
        return lamp.shows("early")

    def calls_end(self, lamp):
        finn_calls, ringing = self.second
        ringing.replies(486)
        finn_calls.receives(486)
        eve_calls, talking = self.first
        eve_calls.hangs_up()
        talking.receives("BYE")
        lamp.shows("idle")

    def test_over_udp_names_are_left_out_before_anything_that_matters(self):
        lamp = self.phone("201").watches("202")
        told = self.both_call(lamp)
        self.assertTrue(told.message["Via"].startswith("SIP/2.0/UDP"))
        self.assertLessEqual(len(bytes(told.message)), 1300)
        self.assertEqual({"sip:205@office.test", "sip:206@office.test"},
                         {dialog.remote.identity for dialog in told.document.dialogs})
        for dialog in told.document.dialogs:
            self.assertEqual("", dialog.remote.display or "")
        self.calls_end(lamp)

    def test_a_phone_with_a_connection_gets_it_whole_over_that(self):
        anna = self.phone("201", transport="tcp")
        anna.transport = "udp"
        lamp = anna.watches("202")
        self.assertTrue(lamp.history[-1].message["Via"].startswith("SIP/2.0/UDP"))
        told = self.both_call(lamp)
        self.assertTrue(told.message["Via"].startswith("SIP/2.0/TCP"))
        self.assertEqual({LONG}, {dialog.remote.display for dialog in told.document.dialogs})
        self.calls_end(lamp)


class Filters(WireTest):
    def test_a_subscription_to_one_dialog_sees_no_other(self):
        eve, finn, bob = self.phone("205"), self.phone("206"), self.phone("202")
        call, incoming = talk(eve, bob)
        anna = self.phone("201")
        all_of_it = anna.watches("202")
        wanted = all_of_it.history[-1].document.dialog.call_id
        event = f'dialog;id=9;sla;call-id="{wanted}"'
        one = anna.sends_subscribe("202", event=event)
        one.subscribe.receives(200)
        first = one.receives_notify("confirmed")
        self.assertEqual(f'dialog;id=9;call-id="{wanted}"', first.message["Event"])
        second, ringing = ring(finn, bob)
        all_of_it.shows("early")
        self.assertEqual("confirmed", one.lamp)
        ringing.replies(486)
        second.receives(486)
        call.hangs_up()
        incoming.receives("BYE")
        one.shows("idle")


if __name__ == "__main__":
    unittest.main()
