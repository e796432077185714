"""One SUBSCRIBE to a whole group (RFC 4662).

201 and 204 watch `sales`, whose members are 202 and 203."""
import unittest

from lib.case import WireTest, eventually, ring, talk

WATCHERS = ["201", "204"]


def uri(number):
    return f"sip:{number}@office.test"


class Lists(WireTest):
    transport = "udp"

    def setUp(self):
        super().setUp()
        self.anna = self.phone("201", transport=self.transport)
        self.bob, self.eve = self.phone("202"), self.phone("205")

    def watches(self):
        lamps = self.anna.watches_list("sales")
        lamps.lights("202", "idle")
        lamps.lights("203", "idle")
        return lamps

    def test_a_list_begins_in_full_and_follows_its_members(self):
        lamps = self.anna.watches_list("sales")
        lamps.lights("203", "idle")
        self.assertTrue(lamps.lists[0].full)
        self.assertEqual(uri("sales"), lamps.lists[0].uri)
        call, incoming = ring(self.eve, self.bob)
        found = lamps.lights("202", "early").message
        self.assertEqual("active", found["Subscription-State"].split(";")[0])
        self.assertFalse(lamps.lists[-1].full)
        self.assertEqual([uri("202")], list(lamps.lists[-1].resources))
        dialog = lamps.lists[-1].resources[uri("202")].document.dialog
        self.assertEqual((incoming.dialog.call_id, incoming.dialog.local_tag),
                         (dialog.call_id, dialog.local_tag))
        call.cancels()
        incoming.receives("CANCEL")
        lamps.lights("202", "idle")
        self.assertEqual("idle", lamps.key("203"))

    def test_the_answer_to_subscribe_requires_eventlist(self):
        subscription = self.anna.sends_list_subscribe("sales")
        answer = subscription.subscribe.receives(200)
        self.assertEqual("eventlist", answer["Require"])
        subscription.receives_notify()
        subscription.lights("203", "idle")
        told = len(subscription.lists)
        self.assertEqual("active", subscription.refreshes().state)
        eventually(lambda: {uri("202"), uri("203")} == {
            name for found in subscription.lists[told:]
            for name, one in found.resources.items() if one.document}, "both are told anew")
        self.assertEqual("terminated", subscription.ends().state)

    def test_a_phone_may_require_eventlist(self):
        lamps = self.anna.watches_list("sales", headers=[("Require", "eventlist")])
        lamps.lights("203", "idle")

    def test_without_eventlist_a_group_is_refused_or_told_in_one_document(self):
        answer = self.anna.sends_subscribe("sales").subscribe.receives(421)
        self.assertEqual("eventlist", answer["Require"])
        self.assertIn("event lists", answer["Warning"])
        self.rest.put("/api/v1/body-profiles/merging", {"merged_lists": True})
        self.rest.put_group("sales", ["202", "203"], [
            {"number": "201", "unsolicited": False, "profile": "merging"}])
        lamps = self.anna.sends_subscribe("sales")
        lamps.subscribe.receives(200)
        self.assertEqual(uri("sales"), lamps.receives_notify("idle").document.entity)
        call, incoming = ring(self.eve, self.bob)
        lamps.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        lamps.shows("idle")

    def test_who_may_not_watch_gets_the_answer_of_a_group_that_is_not_there(self):
        for number, group in (("205", "sales"), ("201", "nobody")):
            phone = self.eve if number == "205" else self.anna
            refused = phone.sends_list_subscribe(group).subscribe.receives(403)
            self.assertNotIn("Warning", refused)

    def test_a_phone_that_does_not_accept_lists(self):
        plain = [("Accept", "application/dialog-info+xml")]
        answer = self.anna.sends_list_subscribe("sales", headers=plain).subscribe.receives(406)
        self.assertIn("application/rlmi+xml", ", ".join(answer.headers.values("Accept")))

    def test_members_come_and_go_and_a_group_that_is_gone_leaves_all_dark(self):
        lamps = self.watches()
        call, incoming = talk(self.eve, self.bob)
        lamps.lights("202", "confirmed")
        self.rest.put_group("sales", ["202", "203", "205"], WATCHERS)
        lamps.lights("205", "confirmed")
        lamps.lights("202", "confirmed")
        self.rest.put_group("sales", ["203", "205"], WATCHERS)

        def last_word(number="202"):
            return [found.resources[uri(number)] for found in lamps.lists
                    if uri(number) in found.resources][-1]

        eventually(lambda: last_word().state == "terminated", "202 leaves the list")
        self.assertEqual(("rejected", "idle"), (last_word().reason, last_word().document.lamp))
        self.rest.put_group("sales", ["203", "205"], ["204"])
        eventually(lambda: lamps.history[-1].state == "terminated", "the subscription ends")
        self.assertEqual("rejected", lamps.history[-1].reason)
        self.assertEqual("idle", last_word("205").document.lamp)
        call.hangs_up()
        incoming.receives("BYE")

    def test_it_is_explained(self):
        self.watches()
        def shown():
            lamp = self.rest.get("/api/v1/lamps/201/202")["phones"][0]["lamp"]
            return lamp if lamp["shown"]["colour"] == "dark" else None
        lamp = eventually(shown, "the exchange knows what the phone shows")
        self.assertEqual("sales", lamp["list"])
        self.assertIn("sip:202@office.test", lamp["notify"]["body"])
        listed = self.rest.get("/api/v1/lamps?watcher=201")["items"]
        self.assertEqual({"sales"}, {one["list"] for one in listed})
        self.assertEqual({"202", "203"}, {one["member"] for one in listed})

    def test_it_goes_on_after_a_restart(self):
        lamps = self.watches()
        self.server.stop()
        self.server.start()     # versions go on without a gap: the watch checks
        call, incoming = ring(self.eve, self.bob)
        lamps.lights("202", "early")
        call.cancels()
        incoming.receives("CANCEL")
        lamps.lights("202", "idle")
        lamps.lights("203", "idle")


