"""The two traces that phones in the field have left us, replayed with other addresses.

snom 360, October 2005: SUBSCRIBE to 211, then its lamp off, flashing, steady, and off again.
innovaphone PBX v6, March 2008: 207 is called by 211; early, terminated, proceeding, terminated.
"""
import re
import unittest

from lib import message
from lib.case import WireTest, ring
from lib.message import Address
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

INNOVAPHONE_BODY = """\
<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" state="full" version="{version}">
    <dialog id="1" direction="initiator" call-id="{call_id}">
        <state>{state}</state>
        <local>
            <identity>sip:207@office.test</identity>
        </local>
        <remote>
            <identity>sip:211@office.test</identity>
        </remote>
    </dialog>
</dialog-info>"""


def without_layout(xml: str) -> str:
    return re.sub(r">\s+<", "><", xml.strip())


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

        documents = [n.document for n in lamp.history[before:]]
        self.assertEqual(["early", "terminated", "proceeding", "terminated"],
                         [document.dialog.state for document in documents])
        for document in documents:
            printed = INNOVAPHONE_BODY.format(version=document.version, state=document.dialog.state,
                                              call_id=incoming.dialog.call_id)
            self.assertEqual(without_layout(printed), without_layout(document.text))

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

    def test_innovaphone_body_is_as_long_as_in_the_trace(self):
        self.rest.put_group("office", members=["207"], watchers=[
            {"number": "2150", "unsolicited": False, "profile": "innovaphone"}])
        lamp = self.phone("2150").watches("207")
        call, incoming = ring(self.phone("211"), self.phone("207"))
        early = lamp.shows("early")
        call.cancels()
        incoming.receives("CANCEL")
        in_trace = 343 - len("9" "e1b50917e909d311824d0090330200d6" "172.16.16.180" "172.16.16.180")
        replaced = f"{early.document.version}{incoming.dialog.call_id}office.testoffice.test"
        self.assertEqual(in_trace + len(replaced), len(early.message.body))


if __name__ == "__main__":
    unittest.main()
