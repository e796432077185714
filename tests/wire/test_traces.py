"""The traces that phones in the field have left us, replayed with other addresses.

snom 360, October 2005: SUBSCRIBE to 211, then its lamp off, flashing, steady, and off again; April
2006: the key is pressed while it flashes.
innovaphone PBX v6, March 2008: 207 is called by 211; early, terminated, proceeding, terminated.
"""
import unittest

from lib import message
from lib.call import Call
from lib.case import WireTest, eventually, ring
from lib.message import Address
from lib.notifier import Notifier, dialog_of
from lib.sdp import ANSWER
from lib.watch import Subscription

SNOM_SUBSCRIBE = """\
SUBSCRIBE sip:211@office.test;user=phone SIP/2.0
Via: SIP/2.0/UDP {phone};branch=z9hG4bK-wkwhbwu19wgc;rport
From: <sip:2150@office.test>tag=gumvap0ha0
To: <sip:211@office.test;user=phone>
Call-ID: 3c2675eaad57-2fjnztudzq25@snom360
CSeq: 1 SUBSCRIBE
Max-Forwards: 70
Contact: <sip:2150@{phone};line=xjqldyhz>
Event: dialog
Accept: application/dialog-info+xml
Expires: 3600
Content-Length: 0

""".replace("\n", "\r\n")

# snom 360, April 2006: its key has flashed, and is pressed.
SNOM_SDP = """\
v=0
o=root 1569910172 1569910172 IN IP4 {host}
s=call
c=IN IP4 {host}
t=0 0
m=audio 53378 RTP/AVP 0 8 9 2 3 18 4 101
a=rtpmap:0 pcmu/8000
a=rtpmap:8 pcma/8000
a=rtpmap:9 g722/8000
a=rtpmap:2 g726-32/8000
a=rtpmap:3 gsm/8000
a=rtpmap:18 g729/8000
a=rtpmap:4 g723/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
""".replace("\n", "\r\n")

SNOM_PICKUP = """\
INVITE sip:2112@{domain} SIP/2.0
Via: SIP/2.0/UDP {phone};branch=z9hG4bK-y7wfiw5j4k4y;rport
From: "Shanon Snom 360" <sip:3871505@{domain}>;tag=fkbqooxqv2
To: <sip:2112@{domain}>
Call-ID: 3c269bfdf1b3-elaa4cdv0pdi@snom360-000413230534
CSeq: 1 INVITE
Max-Forwards: 70
Contact: <sip:3871505@{domain};gruu=dolzqxk4>;flow-id=1
Replaces: {replaces}
P-Key-Flags: resolution="31x13", keys="4"
User-Agent: snom360/5.5
Accept: application/sdp
Allow: INVITE, ACK, CANCEL, BYE, REFER, OPTIONS, NOTIFY, SUBSCRIBE, PRACK, MESSAGE, INFO
Allow-Events: talk, hold, refer
Supported: timer, 100rel, replaces, callerid
Session-Expires: 3600;refresher=uas
Content-Type: application/sdp
Content-Length: {length}

""".replace("\n", "\r\n")


def snom_pickup(phone: str, domain: str, replaces: str) -> str:
    sdp = SNOM_SDP.format(host=phone.partition(":")[0])
    return SNOM_PICKUP.format(phone=phone, domain=domain, replaces=replaces, length=len(sdp)) + sdp


# What the two printed documents are without the layout of the page: as long as their Content-Length says.
INNOVAPHONE_BODY = (
    '<?xml version="1.0"?>\r\n'
    '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" state="full" version="{version}">'
    '<dialog id="1" direction="initiator" call-id="{call_id}"><state>{state}</state>'
    '<local><identity>sip:207@{domain}</identity></local>'
    '<remote><identity>sip:211@{domain}</identity></remote></dialog></dialog-info>')

SNOM_HEAD = (
    '<?xml version="1.0"?>\r\n'
    '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full"'
    ' entity="sip:211@{domain}">')
SNOM_DIALOG = (
    '<dialog id="dummy" call-id="{call_id}" local-tag="{local}" remote-tag="{remote}" direction="recipient">'
    '<state>{state}</state>'
    '<local><identity>sip:211@{domain}</identity><target uri="sip:211@{domain}"/></local>'
    '<remote><identity>sip:2112@{domain}</identity><target uri="sip:2112@{domain}"/></remote></dialog>')