class ListsOverTcp(Lists):
    transport = "tcp"

    def test_it_goes_on_after_a_restart(self):
        lamps = self.watches()
        lamps.versions_may_jump = True      # what found no way to the phone is not told again as it was
        self.server.stop()
        self.server.start()
        told = len(lamps.lists)
        self.anna.registers()               # over a connection of its own, that the list takes
        eventually(lambda: len(lamps.lists) > told, "the list is told anew")
        self.assertTrue(lamps.lists[told].full)
        call, incoming = ring(self.eve, self.bob)
        lamps.lights("202", "early")
        call.cancels()
        incoming.receives("CANCEL")
        lamps.lights("202", "idle")
        self.assertEqual("active", lamps.refreshes().state)

    def test_over_a_connection_the_whole_list_comes_at_once(self):
        members = [str(number) for number in range(300, 320)]
        for number in members:
            self.rest.put_extension(number, f"secret-of-{number}", f"Desk {number}")
        self.rest.put_group("sales", members, WATCHERS)
        lamps = self.anna.watches_list("sales")
        found = lamps.told()
        self.assertEqual([uri(number) for number in members], list(found.resources))
        self.assertEqual("Desk 300", found.resources[uri("300")].name)
        self.assertTrue(all(one.document for one in found.resources.values()))


