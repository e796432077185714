"""Calls that wait in a park slot: our phones, baresip and SIPp, over UDP and TCP."""
import contextlib
import shutil
import sqlite3
import unittest

from lib.case import WireTest, eventually, talk
from lib.real_office import RealPhones
from lib.sdp import sdp


class Parking(WireTest):
    def setUp(self):
        super().setUp()
        self.rest.put_group("sales", members=["201", "202", "203"], watchers=["203"])
        self.lot = self.is_rung_back_after(60)

    def is_rung_back_after(self, seconds):
        """Who has parked a call."""
        return self.rest.put("/api/v1/park-lot",
                             {"number": "700", "first_slot": "701", "slots": 3, "timeout": seconds})

    def only_call(self) -> dict:
        call, = self.rest.items("/api/v1/calls")
        return call

    def parked_in(self, slot):
        eventually(lambda: self.only_call()["parked_in"] == slot, f"the call is parked in {slot}")


class Park(Parking):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")
        self.carl = self.phone("203")
        self.lamp = self.carl.watches("park+701")
        self.assertEqual("idle", self.lamp.lamp)

    def test_the_lamp_of_a_slot_is_explained_and_sent_anew_by_its_number_too(self):
        for name in ("701", "park+701"):
            account = self.account_of(name)
            self.assertEqual("park+701", account["member"])
        self.assertEqual(202, self.rest.request("POST", "/api/v1/lamps/203/701:resend").status)
        self.lamp.receives_notify("idle")

    def test_the_lamp_of_a_slot_says_who_has_parked_unless_that_one_is_not_to_be_seen(self):
        call = self.parks()
        self.lamp.shows("confirmed")
        account = self.account_of("701")
        self.assertEqual([("201", "202")], [(c["with"], c["parked_by"]) for c in account["calls"]])
        self.assertIn("waiting, parked by 202, in a call", account["summary"])
        self.rest.request("PATCH", "/api/v1/extensions/202", {"visibility": "anonymous"})
        self.lamp.shows("confirmed")
        account = self.account_of("701")
        self.assertIsNone(account["calls"][0]["parked_by"])
        self.assertNotIn("parked by", account["summary"])
        call.hangs_up()
        self.lamp.shows("idle")

    def test_a_profile_may_let_a_taken_slot_flash(self):
        self.rest.put("/api/v1/body-profiles/parking", {"parked": "early", "user_agents": ["Desk"]})
        desk = self.phone("203", user_agent="Desk 1")
        lamp = desk.watches("park+701")
        self.assertEqual("idle", lamp.lamp)
        call = self.parks()
        lamp.shows("early")
        self.lamp.shows("confirmed")
        self.rest.put("/api/v1/body-profiles/parking", {"parked": "hidden", "user_agents": ["Desk"]})
        lamp.shows("idle")
        call.hangs_up()
        self.lamp.shows("idle")

    def account_of(self, slot):
        """What REST says of the lamp of `slot` once the exchange has carl's answer to its NOTIFY."""
        def settled():
            account = self.rest.get(f"/api/v1/lamps/203/{slot}")
            return account if account["reason"] == "agrees" else None
        return eventually(settled, f"the lamp of {slot} is as it should be")

    def hears(self, transferor, line):
        notify = transferor.receives("NOTIFY")
        self.assertEqual(f"SIP/2.0 {line}\r\n".encode(), notify.body)
        notify.replies(200)

    def waits(self, call, slot="701"):
        """The phone is told to send and to expect nothing."""
        hold = call.receives("INVITE")
        self.assertIn(b"a=inactive", hold.body)
        self.assertIn(f"sip:park+{slot}@office.test", hold["P-Asserted-Identity"])
        hold.replies(200, sdp("caller", 2, "inactive"))
        call.receives("ACK")

    def parks(self, number="700"):
        call, incoming = talk(self.anna, self.bob)
        incoming.sends("REFER", headers=[("Refer-To", f"<sip:{number}@office.test>")]).receives(202)
        self.hears(incoming, "100 Trying")
        self.waits(call)
        self.hears(incoming, "200 Parked In 701")
        self.assertIn("Parked In 701", incoming.receives("BYE")["Reason"])
        self.parked_in("701")
        return call

    def is_carls(self, call, taken):
        offer = call.receives("INVITE")
        self.assertEqual(sdp("picker", 1).encode(), offer.body)
        self.assertIn("sip:203@", offer["P-Asserted-Identity"])
        offer.replies(200, sdp("caller", 3))
        answer = taken.receives(200)
        self.assertEqual(sdp("caller", 3).encode(), answer.body)
        self.assertIn("sip:201@", answer["P-Asserted-Identity"])
        call.receives("ACK")
        self.lamp.shows("idle")
        taken.hangs_up()
        call.receives("BYE")

    def test_parked_by_refer_and_taken_by_dialling_the_slot(self):
        call = self.parks()
        shown = self.lamp.shows("confirmed").document.dialog
        self.assertEqual("sip:201@office.test", shown.remote.identity)
        self.is_carls(call, self.carl.calls("701", sdp("picker", 1)))
        parts = self.logged_calls()[0]["parts"]
        self.assertEqual([("caller", "201"), ("called", "202"), ("parked", "park+701"),
                          ("took_over", "203")], [(p["kind"], p["extension"]) for p in parts])
        self.assertEqual((1, 2), (parts[2]["moved_by"], parts[3]["in_place_of"]))

    def test_taken_by_the_key(self):
        call = self.parks("701")
        shown = self.lamp.shows("confirmed").document.dialog
        self.is_carls(call, self.carl.calls("park+701", sdp("picker", 1), headers=[
            ("Replaces", f"{shown.call_id};to-tag={shown.remote_tag};from-tag={shown.local_tag}")]))

    def test_two_take_it_at_once(self):
        call = self.parks()
        taken = self.carl.calls("701", sdp("picker", 1))
        hold = call.receives("INVITE")
        self.phone("204").calls("701").receives(481)
        hold.replies(200, sdp("caller", 3))
        taken.receives(200)
        call.receives("ACK")
        self.lamp.shows("idle")
        call.hangs_up()
        taken.receives("BYE")

    def test_attended_transfer_to_a_slot_that_was_asked_for(self):
        call, incoming = talk(self.anna, self.bob)
        asked = self.bob.calls("700")
        self.assertIn("701 is free", asked.receives(200)["P-Asserted-Identity"])
        own = asked.dialog
        replaces = f"{own.call_id}%3Bto-tag%3D{own.remote_tag}%3Bfrom-tag%3D{own.local_tag}"
        incoming.sends("REFER", headers=[
            ("Refer-To", f"<sip:700@office.test?Replaces={replaces}>")]).receives(202)
        self.hears(incoming, "100 Trying")
        asked.receives("BYE")
        self.waits(call)
        self.hears(incoming, "200 Parked In 701")
        incoming.receives("BYE")
        self.lamp.shows("confirmed")
        self.is_carls(call, self.carl.calls("701", sdp("picker", 1)))

    def test_two_who_ask_are_told_two_slots_and_get_them(self):
        dan, eve = self.phone("204", transport="tcp"), self.phone("205")
        calls = {self.bob: talk(self.anna, self.bob), self.carl: talk(dan, self.carl)}
        asked = {}
        for phone, slot in ((self.bob, "701"), (self.carl, "702")):
            asked[phone] = phone.calls("700")
            self.assertIn(f"{slot} is free", asked[phone].receives(200)["P-Asserted-Identity"])
        eve.calls("701").receives(486)
        for phone, slot in ((self.carl, "702"), (self.bob, "701")):
            call, incoming = calls[phone]
            own = asked[phone].dialog
            incoming.sends("REFER", headers=[
                ("Refer-To", f"<sip:700@office.test?Replaces={own.call_id}%3Bto-tag%3D"
                             f"{own.remote_tag}%3Bfrom-tag%3D{own.local_tag}>")]).receives(202)
            self.hears(incoming, "100 Trying")
            asked[phone].receives("BYE")
            self.waits(call, slot)
            self.hears(incoming, f"200 Parked In {slot}")
            incoming.receives("BYE")
        for call, _ in calls.values():
            call.hangs_up()

    def test_rest_parks_and_the_parker_is_rung_in_time(self):
        self.is_rung_back_after(10)
        call, incoming = talk(self.anna, self.bob)
        order = self.rest.request("POST", f"/api/v1/calls/{self.only_call()['id']}:park",
                                  {"slot": "703", "by": "202"})
        self.assertEqual((202, "703"), (order.status, order.json["parked_in"]), order.text)
        self.waits(call, "703")
        incoming.receives("BYE")
        back = eventually(lambda: self.bob._incoming, "202 is rung again", 20) and \
            self.bob.receives("INVITE")
        self.assertIn("Parked 703", back.received["From"])
        back.replies(200, sdp("parker", 1))
        joined = call.receives("INVITE")
        self.assertEqual(sdp("parker", 1).encode(), joined.body)
        joined.replies(200, sdp("caller", 3))
        back.receives("ACK")
        call.receives("ACK")
        self.parked_in(None)
        told = back.receives("INVITE")  # it allows no UPDATE
        self.assertEqual(sdp("caller", 3).encode(), told.body)
        self.assertIn("<sip:201@office.test>", told["P-Asserted-Identity"])
        told.replies(200, sdp("parker", 1))
        back.receives("ACK")
        back.hangs_up()
        call.receives("BYE")

    def test_a_parked_call_outlives_a_kill(self):
        call = self.parks()
        self.lamp.shows("confirmed")

        def stored():
            path = self.server.data / "lampline.db"
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return database.execute("SELECT parked_by FROM talking_call").fetchall()
        eventually(lambda: stored() == [("202",)], "the parked call is stored")
        self.server.kill()
        self.lamp.versions_may_jump = True
        self.anna.answers_by_itself |= {"OPTIONS"}
        self.server.start()
        self.parked_in("701")
        self.assertEqual("confirmed", self.lamp.lamp)
        self.is_carls(call, self.carl.calls("701", sdp("picker", 1)))

    def test_what_cannot_be_is_said(self):
        self.carl.calls("701").receives(404)
        for body, pointer in (({"number": "700"}, "/first_slot"),
                              ({"number": "201", "first_slot": "701"}, "/number"),
                              ({"number": "700", "first_slot": "200"}, "/first_slot"),
                              ({"number": "700", "first_slot": "701", "groups": ["x"]}, "/groups/0"),
                              ({"number": "700", "first_slot": "701", "fallback": "702"},
                               "/fallback")):
            answer = self.rest.request("PUT", "/api/v1/park-lot", body)
            self.assertEqual(422, answer.status, answer.text)
            self.assertEqual(pointer, answer.json["errors"][0]["pointer"])
        self.assertEqual(self.lot, self.rest.get("/api/v1/park-lot"))
        self.rest.put("/api/v1/park-lot", {"number": "700", "first_slot": "701",
                                           "groups": ["sales"]})
        self.phone("204").calls("701").receives(403)


