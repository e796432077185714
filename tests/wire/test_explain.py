"""Why a lamp shows what it shows, told over REST; changes as server-sent events; metrics."""
import re
import unittest

from lib.case import WireTest, eventually, ring, talk
from lib.events import EventSource
from lib.sdp import ANSWER, sdp


class Explained(WireTest):
    def lamp(self, watcher="201", member="202"):
        return self.rest.get(f"/api/v1/lamps/{watcher}/{member}")

    def settled(self, colour):
        """The account once the only phone shows `colour`, as it should."""
        def ready():
            account = self.lamp()
            lamp = account["phones"][0]["lamp"]
            return account if lamp and lamp["agrees"] and lamp["shown"]["colour"] == colour else None
        return eventually(ready, f"the lamp is {colour}")


class Account(Explained):
    def test_idle_ringing_talking_held_idle(self):
        anna, bob, eve = self.phone("201", user_agent="snom360/8.7"), self.phone("202"), self.phone("205")
        watch = anna.watches("202")
        account = self.settled("dark")
        self.assertEqual(("agrees", "202 is idle."), (account["reason"], account["summary"]))
        self.assertEqual([], account["calls"])
        lamp = account["phones"][0]["lamp"]
        self.assertEqual(("subscribed", "snom", "user_agent"),
                         (lamp["kind"], lamp["profile"], lamp["profile_from"]))

        call, incoming = ring(eve, bob)
        shown = watch.shows("early")
        account = self.settled("flashing")
        self.assertIn("202 rings: 205 (Eve Ng) calls", account["summary"])
        self.assertIn("flashing, as it should be", account["phones"][0]["explanation"])
        self.assertEqual(account["member_state"]["since"],
                         account["phones"][0]["lamp"]["present"]["since"])
        leg = account["calls"][0]
        self.assertEqual(("205", "Eve Ng", "recipient", "early", incoming.dialog.call_id),
                         tuple(leg[key] for key in ("with", "with_name", "direction", "state", "call_id")))
        self.assertIn(leg["id"], [c["id"] for c in self.rest.items("/api/v1/calls")])
        self.same_notify(anna, account, shown)

        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        shown = watch.shows("confirmed")
        account = self.settled("steady")
        self.assertIn("202 talks to 205 (Eve Ng)", account["summary"])
        self.assertIsNotNone(account["calls"][0]["answered_at"])
        self.same_notify(anna, account, shown)

        held = incoming.sends("INVITE", sdp("callee", 2, "sendonly"))
        call.receives("INVITE").replies(200, sdp("caller", 2, "recvonly"))
        held.receives(200)
        self.assertIn("on hold", eventually(
            lambda: "hold" in (text := self.lamp()["summary"]) and text, "the hold is told"))
        call.hangs_up()
        incoming.receives("BYE")
        account = self.settled("dark")
        self.assertIn("202 is idle, since", account["summary"])

    def same_notify(self, anna, account, shown):
        """The account's NOTIFY is the one that the phone got."""
        notify = account["phones"][0]["lamp"]["notify"]
        self.assertEqual((shown.message.cseq, shown.document.version, shown.message.body.decode()),
                         (notify["cseq"], notify["version"], notify["body"]))
        self.assertEqual((len(shown.message.body), 200, "udp", anna.host_port),
                         (notify["bytes"], notify["answer"], notify["transport"], notify["address"]))

    def test_the_rule_names_its_groups(self):
        self.rest.put_group("front", members=["202"], watchers=[
            {"number": "201", "unsolicited": True, "profile": "innovaphone"}])
        rule = self.lamp()["rule"]
        self.assertEqual(["front", "sales"], [group["name"] for group in rule["groups"]])
        self.assertEqual((True, True, "innovaphone"),
                         (rule["allowed"], rule["unsolicited"], rule["profile"]))

    def test_no_lamp_has_a_reason_to_act_on(self):
        self.assertEqual("not_registered", self.lamp()["reason"])
        self.phone("201")
        account = self.lamp()
        self.assertEqual(("no_lamp", "not_subscribed"),
                         (account["reason"], account["phones"][0]["reason"]))
        account = self.lamp("201", "205")
        self.assertEqual("not_allowed", account["reason"])
        self.assertIn("Put both into one group", account["summary"])
        unknown = self.rest.request("GET", "/api/v1/lamps/201/299")
        self.assertEqual((404, "/member"), (unknown.status, unknown.json["errors"][0]["pointer"]))

    def test_a_phone_that_refuses_unsolicited_notifys(self):
        self.rest.put_group("sales", members=["202"], watchers=[
            {"number": "201", "unsolicited": True, "profile": "auto"}])
        anna = self.phone("201", registered=False)
        anna.answers_notify = lambda notification: notification.replies(489)
        anna.registers()
        anna.key("202").receives_notify()
        phone = eventually(lambda: (p := self.lamp()["phones"][0])["reason"] != "under_way" and p,
                           "the refusal has arrived")
        self.assertEqual(("refuses_unsolicited", None), (phone["reason"], phone["lamp"]))
        self.assertIn("refused unsolicited NOTIFYs with 489 at", phone["explanation"])

    def test_a_phone_that_does_not_answer(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        watch = anna.watches("202")
        anna.answers_notify = lambda notification: notification.replies(503, [("Retry-After", "60")])
        call, incoming = ring(eve, bob)
        watch.receives_notify()
        phone = eventually(lambda: (p := self.lamp()["phones"][0])["reason"] == "waits_to_retry" and p,
                           "the lamp waits")
        lamp = phone["lamp"]
        self.assertEqual(("dark", "flashing", False),
                         (lamp["shown"]["colour"], lamp["present"]["colour"], lamp["agrees"]))
        self.assertEqual((503, 1), (lamp["notify"]["answer"], lamp["failures"]))
        self.assertIsNotNone(lamp["retry_at"])
        self.assertIn("sent again at", phone["explanation"])

        anna.answers_notify = lambda notification: notification.replies(200)
        sent = self.rest.request("POST", "/api/v1/lamps/201/202:resend")
        self.assertEqual(202, sent.status, sent.text)
        self.assertEqual([{"contact": anna.contact, "queued": False}], [
            {key: p[key] for key in ("contact", "queued")} for p in sent.json["phones"]])
        watch.shows("early")
        self.settled("flashing")
        call.cancels()
        incoming.receives("CANCEL")
        watch.shows("idle")


class Resent(Explained):
    def test_the_present_state_is_sent_anew(self):
        anna = self.phone("201")
        watch = anna.watches("202")
        self.settled("dark")
        before = len(watch.history)
        answer = self.rest.request("POST", "/api/v1/lamps/201/202:resend")
        self.assertEqual(202, answer.status, answer.text)
        again = watch.receives_notify("idle")
        self.assertEqual(again.message.cseq, answer.json["phones"][0]["cseq"])
        self.assertEqual(before + 1, len(watch.history))

    def test_it_waits_for_the_answer_to_what_is_under_way(self):
        anna = self.phone("201")
        watch = anna.watches("202")
        self.settled("dark")
        anna.answers_notify = lambda notification: None
        self.rest.request("POST", "/api/v1/lamps/201/202:resend")
        waiting = watch.receives_notify()
        answer = self.rest.request("POST", "/api/v1/lamps/201/202:resend")
        self.assertEqual([True], [phone["queued"] for phone in answer.json["phones"]])
        anna.pings()
        anna.answers_notify = lambda notification: notification.replies(200)
        waiting.replies(200)
        watch.receives_notify("idle")

    def test_there_is_nothing_to_send_without_a_lamp(self):
        answer = self.rest.request("POST", "/api/v1/lamps/201/202:resend")
        self.assertEqual(409, answer.status)
        self.assertIn("register one", answer.json["detail"])


class Events(Explained):
    def events(self, query="", **options):
        source = EventSource(self.server.address["http"], options.pop("token", self.rest.token),
                             query, **options)
        self.addCleanup(source.close)
        return source

    def test_call_and_lamp_changes_come_in_order(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        watch = anna.watches("202")
        self.settled("dark")
        events = self.events("?extension=202")
        call, incoming = talk(eve, bob)
        watch.shows("confirmed")
        self.settled("steady")
        call.hangs_up()
        incoming.receives("BYE")
        watch.shows("idle")
        events.receives("call", extension="202", state="early", **{"with": "205"})
        events.receives("lamp", step="notified", watcher="201", member="202", present="flashing")
        events.receives("call", extension="202", state="confirmed")
        events.receives("lamp", step="notified", present="steady", agrees=False)
        events.receives("lamp", step="answered", shown="steady", agrees=True, answer=200)
        ended = events.receives("call", extension="202", state="terminated")
        self.assertEqual("remote-bye", ended.data["ended_by"])
        events.receives("lamp", step="answered", shown="dark", agrees=True)

    def test_registrations_and_filters(self):
        registrations = self.events("?types=registration")
        lamps = self.events("?types=lamp")
        anna = self.phone("201")
        came = registrations.receives("registration", extension="201")
        self.assertEqual([anna.contact], came.data["contacts"])
        anna.watches("202")
        lamps.receives("lamp", step="answered")
        anna.unregisters()
        self.assertEqual([], registrations.receives("registration").data["contacts"])
        self.assertNotIn("registration", [event.type for event in lamps.taken()])

    def test_settings_and_what_they_make_of_presence(self):
        messages, forwarding = (f"/api/v1/extensions/202/{name}" for name in ("messages", "forwarding"))
        self.addCleanup(self.rest.put, messages, {"new": 0})
        self.addCleanup(self.rest.put, forwarding, {"do_not_disturb": False})
        events = self.events("?types=messages,features,presence&extension=202")
        self.rest.put(messages, {"new": 2, "old": 1})
        events.receives("messages", extension="202", new=2, old=1)
        self.rest.put(forwarding, {"do_not_disturb": True})
        events.receives("features", do_not_disturb=True, always=None)
        events.receives("presence", extension="202", do_not_disturb=True)

    def test_who_comes_again_misses_nothing(self):
        events = self.events("?types=registration")
        self.phone("201")
        seen = events.receives("registration", extension="201")
        events.close()
        self.phone("202")
        self.phone("203")
        again = self.events("?types=registration", last_id=seen.id)
        self.assertEqual(["202", "203"], [
            again.receives("registration").data["extension"] for _ in range(2)])
        stranger = self.events(last_id="other-7")
        self.assertEqual("too_old", stranger.receives("reset").data["reason"])

    def test_a_ticket_opens_one_stream_once(self):
        made = self.rest.request("POST", "/api/v1/events/tickets")
        self.assertEqual(201, made.status)
        query = f"?ticket={made.json['ticket']}"
        events = self.events(query, token=None)
        self.assertEqual(200, events.status)
        self.assertEqual(401, self.events(query, token=None).status)
        self.phone("201")
        events.receives("registration", extension="201")
        self.assertNotIn(made.json["ticket"], self.server.log(1000))

    def test_the_stream_ends_with_the_server(self):
        events = self.events()
        self.server.stop()
        self.assertEqual("server_stopping", events.receives("end").data["reason"])
        events.ends()
        self.server.start()


class Metrics(Explained):
    def test_lamps_are_counted_and_timed(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        watch = anna.watches("202")
        call, incoming = talk(eve, bob)
        watch.shows("confirmed")
        self.settled("steady")
        values = self.values()
        self.assertEqual(1, values['lampline_subscriptions{kind="subscribed",profile="standard"}'])
        sent = values["lampline_notifies_sent_total"]
        self.assertEqual(sent, values['lampline_notify_answers_total{class="2xx"}'])
        self.assertEqual(0, values['lampline_notify_answers_total{class="none"}'])
        for state in ("under_way", "waiting", "owed"):
            self.assertEqual(0, values[f'lampline_notify_queue{{state="{state}"}}'])
        for name in ("lampline_event_to_notify_seconds", "lampline_event_to_answer_seconds"):
            count = values[f"{name}_count"]
            self.assertGreaterEqual(count, 2)
            self.assertLess(count, sent)  # the first NOTIFY of a subscription tells no event
            self.assertEqual(count, values[f'{name}_bucket{{le="+Inf"}}'])
            self.assertEqual(count, values[f'{name}_bucket{{le="10"}}'])
            self.assertGreater(values[f"{name}_sum"], 0)
        self.assertEqual(0, values["lampline_event_streams"])
        call.hangs_up()
        incoming.receives("BYE")

    def test_what_fails_is_counted_where_it_belongs(self):
        anna, bob, eve = self.phone("201"), self.phone("202"), self.phone("205")
        anna.answers_notify = lambda notification: notification.replies(200)
        watch = anna.watches("202")
        presence = anna.sends_subscribe("202", event="presence",
                                        headers=[("Accept", "application/pidf+xml")])
        presence.subscribe.receives(200)
        presence.receives_notify()
        anna.answers_notify = lambda notification: None
        ring(eve, bob)[1].replies(486)
        eventually(lambda: self.values()['lampline_notify_queue{state="under_way"}'] == 2,
                   "the NOTIFYs of both packages are under way")
        eventually(lambda: self.values()['lampline_notify_queue{state="owed"}'] == 2,
                   "what is newer waits behind them")
        anna.answers_notify = lambda notification: notification.replies(500)
        told = len(watch.history)
        for watching in (watch, presence):
            watching.history[-1].replies(500)
        eventually(lambda: self.values()['lampline_notify_queue{state="waiting"}'] == 2,
                   "they wait to be repeated")
        eventually(lambda: len(watch.history) > told, "it is repeated")
        values = self.values()
        self.assertGreaterEqual(values["lampline_notifies_retried_total"], 1)
        self.assertGreaterEqual(values['lampline_notify_answers_total{class="5xx"}'], 1)
        self.assertEqual(0, values["lampline_notifies_refused_total"])
        anna.answers_notify = lambda notification: notification.replies(481)
        eventually(lambda: self.values()["lampline_notifies_refused_total"] == 1, "it is over")
        of_presence = 'lampline_event_notifies_total{package="presence",result="%s"}'
        eventually(lambda: self.values()[of_presence % "refused"] == 1, "so is the other")
        values = self.values()
        self.assertEqual(1, values['lampline_notify_answers_total{class="4xx"}'])
        self.assertGreaterEqual(values[of_presence % "retried"], 1)
        self.assertEqual(values[of_presence % "sent"],
                         values[of_presence % "answered"] + values[of_presence % "failed"])
        for state in ("under_way", "waiting", "owed"):
            self.assertEqual(0, values[f'lampline_notify_queue{{state="{state}"}}'])

    def values(self) -> dict[str, float]:
        text = self.rest.request("GET", "/metrics").text
        return {name: float(value) for name, value in
                re.findall(r"(?m)^([a-z_]+(?:\{[^}]*\})?) ([0-9.e+-]+)$", text)}


if __name__ == "__main__":
    unittest.main()