class LongListsOverUdp(WireTest):
    members = [str(number) for number in range(300, 320)]

    def setUp(self):
        super().setUp()
        for number in self.members:
            self.rest.put_extension(number, f"secret-of-{number}", f"Desk {number}")
        self.rest.put_group("sales", self.members, ["201"])
        self.anna = self.phone("201")

    def in_datagrams(self, lamps):
        for one in lamps.history:
            self.assertLessEqual(len(str(one.message)), 1300)

    def test_a_long_list_comes_in_datagrams(self):
        lamps = self.anna.watches_list("sales")
        lamps.lights("319", "idle")
        everybody = {uri(number) for number in self.members}
        self.assertEqual(everybody, set(lamps.keys))
        self.assertGreater(len(lamps.lists), 1)
        self.assertEqual([True] + [False] * (len(lamps.lists) - 1),
                         [found.full for found in lamps.lists])
        told = len(lamps.lists)
        lamps.refreshes()                   # no key goes while the rest is on its way
        eventually(lambda: everybody == {name for found in lamps.lists[told:]
                                         for name in found.resources}, "all are told anew")
        self.assertFalse(any(found.full for found in lamps.lists[told:]))
        self.assertEqual(everybody, set(lamps.keys))
        lamps.ends()
        self.assertEqual("terminated", lamps.history[-1].state)
        self.in_datagrams(lamps)

    def test_a_fetch_tells_all_and_ends(self):
        desk, eve = self.phone("319", secret="secret-of-319"), self.phone("205")
        call, incoming = talk(eve, desk)
        lamps = self.anna.sends_list_subscribe("sales", expires=0)
        lamps.subscribe.receives(200)
        eventually(lambda: lamps.history and lamps.history[-1].state == "terminated", "it ends")
        shown = {name: resource.document.lamp for found in lamps.lists
                 for name, resource in found.resources.items() if resource.document}
        self.assertEqual({uri(number): "confirmed" if number == "319" else "idle"
                          for number in self.members}, shown)
        self.assertTrue(lamps.lists[0].resources[uri("319")].document)    # lit: comes first
        self.in_datagrams(lamps)
        eventually(lambda: not self.rest.get("/api/v1/lamps?watcher=201")["items"], "it is forgotten")
        call.hangs_up()
        incoming.receives("BYE")

    def test_a_call_is_told_in_datagrams(self):
        desk, eve = self.phone("319", secret="secret-of-319"), self.phone("205")
        lamps = self.anna.watches_list("sales")
        lamps.lights("319", "idle")
        call, incoming = talk(eve, desk)
        lamps.lights("319", "confirmed")
        dialog = lamps.lists[-1].resources[uri("319")].document.dialog
        self.assertEqual(uri("205"), dialog.remote.identity)
        call.hangs_up()
        incoming.receives("BYE")
        lamps.lights("319", "idle")
        self.in_datagrams(lamps)