def snom_body(version: int, domain: str, **dialog) -> bytes:
    inside = SNOM_DIALOG.format(domain=domain, **dialog) if dialog else ""
    return (SNOM_HEAD.format(version=version, domain=domain) + inside + "</dialog-info>\r\n").encode()


class Traces(WireTest):
    def setUp(self):
        super().setUp()
        for number, name in (("2150", ""), ("211", ""), ("2112", ""), ("207", "")):
            self.rest.put_extension(number, f"secret-of-{number}", name)
            self.office.secrets[number] = f"secret-of-{number}"

    def subscribes(self, phone, text: str) -> Subscription:
        """Sends the SUBSCRIBE to the byte, then the same with credentials."""
        request = message.parse(text.encode())
        self.assertEqual(text.encode(), bytes(request))
        subscription = phone.subscribes(request, Address.parse(request["To"]).user, "dialog")
        subscription.subscribe.receives(200)
        self.assertEqual(1, len(subscription.subscribe.challenges))
        return subscription

    def test_the_bodies_are_as_long_as_in_the_traces(self):
        domain, old = "abptech.com", {"call_id": "feb21493-d84a9bd6@192.168.0.113",
                                      "local": "6yln5cag4d", "remote": "fe9c856f35980aao0"}
        self.assertEqual([150, 500, 504], [len(snom_body(18, domain)),
                                           len(snom_body(19, domain, state="early", **old)),
                                           len(snom_body(20, domain, state="confirmed", **old))])
        ended = {"call_id": "e1b50917e909d311824d0090330200d6", "domain": "172.16.16.180"}
        self.assertEqual([343, 349, 349, 349], [
            len(INNOVAPHONE_BODY.format(version=version, state=state, **ended)) for version, state in
            ((9, "early"), (10, "terminated"), (11, "proceeding"), (12, "terminated"))])

    def test_snom_bodies_to_the_byte(self):
        self.rest.put_group("office", members=["211"], watchers=[
            {"number": "2150", "unsolicited": False, "profile": "snom"}])
        snom = self.phone("2150", registered=False)
        lamp = self.subscribes(snom, SNOM_SUBSCRIBE.format(phone=snom.host_port))
        lamp.receives_notify("idle")
        call, incoming = ring(self.phone("2112"), self.phone("211"))
        lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        lamp.shows("confirmed")
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")
        own = incoming.dialog
        told = [n for n in lamp.history if n.lamp not in ("trying", "proceeding")]
        for shown, notification in zip(("idle", "early", "confirmed", "idle"), told, strict=True):
            message, dialog = notification.message, {}
            if shown != "idle":
                dialog = {"call_id": own.call_id, "local": own.local_tag, "remote": own.remote_tag,
                          "state": shown}
            self.assertEqual(snom_body(notification.document.version, "office.test", **dialog),
                             message.body)
            self.is_told_as_in_the_trace(message, "211")
            self.assertEqual(("3c2675eaad57-2fjnztudzq25@snom360", "gumvap0ha0"),
                             (message["Call-ID"], message.to_tag))

    def is_told_as_in_the_trace(self, notify, number):
        self.assertEqual(("70", "dialog", "application/dialog-info+xml", "active"),
                         tuple(notify[name].split(";")[0] for name in
                               ("Max-Forwards", "Event", "Content-Type", "Subscription-State")))
        for name in ("From", "Contact"):
            self.assertEqual(number, Address.parse(notify[name]).user)

    def test_snom_lamp_off_flash_steady_off(self):
        self.rest.put_group("office", members=["211"], watchers=["2150"])
        snom = self.phone("2150", registered=False)
        lamp = self.subscribes(snom, SNOM_SUBSCRIBE.format(phone=snom.host_port))

        off = lamp.receives_notify("idle").message
        self.assertEqual(f"sip:2150@{snom.host_port};line=xjqldyhz", off.uri)
        self.assertEqual("gumvap0ha0", off.to_tag)
        self.assertEqual("sip:211@office.test;user=phone", Address.parse(off["From"]).uri)
        self.assertEqual(("dialog", "application/dialog-info+xml"),
                         (off["Event"], off["Content-Type"]))
        self.assertEqual("sip:211@office.test", lamp.history[0].document.entity)

        call, incoming = ring(self.phone("2112"), self.phone("211"))
        flash = lamp.shows("early").document.dialog
        self.assertEqual("recipient", flash.direction)
        self.assertEqual(
            (incoming.dialog.call_id, incoming.dialog.local_tag, incoming.dialog.remote_tag),
            (flash.call_id, flash.local_tag, flash.remote_tag))
        self.assertEqual(("sip:211@office.test", "sip:2112@office.test"),
                         (flash.local.identity, flash.remote.identity))
        self.assertEqual(("sip:211@office.test", "sip:2112@office.test"),
                         (flash.local.target, flash.remote.target))

        incoming.replies(200, ANSWER)
        call.receives(200)
        steady = lamp.shows("confirmed").document.dialog
        self.assertEqual((flash.id, flash.call_id, flash.local_tag, flash.remote_tag),
                         (steady.id, steady.call_id, steady.local_tag, steady.remote_tag))
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")
        self.assertEqual(["idle", "early", "confirmed", "idle"],
                         [shown for shown in lamp.lamps if shown not in ("trying", "proceeding")])

    def snom_subscribe_is_forwarded(self, transport):
        """The first of the page's two ways: 211 has two watchers, and notifies both by itself."""
        self.rest.put_group("office", members=["211"], watchers=[
            {"number": number, "unsolicited": False} for number in ("2150", "2112")])
        self.rest.request("PATCH", "/api/v1/extensions/211", {"phone_notifies": True})
        far, other = self.phone("211", transport=transport), self.phone("2112")
        snom = self.phone("2150", registered=False)
        request = message.parse(SNOM_SUBSCRIBE.format(phone=snom.host_port).encode())
        lamp = snom.subscribes(request, "211", "dialog")
        asked = far.receives("SUBSCRIBE")
        self.assertEqual(far.contact, asked.message.uri)
        self.assertEqual("<sip:2150@office.test>;tag=gumvap0ha0", asked["From"])  # `;` and all
        for name in ("To", "Call-ID", "Contact", "Event", "Accept", "Expires"):
            self.assertEqual(request[name], asked[name], name)
        others = other.sends_subscribe("211")
        phones = [Notifier(far, asked), Notifier(far, far.receives("SUBSCRIBE"))]
        lamps = [lamp, others]
        for phone, told in zip(phones, lamps):
            phone.accepts()
            told.subscribe.receives(200)
            phone.tells()
            told.receives_notify("idle")
        call, incoming = ring(self.phone("207"), far)
        for phone, told in zip(phones, lamps):
            phone.tells(dialog_of("early"))
            told.receives_notify("early")
        call.cancels()
        incoming.receives("CANCEL")
        for phone, told in zip(phones, lamps):
            phone.tells()
            told.receives_notify("idle")
            told.phone.pings()
            self.assertEqual(3, len(told.history))      # nothing of ours beside it

    def test_snom_subscribe_is_forwarded_over_udp(self):
        self.snom_subscribe_is_forwarded("udp")

    def test_snom_subscribe_is_forwarded_over_tcp(self):
        self.snom_subscribe_is_forwarded("tcp")

    def test_the_pickup_is_as_long_as_in_the_trace(self):
        text = snom_pickup("216.14.32.61:2054", "abptech.com",
                           "eb4f000d-b85c2874@192.168.1.172;to-tag=d07b4339bf62df38o0;"
                           "from-tag=ka6rnwbn36")
        self.assertEqual((1162, 368), (len(text), len(text.partition("\r\n\r\n")[2])))

    def snom_picks_up(self):
        """211 rings for 2112, and its key on the snom 360 is pressed."""
        self.rest.put_extension("3871505", "secret-of-3871505", "")
        self.office.secrets["3871505"] = "secret-of-3871505"
        self.rest.put_group("office", members=["211"], watchers=["3871505"])
        snom = self.phone("3871505", user_agent="snom360/5.5")
        lamp = snom.watches("211")
        waiting, incoming = ring(self.phone("2112"), self.phone("211", transport="tcp"))
        shown = lamp.shows("early").document.dialog
        text = snom_pickup(snom.host_port, "office.test",
                           f"{shown.call_id};to-tag={shown.remote_tag};from-tag={shown.local_tag}")
        request = message.parse(text.encode())
        request.headers.add("Content-Length", str(len(request.body)))  # where the trace has it
        self.assertEqual(text.encode(), bytes(request))
        call = Call.outgoing(snom, request)
        answer = call.receives(200)
        self.assertEqual(1, len(call.invite.challenges))  # it has sent no credentials at first
        self.assertEqual("sip:2112@office.test", Address.parse(answer["P-Asserted-Identity"]).uri)
        # 2112's phone keeps no session timer, so whoever wants one has to (RFC 4028 §8.2).
        self.assertEqual(("3600;refresher=uac", "timer"),
                         (answer["Session-Expires"], answer["Require"]))
        self.assertIn('SIP;cause=200;text="Call completed elsewhere"',
                      incoming.receives("CANCEL")["Reason"])
        self.assertEqual(request.body, waiting.receives(200).body)
        lamp.shows("idle")
        self.assertEqual({"2112", "211", "3871505"}, {
            leg["extension"] for leg in self.rest.items("/api/v1/calls")[0]["legs"]})
        return call, waiting

    def test_snom_picks_up_and_hangs_up(self):
        snoms, waiting = self.snom_picks_up()
        snoms.hangs_up()
        waiting.receives("BYE")
        eventually(lambda: not self.rest.items("/api/v1/calls"), "the call is over")

    def test_snom_picks_up_and_the_caller_hangs_up(self):
        """Its Contact has the domain for a host: what is sent to it goes where it sends from."""
        snoms, waiting = self.snom_picks_up()
        waiting.hangs_up()
        bye = snoms.receives("BYE").message
        self.assertEqual("sip:3871505@office.test;gruu=dolzqxk4", bye.uri)
        self.assertEqual("fkbqooxqv2", bye.to_tag)
        eventually(lambda: not self.rest.items("/api/v1/calls"), "the call is over")

    def innovaphone(self, lamp) -> None:
        """A call of 211 to 207, as the watcher of profile innovaphone is told about it."""
        before = len(lamp.history)
        call, incoming = ring(self.phone("211"), self.phone("207"))
        lamp.shows("early")
        incoming.replies(200, ANSWER)
        call.receives(200)
        lamp.shows("proceeding")
        call.hangs_up()
        incoming.receives("BYE")
        lamp.shows("idle")

        told = lamp.history[before:]
        self.assertEqual(["early", "terminated", "proceeding", "terminated"],
                         [notification.document.dialog.state for notification in told])
        for notification in told:
            document = notification.document
            printed = INNOVAPHONE_BODY.format(version=document.version, state=document.dialog.state,
                                              call_id=incoming.dialog.call_id, domain="office.test")
            self.assertEqual(printed.encode(), notification.message.body)
            self.is_told_as_in_the_trace(notification.message, "207")

    def test_innovaphone_sequence_in_a_subscription(self):
        self.rest.put_group("office", members=["207"], watchers=[
            {"number": "2150", "unsolicited": False, "profile": "innovaphone"}])
        self.innovaphone(self.phone("2150").watches("207"))

    def test_innovaphone_sequence_because_of_the_user_agent(self):
        self.rest.put_group("office", members=["207"], watchers=[
            {"number": "2150", "unsolicited": False, "profile": "auto"}])
        watcher = self.phone("2150", user_agent="innovaphone IP232/11r2")
        self.innovaphone(watcher.watches("207"))

    def test_innovaphone_sequence_unsolicited(self):
        self.rest.put_group("office", members=["207"], watchers=[
            {"number": "2150", "unsolicited": True, "profile": "innovaphone"}])
        key = self.phone("2150").key("207")
        key.receives_notify()
        self.innovaphone(key)

    def test_innovaphone_key_calls_its_partner_and_takes_the_call_that_it_shows(self):
        """The document has a Call-ID and no tags, so that is all a phone can name the call by."""
        self.rest.put_group("office", members=["207"], watchers=[
            {"number": "2150", "unsolicited": True, "profile": "innovaphone"}])
        partner, caller = self.phone("207"), self.phone("211", transport="tcp")
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                watcher = self.phone("2150", transport=transport)
                key = watcher.key("207")
                key.receives_notify("idle")
                called, arrived = ring(watcher, partner)
                key.shows("early")
                arrived.replies(486)
                called.receives(486)
                key.shows("idle")

                waiting, incoming = ring(caller, partner)
                shown = key.shows("early").document.dialog
                self.assertEqual((incoming.dialog.call_id, "", ""),
                                 (shown.call_id, shown.local_tag, shown.remote_tag))
                taken = watcher.calls("211", headers=[("Replaces", shown.call_id)])
                taken.receives(200)
                waiting.receives(200)
                self.assertIn("cause=200", incoming.receives("CANCEL")["Reason"])
                key.shows("idle")
                taken.hangs_up()
                waiting.receives("BYE")
                watcher.unregisters()


if __name__ == "__main__":
    unittest.main()