class RealPhonesPark(RealPhones, Parking):
    @unittest.skipUnless(shutil.which("baresip"), "baresip is not installed (package baresip-core)")
    def test_three_baresips(self):
        lamp = self.phone("201").watches("park+701")
        bob, eve = self.baresip("202", 440, "udp"), self.baresip("205", 1000, "tcp")
        dan = self.baresip("204", 700, "udp")
        eve.dials("202")
        eve.says("Call established")
        bob.says("Call established")
        bob.transfers("700")
        self.parked_in("701")
        lamp.shows("confirmed")
        eventually(lambda: "202" not in {leg["extension"] for leg in self.only_call()["legs"]
                                         if leg["state"] != "terminated"}, "202 is out of it")
        eve.says("audio=0/0")
        dan.dials("701")
        dan.says("Call established")
        lamp.shows("idle")
        eventually(lambda: dan.hears(1000), "204 hears the tone of 205")
        eve.says(r"audio=[1-9]\d+/[1-9]\d+")  # both ways; its recording ends with the first hold
        dan.types("/hangup")
        eve.says("terminated")

    @unittest.skipUnless(shutil.which("sipp"), "sipp is not installed (package sip-tester)")
    def test_sipp_parks_as_desk_phones_do(self):
        carl = self.phone("203")
        lamp = carl.watches("park+702")
        parker = self.sipp("transferor", service="203", user="205", target="702")
        call = carl.receives("INVITE")
        call.replies(200, sdp("callee", 1))
        call.receives("ACK")
        call.receives("INVITE").replies(200, sdp("callee", 2, "inactive"))
        call.receives("ACK")
        parker.succeeds()
        self.assertEqual("sip:203@office.test",
                         lamp.shows("confirmed").document.dialog.remote.identity)
        call.hangs_up()
        lamp.shows("idle")


if __name__ == "__main__":
    unittest.main()