class PresenceLists(WireTest):
    """As softphones ask for their contacts: `Event: presence` to the group."""

    transport = "udp"

    def setUp(self):
        super().setUp()
        self.anna = self.phone("201", transport=self.transport)
        self.bob, self.eve = self.phone("202"), self.phone("205")

    def watches(self):
        contacts = self.anna.watches_list("sales", event="presence")
        contacts.lights("202", "Ready")
        contacts.lights("203", "Not online")
        return contacts

    def last_word(self, contacts, number):
        """With a body: over UDP that comes after the list has named who it is about."""
        return [found.resources[uri(number)] for found in contacts.lists
                if uri(number) in found.resources and found.resources[uri(number)].document][-1]

    def test_it_begins_in_full_and_follows_its_members(self):
        contacts = self.anna.sends_list_subscribe("sales", event="presence")
        self.assertEqual("eventlist", contacts.subscribe.receives(200)["Require"])
        contacts.lights("202", "Ready")
        contacts.lights("203", "Not online")
        self.assertTrue(contacts.lists[0].full)
        self.assertEqual(uri("sales"), contacts.lists[0].uri)
        call, incoming = ring(self.eve, self.bob)
        contacts.lights("202", "Ringing")
        self.assertFalse(contacts.lists[-1].full)
        self.assertEqual([uri("202")], list(contacts.lists[-1].resources))
        one = contacts.lists[-1].resources[uri("202")]
        self.assertEqual(("active", uri("202"), "open"),
                         (one.state, one.document.entity, one.document.basic))
        call.cancels()
        incoming.receives("CANCEL")
        contacts.lights("202", "Ready")
        self.assertEqual("Not online", contacts.key("203"))
        told = len(contacts.lists)
        self.assertEqual("active", contacts.refreshes().state)
        eventually(lambda: {uri("202"), uri("203")} == {
            name for found in contacts.lists[told:]
            for name, member in found.resources.items() if member.document}, "both are told anew")
        rows = self.rest.items("/api/v1/subscriptions?watcher=201")
        self.assertIn(("presence", "sales"), [(row["package"], row["resource"]) for row in rows])
        self.assertEqual("terminated", contacts.ends().state)

    def test_who_may_not_or_cannot_read_it(self):
        pidf = [("Accept", "application/pidf+xml")]
        answer = self.anna.sends_subscribe("sales", 600, "presence", pidf).subscribe.receives(421)
        self.assertEqual("eventlist", answer["Require"])
        self.assertIn("event lists", answer["Warning"])
        answer = self.anna.sends_list_subscribe("sales", headers=pidf,
                                                event="presence").subscribe.receives(406)
        self.assertIn("application/rlmi+xml", ", ".join(answer.headers.values("Accept")))
        for number, group in (("205", "sales"), ("201", "nobody")):
            phone = self.eve if number == "205" else self.anna
            refused = phone.sends_list_subscribe(group, event="presence").subscribe.receives(403)
            self.assertNotIn("Warning", refused)

    def test_members_leave_it_and_a_group_that_is_withdrawn_leaves_all_dark(self):
        contacts = self.watches()
        call, incoming = talk(self.eve, self.bob)
        contacts.lights("202", "On the phone")
        self.rest.put_group("sales", ["202", "203", "205"], WATCHERS)
        contacts.lights("205", "On the phone")
        answer = self.rest.request("PATCH", "/api/v1/extensions/202", {"visibility": "hidden"})
        self.assertEqual(200, answer.status, answer.text)
        eventually(lambda: self.last_word(contacts, "202").state == "terminated", "202 leaves")
        left = self.last_word(contacts, "202")
        self.assertEqual(("rejected", "Not online"), (left.reason, left.document.lamp))
        self.rest.delete("/api/v1/extensions/203?recursive=true")
        eventually(lambda: self.last_word(contacts, "203").state == "terminated", "203 leaves")
        self.assertEqual("noresource", self.last_word(contacts, "203").reason)
        self.rest.put_group("sales", ["202", "205"], ["204"])
        eventually(lambda: contacts.history[-1].state == "terminated", "the subscription ends")
        self.assertEqual("rejected", contacts.history[-1].reason)
        self.assertEqual("Not online", self.last_word(contacts, "205").document.lamp)
        call.hangs_up()
        incoming.receives("BYE")

    def test_it_goes_on_after_a_restart(self):
        contacts = self.watches()
        told = len(contacts.lists)
        self.restarts(contacts)
        eventually(lambda: len(contacts.lists) > told, "the list is told anew")
        self.assertTrue(contacts.lists[told].full)
        call, incoming = ring(self.eve, self.bob)
        contacts.lights("202", "Ringing")
        call.cancels()
        incoming.receives("CANCEL")
        contacts.lights("202", "Ready")
        contacts.lights("203", "Not online")

    def restarts(self, contacts):
        self.server.stop()
        self.server.start()     # versions go on without a gap: the watch checks


class PresenceListsOverTcp(PresenceLists):
    transport = "tcp"

    def restarts(self, contacts):
        contacts.versions_may_jump = True   # what found no way to the phone is not told again as it was
        super().restarts(contacts)
        self.anna.registers()               # over a connection of its own, that the list takes


class LongPresenceListsOverUdp(WireTest):
    members = [str(number) for number in range(300, 320)]

    def setUp(self):
        super().setUp()
        for number in self.members:
            self.rest.put_extension(number, f"secret-of-{number}", f"Desk {number}")
        self.rest.put_group("sales", self.members, ["201"])
        self.anna = self.phone("201")

    def test_it_comes_in_datagrams(self):
        desk, eve = self.phone("319", secret="secret-of-319"), self.phone("205")
        contacts = self.anna.watches_list("sales", event="presence")
        everybody = {uri(number) for number in self.members}
        eventually(lambda: set(contacts.keys) == everybody, "all are told")
        self.assertGreater(len(contacts.lists), 1)
        self.assertEqual([True] + [False] * (len(contacts.lists) - 1),
                         [found.full for found in contacts.lists])
        call, incoming = talk(eve, desk)
        contacts.lights("319", "On the phone")
        call.hangs_up()
        incoming.receives("BYE")
        contacts.lights("319", "Ready")
        for one in contacts.history:
            self.assertLessEqual(len(str(one.message)), 1300)


if __name__ == "__main__":
    unittest.main()
