"""The record of calls between phones of others: what its filters find, its CSV, and the messages of a call, which the phones have
seen too, as a ladder and as a capture file."""
import csv
import io
import re
import shutil
import unittest

from lib.capture import read_capture
from lib.case import eventually
from lib.second_phones import SecondPhones, messages

CALLS = "/api/v1/call-log"
FORMULA = '=Bob; "Stone", Ltd.'  # what a spreadsheet would take for one, with all that CSV has to quote
SECRET = r'response="[0-9a-f]{32,64}"'
START = r"(?:SIP/2\.0 \d{3} |[A-Z]+ \S+ SIP/2\.0)"


class Records(SecondPhones):
    """201 is a linphone over UDP, 202 a baresip over TCP."""

    def setUp(self):
        super().setUp()
        self.rest.request("PATCH", "/api/v1/extensions/202", {"display_name": FORMULA})
        self.anna, self.bob = self.linphone("201", False), self.baresip("202", False, traced=True)

    def is_answered(self, caller, callee):
        caller.dials(callee.number)
        callee.rings()
        callee.answers()
        return self.are_connected_and_end(caller, callee)

    def is_missed(self, caller, callee):
        caller.dials(callee.number)
        callee.rings()
        self.rings([caller.number, callee.number])
        caller.hangs_up()
        self.are_in_calls()
        return self.recorded_last("missed", (caller.number, "unanswered"), (callee.number, "missed"))

    def is_unknown(self, caller):
        caller.dials("299")
        return self.recorded_last("unknown_number", (caller.number, "unanswered"))

    def three_calls(self):
        """Of the log, oldest first."""
        return [{name: value for name, value in call.items() if name != "parts"} for call in (
            self.is_answered(self.anna, self.bob), self.is_missed(self.bob, self.anna), self.is_unknown(self.bob))]

    def test_the_filters(self):
        answered, missed, unknown = self.three_calls()
        for query, wanted in (("", [unknown, missed, answered]),
                              ("extension=201", [missed, answered]),
                              ("extension=201&direction=outgoing", [answered]),
                              ("extension=201&direction=incoming", [missed]),
                              ("extension=202&direction=outgoing", [unknown, missed]),
                              ("extension=203", []),
                              ("outcome=answered", [answered]),
                              ("outcome=missed", [missed]),
                              ("extension=201&outcome=missed", [missed]),
                              ("extension=202&outcome=missed", []),
                              ("q=299", [unknown]),
                              ("q=ANNA", [missed, answered]),
                              ("q=%3Dbob%3B", [unknown, missed, answered]),
                              (f"from={missed['started_at']}", [unknown, missed]),
                              (f"to={missed['started_at']}", [answered]),
                              (f"from={missed['started_at']}&to={unknown['started_at']}", [missed]),
                              ("extension=202&direction=outgoing&q=anna", [missed])):
            with self.subTest(query=query):
                self.assertEqual(wanted, self.rest.get(f"{CALLS}?{query}")["items"])

    def test_its_pages(self):
        answered, missed, unknown = self.three_calls()
        first = self.rest.get(f"{CALLS}?extension=202&limit=2")
        self.assertEqual([unknown, missed], first["items"])
        last = self.rest.get(f"{CALLS}?extension=202&limit=2&cursor={first['next_cursor']}")
        self.assertEqual(([answered], None), (last["items"], last["next_cursor"]))

    def rows(self, query=""):
        """As another program reads them."""
        answer = self.rest.request("GET", CALLS + query, headers={"Accept": "text/csv"})
        self.assertEqual(200, answer.status)
        return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True)), answer.headers.get("x-next-cursor")

    def as_text(self, value):
        """Of a field."""
        if value is None or value == []:
            return ""
        if isinstance(value, float):
            return f"{value:.3f}"
        return "'" + value if value == FORMULA else str(value)

    def test_csv(self):
        calls = [{name: self.as_text(value) for name, value in call.items()} for call in self.three_calls()]
        answered, missed, unknown = calls
        self.assertEqual(("'" + FORMULA, "202"), (answered["to_name"], answered["answered_by"]))
        self.assertEqual(([unknown, missed, answered], None), self.rows())
        self.assertEqual(([missed], None), self.rows("?extension=201&outcome=missed"))
        page, cursor = self.rows("?limit=2")
        self.assertEqual([unknown, missed], page)
        self.assertEqual(([answered], None), self.rows(f"?limit=2&cursor={cursor}"))

    def lines(self, heard, call_id):
        """What a phone has sent and was sent of a dialog: start line and CSeq."""
        return {(message.splitlines()[0], re.search(r"(?mi)^CSeq: *(.*?)\r?$", message)[1])
                for message in messages(START, heard()) if re.search(rf"(?mi)^Call-ID: *{re.escape(call_id)}\r?$", message)}

    def ladder(self, whole):
        return self.rest.get(f"{CALLS}/{whole['id']}/ladder")["messages"]

    def shows_what_the_phones_saw(self, whole):
        """With the words and over the transports that they had, but no secrets. The messages."""
        heard = {"201": self.anna.log, "202": lambda: self.bob.said}
        transports = dict(zip(("201", "202"), self.transports))
        for part in whole["parts"]:
            number = part["extension"]

            def told():
                return {(message["first_line"], re.search(r"(?m)^CSeq: (.*?)\r?$", message["text"])[1])
                        for message in self.ladder(whole) if message["call_id"] == part["call_id"]}
            eventually(lambda: (there := told()) and there == self.lines(heard[number], part["call_id"]),
                       f"all that {number} has seen is in the ladder")
        ladder = self.ladder(whole)
        for message in ladder:
            phone = message["from" if message["direction"] == "received" else "to"]
            self.assertEqual(transports[phone["extension"]], message["transport"])
        self.assertNotRegex(str(ladder), SECRET)
        self.assertRegex(heard[whole["from"]](), SECRET)
        return ladder

    def capture_file_has_the_same(self, whole):
        """The methods, without what was repeated."""
        ladder = self.shows_what_the_phones_saw(whole)
        file = self.rest.download(f"{CALLS}/{whole['id']}.pcap")
        self.assertEqual([("IP", message["first_line"]) for message in ladder], read_capture(file))
        self.assertNotRegex(file.decode("latin-1"), SECRET)
        return [message["first_line"].split(" ")[0] for message in ladder if not message["repeated"]]

    @unittest.skipUnless(shutil.which("tcpdump"), "tcpdump is not installed (package tcpdump)")
    def test_the_messages_of_a_call_that_linphone_began(self):
        methods = self.capture_file_has_the_same(self.is_answered(self.anna, self.bob))
        self.assertEqual(2, methods.count("BYE"))

    @unittest.skipUnless(shutil.which("tcpdump"), "tcpdump is not installed (package tcpdump)")
    def test_the_messages_of_a_call_that_baresip_gave_up(self):
        methods = self.capture_file_has_the_same(self.is_missed(self.bob, self.anna))
        self.assertEqual(2, methods.count("CANCEL"))


class RecordsOverTcp(Records):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
