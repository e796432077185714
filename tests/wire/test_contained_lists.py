"""Lists that a SUBSCRIBE contains (RFC 5367), as softphones ask for their contacts. 201 watches 202 and 203."""
import unittest
import zlib

from lib.case import WireTest, eventually, ring

TYPE = "application/resource-lists+xml"
ASKS = [("Require", "recipient-list-subscribe"), ("Content-Disposition", "recipient-list")]


def uri(number):
    return f"sip:{number}@office.test"


def document(*uris):
    entries = "".join(f'<entry uri="{one}"/>' for one in uris)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">'
            f"<list>{entries}</list></resource-lists>")


class ContainedLists(WireTest):
    transport = "udp"
    friends = uri("202"), uri("205"), uri("299"), "sip:anna@elsewhere.test", uri("203")

    def setUp(self):
        super().setUp()
        self.anna = self.phone("201", transport=self.transport)
        self.bob, self.eve = self.phone("202"), self.phone("205")

    def asks(self, body=None, event="presence", to="rls", headers=(), content_type=TYPE):
        return self.anna.sends_list_subscribe(
            to, headers=ASKS + list(headers), event=event,
            body=document(*self.friends) if body is None else body, content_type=content_type)

    def asked(self, **options):
        contacts = self.asks(**options)
        self.assertEqual("eventlist", contacts.subscribe.receives(200)["Require"])
        return contacts

    def last_words(self, contacts):
        return {name: (one.state, one.reason) for found in contacts.lists
                for name, one in found.resources.items()}

    def are_refused(self, contacts, *uris):
        refused = {name: ("terminated", "rejected") for name in uris}
        eventually(lambda: refused.items() <= self.last_words(contacts).items(),
                   f"{uris} are refused")
        self.assertFalse([one for found in contacts.lists for one in found.resources.values()
                          if one.uri in uris and (one.document or one.name)])

    def follows(self, contacts, rings, idle):
        contacts.lights("202", idle)
        call, incoming = ring(self.eve, self.bob)
        contacts.lights("202", rings)
        call.cancels()
        incoming.receives("CANCEL")
        contacts.lights("202", idle)

    def test_presence_of_friends(self):
        contacts = self.asked()
        self.follows(contacts, "Ringing", "Ready")
        contacts.lights("203", "Not online")
        self.are_refused(contacts, *self.friends[1:4])
        self.assertEqual(uri("rls"), contacts.lists[0].uri)
        rows = self.rest.items("/api/v1/subscriptions?watcher=201")
        self.assertIn(("presence", "rls"), [(row["package"], row["resource"]) for row in rows])
        self.assertEqual("terminated", contacts.ends().state)

    def test_lamps_of_friends(self):
        lamps = self.asked(event="dialog", to="201")
        self.follows(lamps, "early", "idle")
        self.are_refused(lamps, *self.friends[1:4])

    def test_a_refresh_keeps_the_list_or_replaces_it(self):
        contacts = self.asked()
        self.are_refused(contacts, *self.friends[1:4])
        contacts.lights("203", "Not online")
        told = len(contacts.lists)
        contacts.refreshes()
        eventually(lambda: set(self.friends) == {
            name for found in contacts.lists[told:] for name in found.resources}, "all are told anew")
        told = len(contacts.lists)
        contacts.sends_subscribe(3600, ASKS + [("Supported", "eventlist")],
                                 document(uri("203"), uri("206")), TYPE).receives(200)
        eventually(lambda: any(found.full and {uri("203"), uri("206")} == set(found.resources)
                               for found in contacts.lists[told:]), "the new list is told in full")
        contacts.lights("203", "Not online")
        self.assertEqual({uri("203")}, set(contacts.keys))
        refused = contacts.sends_subscribe(3600, ASKS, document(), TYPE).receives(400)
        self.assertIn("no entries", refused["Warning"])

    def test_it_may_come_deflated(self):
        body = zlib.compress(document(*self.friends).encode())
        deflated = [("Content-Encoding", "deflate")]
        contacts = self.asked(body=body, headers=deflated)
        contacts.lights("202", "Ready")
        refused = self.asks(body=body[:-1], headers=deflated).subscribe.receives(400)
        self.assertIn("Content-Type", refused["Warning"])
        refused = self.asks(body=body, headers=[("Content-Encoding", "gzip")]).subscribe.receives(415)
        self.assertIn("deflate", refused["Accept-Encoding"])

    def test_what_is_no_list_is_refused(self):
        def refused(status, **options):
            return self.asks(**options).subscribe.receives(status)

        self.assertIn("Content-Type", refused(400, body="<resource-lists")["Warning"])
        self.assertIn("no entries", refused(400, body=document())["Warning"])
        self.assertIn("no URI", refused(400, body=document(""))["Warning"])
        self.assertIn("no body", refused(400, body=b"")["Warning"])
        self.assertIn("1000 entries", refused(
            400, body=document(*(f"x{at}" for at in range(1001))))["Warning"])
        self.assertEqual(TYPE, refused(415, content_type="text/plain")["Accept"])
        self.assertEqual("eventlist", refused(421, headers=[("Supported", "path")])["Require"])
        other = self.anna.sends_subscribe("201", 600, "message-summary", [
            ("Accept", "application/simple-message-summary"), *ASKS])
        self.assertEqual("recipient-list-subscribe", other.subscribe.receives(420)["Unsupported"])

    def test_it_goes_on_after_a_restart(self):
        contacts = self.asked()
        contacts.lights("202", "Ready")
        contacts.lights("203", "Not online")
        self.are_refused(contacts, *self.friends[1:4])
        told = len(contacts.lists)
        self.restarts(contacts)
        eventually(lambda: set(self.friends) == {
            name for found in contacts.lists[told:] for name in found.resources}, "all are told anew")
        self.follows(contacts, "Ringing", "Ready")

    def restarts(self, contacts):
        self.server.stop()
        self.server.start()     # versions go on without a gap: the watch checks


class ContainedListsOverTcp(ContainedLists):
    transport = "tcp"

    def restarts(self, contacts):
        contacts.versions_may_jump = True   # what found no way to the phone is not told again as it was
        super().restarts(contacts)
        self.anna.registers()               # over a connection of its own, that the list takes


if __name__ == "__main__":
    unittest.main()
