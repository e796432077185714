"""kill -9 in the middle of calls: phones that talk talk on, and their lamps stay lit."""
import contextlib
import sqlite3
import time
import unittest

from lib.case import SLACK, WireTest, eventually, ring, talk
from lib.event_loop import loop
from lib.sdp import ANSWER, sdp


class SurvivingOffice(WireTest):
    def setUp(self):
        super().setUp()
        self.calls_kept = 0
        self.watches = []

    def phone(self, number, **options):
        phone = super().phone(number, **options)
        phone.answers_by_itself |= {"OPTIONS"}     # the probes after a start
        return phone

    def talks(self, caller, callee, watched=True):
        """A call, shown by a lamp that was asked for and one that was not."""
        if watched:
            self.rest.put_group("reception", members=["202"], watchers=[
                {"number": "206", "unsolicited": True, "profile": "auto"}])
            self.watches = [self.phone("204").watches("202"), self.phone("206").key("202")]
        call, incoming = talk(caller, callee)
        for watch in self.watches:
            watch.shows("confirmed")
        self.calls_kept += 1
        return call, incoming

    def rows(self, query):
        path = self.server.data / "lampline.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def is_stored(self):
        """Storage follows by some 100 ms."""
        eventually(lambda: self.rows("SELECT count(*) FROM talking_call")[0][0] == self.calls_kept,
                   "the calls are stored")
        watched = [watch for watch in self.watches if hasattr(watch, "dialog")]
        eventually(lambda: self.rows("SELECT count(*) FROM subscription")[0][0] == len(watched),
                   "the subscriptions are stored")

    def restarts(self, end=None):
        """Every watcher has the truth within two seconds, and the lamps did not blink."""
        self.is_stored()
        (end or self.server.kill)()
        told = [len(watch.history) for watch in self.watches]
        for watch in self.watches:
            watch.versions_may_jump = True
        self.server.start()
        began = time.monotonic()
        for watch, before in zip(self.watches, told):
            loop.wait(lambda: len(watch.history) > before, "the first NOTIFY after the start")
            self.assertEqual(["confirmed"], [n.lamp for n in watch.history[before:]])
            same = {n.document.dialog.id for n in watch.history[before - 1:]}
            self.assertEqual(1, len(same), "the dialog has its name of before")
        self.assertLess(time.monotonic() - began, 2 + SLACK)

    def ends(self, one, other):
        one.hangs_up()
        other.receives("BYE")
        for watch in self.watches:
            watch.shows("idle")
        eventually(lambda: self.rows("SELECT count(*) FROM talking_call") == [(0,)], "no row left")

    def changes(self, sender, receiver, offer, answer):
        sent = sender.sends("INVITE", offer)
        arrived = receiver.receives("INVITE")
        self.assertEqual(offer.encode(), arrived.body)
        arrived.replies(200, answer)
        self.assertEqual(answer.encode(), sent.receives(200).body)
        receiver.receives("ACK")


