"""What of a call is kept beside its INVITEs and BYEs: texts without what they say, subscriptions to keys."""
import re
import unittest

from lib.case import WireTest, talk


class TracedDialogs(WireTest):
    def messages(self, method):
        """Of the only call in the log, what has that method, answers too."""
        entry, = self.logged_calls()
        self.path = f"/api/v1/call-log/{entry['id']}"
        return [message for message in self.rest.get(f"{self.path}/ladder")["messages"]
                if re.search(rf"\r\nCSeq: *\d+ {method}\r\n", message["text"])]

    def told(self, messages):
        return [(message["direction"],
                 message["first_line"].replace("SIP/2.0 ", "").split(" ")[0]) for message in messages]

    def test_a_text_within_a_call_is_kept_without_what_it_says(self):
        anna, bob = self.phone("201"), self.phone("202", transport="tcp")
        call, incoming = talk(anna, bob)
        sent = call.sends("MESSAGE", "meet at eight", content_type="text/plain")
        incoming.receives("MESSAGE").replies(200)
        sent.receives(200)
        call.hangs_up()
        incoming.receives("BYE")
        messages = self.messages("MESSAGE")
        self.assertEqual([("received", "MESSAGE"), ("sent", "MESSAGE"), ("received", "200"),
                          ("sent", "200")], self.told(messages))
        for message in messages[:2]:
            head, text = message["text"].split("\r\n\r\n", 1)
            self.assertIn("Content-Type: text/plain", head)
            self.assertEqual("x" * len("meet at eight"), text)
        file = self.rest.download(self.path + ".pcap")
        self.assertIn(b"MESSAGE sip:", file)
        self.assertNotIn(b"eight", file)

    def test_a_subscription_to_keys_is_kept_and_one_to_lamps_is_not(self):
        self.rest.put("/api/v1/calling-card", {"number": "800", "back": "*0"})
        self.rest.put_group("all", members=["201", "202"], watchers=["203"])
        lamp = self.phone("203").watches("201")
        anna = self.phone("201")
        call = anna.calls("800")
        call.receives(200)
        call.receives("SUBSCRIBE").replies(200, headers=[("Expires", "7200")])
        call.hangs_up()
        lamp.shows("idle")
        messages = self.messages("SUBSCRIBE")
        self.assertEqual([("sent", "SUBSCRIBE"), ("received", "200")], self.told(messages))
        self.assertEqual({"201"}, {message["to"]["extension"] or message["from"]["extension"]
                                   for message in messages})
        self.assertEqual([], self.messages("NOTIFY"))


if __name__ == "__main__":
    unittest.main()