class Survive(SurvivingOffice):
    # BYE

    def test_the_caller_hangs_up_after_a_kill(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        self.restarts()
        self.ends(call, incoming)

    def test_the_callee_hangs_up_after_a_kill(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        self.restarts()
        self.ends(incoming, call)

    def test_an_answer_is_on_disk_at_once(self):
        """Whoever is killed right after an answer loses no call, unless it writes all the time: what the call
        before has left to write is no reason to wait. The end of a call may wait for 0.1 s, with the same disk,
        and as much else to do."""
        anna, bob = self.phone("201"), self.phone("202")
        answered, ended = [], []

        def seconds_until(ready):
            began = time.monotonic()
            while not ready():
                self.assertLess(time.monotonic() - began, self.patience)
            return time.monotonic() - began

        for _ in range(5):
            self.is_stored()
            call, incoming = talk(anna, bob)
            answered.append(seconds_until(lambda: self.rows("SELECT 1 FROM talking_call")))
            call.hangs_up()
            incoming.receives("BYE")
            ended.append(seconds_until(lambda: not self.rows("SELECT 1 FROM talking_call")))
        self.assertLess(sorted(answered)[2], sorted(ended)[2], (answered, ended))

    def in_proxy_mode(self, **options):
        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "proxy"})
        call, incoming = self.talks(self.phone("201", **options), self.phone("202", **options))
        self.restarts()
        self.ends(call, incoming)

    def test_in_proxy_mode(self):
        self.in_proxy_mode()

    def test_in_proxy_mode_over_tcp(self):
        self.in_proxy_mode(transport="tcp", listens=True)

    def test_over_tcp_to_phones_that_listen(self):
        call, incoming = self.talks(self.phone("201", transport="tcp", listens=True),
                                    self.phone("202", transport="tcp", listens=True))
        self.restarts()
        self.changes(call, incoming, sdp("caller", 2), sdp("callee", 2))
        self.ends(incoming, call)

    def test_over_tcp_to_phones_that_come_back(self):
        anna, bob = self.phone("201", transport="tcp"), self.phone("202", transport="tcp")
        call, incoming = self.talks(anna, bob)
        self.restarts()
        for phone in (anna, bob):
            phone.registers()
        self.changes(call, incoming, sdp("caller", 2), sdp("callee", 2))
        self.ends(incoming, call)

    def test_a_tcp_phone_that_only_speaks_again_is_found(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        call, incoming = self.talks(anna, bob)
        self.restarts()
        info = incoming.sends("INFO", "Signal=1")
        call.receives("INFO").replies(200)
        info.receives(200)
        self.ends(call, incoming)

    # The call goes on in every way

    def test_changes_of_the_session_pass_after_a_kill_both_ways(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        self.changes(call, incoming, sdp("caller", 2, "sendonly"), sdp("callee", 2, "recvonly"))
        self.restarts()
        self.changes(call, incoming, sdp("caller", 3), sdp("callee", 3))
        self.changes(incoming, call, sdp("callee", 4), sdp("caller", 4))
        info = incoming.sends("INFO", "Signal=1")
        call.receives("INFO").replies(200)
        info.receives(200)
        self.ends(call, incoming)

    def test_our_cseq_only_rises(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        highest = 0
        for _ in range(3):
            for _ in range(5):
                info = call.sends("INFO", "Signal=1")
                arrived = incoming.receives("INFO")
                self.assertGreater(arrived.message.cseq, highest)
                highest = arrived.message.cseq
                arrived.replies(200)
                info.receives(200)
            self.restarts()
        self.ends(call, incoming)

    def test_a_phone_that_moved_before_the_kill_is_found_where_it_is(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = self.talks(anna, bob)
        moved = f"sip:201@{anna.host_port};line=moved"
        sent = call.sends("UPDATE", sdp("caller", 2), headers=[("Contact", f"<{moved}>")])
        incoming.receives("UPDATE").replies(200, sdp("callee", 2))
        sent.receives(200)
        eventually(lambda: (moved,) in self.rows("SELECT a_target FROM talking_call"),
                   "the move is stored", 3)
        self.restarts()
        info = incoming.sends("INFO", "Signal=1")
        arrived = call.receives("INFO")
        self.assertEqual(moved, arrived.message.uri)
        arrived.replies(200)
        info.receives(200)
        self.ends(call, incoming)

    def test_the_record_goes_on(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        [before] = self.rest.items("/api/v1/calls")
        self.restarts()
        [after] = self.rest.items("/api/v1/calls")
        for field in ("id", "from", "dialled", "started_at", "answered_at"):
            self.assertEqual(before[field], after[field], field)
        self.assertEqual(["confirmed"] * 2, [leg["state"] for leg in after["legs"]])
        self.ends(call, incoming)

    def test_a_second_restart(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        self.restarts()
        self.restarts()
        self.ends(call, incoming)

    def test_a_call_taken_up_is_transferred(self):
        anna, bob, carl = self.phone("201"), self.phone("202"), self.phone("203")
        call, incoming = self.talks(anna, bob)
        self.restarts()
        incoming.sends("REFER", headers=[("Refer-To", "<sip:203@office.test>")]).receives(202)
        incoming.receives("NOTIFY").replies(200)
        target = carl.receives("INVITE")
        target.replies(200, sdp("target", 1))
        moved = call.receives("INVITE")
        self.assertEqual(sdp("target", 1).encode(), moved.body)
        moved.replies(200, sdp("caller", 2))
        target.receives("ACK")
        call.receives("ACK")
        incoming.receives("NOTIFY").replies(200)
        incoming.receives("BYE")
        for watch in self.watches:
            watch.shows("idle")
        eventually(lambda: self.rows("SELECT b_extension FROM talking_call") == [("203",)],
                   "who talks now is stored")
        self.watches = []
        self.server.kill()
        for phone in self.office.phones:           # their watches go on as well
            phone.answers_notify = lambda notification: notification.replies(200)
        for watch in self.office.phones:
            for subscription in watch._subscriptions.values():
                subscription.versions_may_jump = True
        self.server.start()
        self.ends(call, target)

    def test_a_call_taken_up_moves_to_another_phone_of_its_owner(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = self.talks(anna, bob)
        shown = self.watches[0].history[-1].document.dialog
        self.restarts()
        mobile = self.phone("202")
        taken = mobile.calls("201", sdp("mobile", 1), headers=[
            ("Replaces", f"{shown.call_id};to-tag={shown.remote_tag};from-tag={shown.local_tag}")])
        offer = call.receives("INVITE")
        self.assertEqual(sdp("mobile", 1).encode(), offer.body)
        offer.replies(200, sdp("caller", 2))
        taken.receives(200)
        incoming.receives("BYE")
        call.receives("ACK")
        self.ends(taken, call)

    # The phones are gone

    def test_a_phone_that_forgot_the_call_ends_it(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = self.talks(anna, bob)
        del bob.calls_by_id[(incoming.dialog.call_id, incoming.dialog.local_tag)]
        self.is_stored()
        self.server.kill()
        for watch in self.watches:
            watch.versions_may_jump = True
        self.server.start()
        began = time.monotonic()
        call.receives("BYE")
        for watch in self.watches:
            watch.shows("idle")
        self.assertLess(time.monotonic() - began, 2 + SLACK)

    def test_a_call_that_ended_meanwhile_is_dark(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = self.talks(anna, bob)
        self.is_stored()
        self.server.kill()
        for phone in (anna, bob):
            phone.calls_by_id.clear()              # both have hung up, and nobody heard their BYE
        for watch in self.watches:
            watch.versions_may_jump = True
        self.server.start()
        for watch in self.watches:
            watch.shows("idle", within=2 + SLACK)

    # Only ringing

    def it_had_just_begun_to_ring(self):
        """What has rung for longer is stored, and is ended by the next run on both sides."""
        with contextlib.closing(sqlite3.connect(self.server.data / "lampline.db")) as database:
            database.execute("DELETE FROM ringing_invite")
            database.commit()

    def test_a_call_that_only_rang_is_dark_and_a_late_answer_is_hung_up(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch = self.phone("204").watches("202")
        call, incoming = ring(anna, bob)
        watch.shows("early")
        eventually(lambda: self.rows("SELECT count(*) FROM subscription") == [(1,)], "stored")
        self.server.kill()
        self.it_had_just_begun_to_ring()
        watch.versions_may_jump = True
        self.server.start()
        watch.shows("idle", within=2 + SLACK)
        self.assertEqual([], self.rest.items("/api/v1/calls"))
        incoming.replies(200, ANSWER)              # somebody lifts the receiver
        incoming.receives("ACK")
        incoming.receives("BYE")
        call.sends_cancel().receives(481)
        bob.pings()
        self.assertEqual("idle", watch.lamp)

    def test_a_call_that_rang_for_a_while_ends_on_both_sides(self):
        self.ends_on_both_sides()

    def test_a_call_in_proxy_mode_that_rang_for_a_while_ends_on_both_sides(self):
        self.rest.request("PATCH", "/api/v1/extensions/202", {"mode": "proxy"})
        self.ends_on_both_sides()

    def ends_on_both_sides(self):
        anna, bob = self.phone("201"), self.phone("202")
        watch = self.phone("204").watches("202")
        call, incoming = ring(anna, bob)
        watch.shows("early")
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(2,)],
                   "what rings is stored")
        self.server.kill()
        watch.versions_may_jump = True
        self.server.start()
        incoming.receives("CANCEL")
        call.receives(500)
        watch.shows("idle", within=2 + SLACK)
        loop.wait(lambda: any(m.method == "ACK" for m in bob.heard), "the 487 is acknowledged")
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(0,)],
                   "no row is left")

    def test_a_call_whose_ack_was_never_seen_goes_on(self):
        anna, bob = self.phone("201"), self.phone("202")
        call = anna.calls("202", acks=False)       # anna has the 200, and her ACK is not yet sent
        incoming = bob.receives("INVITE")
        incoming.replies(200, ANSWER)
        call.receives(200)
        self.calls_kept = 1
        self.is_stored()
        self.server.kill()
        self.server.start()
        incoming.receives("ACK", within=10)        # bob says 200 until then
        call.invite.acknowledges()
        self.changes(call, incoming, sdp("caller", 2), sdp("callee", 2))
        self.ends(call, incoming)

    def test_a_change_of_the_session_that_a_kill_cuts_off(self):
        anna, bob = self.phone("201"), self.phone("202")
        call, incoming = self.talks(anna, bob)
        held = incoming.sends("INVITE", sdp("callee", 2, "sendonly"))
        offered = call.receives("INVITE")
        self.is_stored()
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(1,)],
                   "bob's INVITE is stored")
        self.restarts()
        held.receives(500)
        asked = incoming.receives("INVITE")
        self.assertEqual(b"", asked.body)
        offered.replies(200, sdp("caller", 2, "recvonly"))  # what anna's phone says until ACK
        call.receives("ACK", within=10)
        asked.replies(200, sdp("callee", 3))
        renewed = call.receives("INVITE")
        self.assertEqual(sdp("callee", 3).encode(), renewed.body)
        renewed.replies(200, sdp("caller", 3))
        self.assertEqual(sdp("caller", 3).encode(), incoming.receives("ACK").body)
        call.receives("ACK")
        self.ends(call, incoming)
        self.assertEqual([(0,)], self.rows("SELECT count(*) FROM ringing_invite"))

    # Stopped, not killed

    def test_a_call_outlives_an_impatient_stop(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"))
        self.restarts(self.server.stop)            # a second SIGTERM: nobody waits
        self.ends(call, incoming)

    def test_a_ringing_call_is_ended_by_a_stop(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        self.server.stop()
        call.receives(503)
        incoming.receives("CANCEL")
        self.server.start()

    # Storage is input from outside

    def test_a_damaged_row_is_passed_over_and_said(self):
        call, incoming = self.talks(self.phone("201"), self.phone("202"), watched=False)
        one, two = talk(self.phone("203"), self.phone("205"))
        self.calls_kept = 2
        self.is_stored()
        self.server.kill()
        path = self.server.data / "lampline.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE talking_call SET b_target = 'nonsense' WHERE id = 1")
            database.commit()
        self.server.start()
        self.assertIn("call 1 is not taken up: b_target is damaged", self.server.log())
        call.sends("BYE").receives(481)
        self.ends(one, two)


class NobodyTalksYet(SurvivingOffice):
    """Calls that only ring at a kill, where one phone has answered all the same."""

    def is_over_after_a_kill(self, waiting):
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite WHERE stage = 'answered'")
                   == [(1,)], "who waits is stored")
        self.server.kill()
        self.server.start()
        self.assertIn("Exchange restarted", waiting.receives("BYE")["Reason"])
        eventually(lambda: self.rows("SELECT count(*) FROM ringing_invite") == [(0,)], "no row left")

    def clicked_call(self, transport):
        anna = self.phone("201", transport=transport, listens=transport == "tcp")
        bob = self.phone("202")
        self.assertEqual(201, self.rest.request("POST", "/api/v1/calls",
                                                {"from": "201", "to": "202"}).status)
        clicked = anna.receives("INVITE")
        clicked.replies(200, sdp("caller", 1, "inactive"))
        clicked.receives("ACK")
        incoming = bob.receives("INVITE")
        incoming.replies(180)
        self.is_over_after_a_kill(clicked)
        incoming.receives("CANCEL")

    def test_a_clicked_call_over_udp(self):
        self.clicked_call("udp")

    def test_a_clicked_call_over_tcp(self):
        self.clicked_call("tcp")

    def test_a_caller_of_the_calling_card_application(self):
        self.rest.put("/api/v1/calling-card", {"number": "800"})
        call = self.phone("201").calls("800")
        call.receives(200)
        call.receives("SUBSCRIBE").replies(489)
        self.is_over_after_a_kill(call)


if __name__ == "__main__":
    unittest.main()
