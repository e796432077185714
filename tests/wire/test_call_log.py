"""What is kept of calls: the log, and the SIP messages of the last of them."""
import contextlib
import re
import shutil
import sqlite3
import struct
import unittest

from lib.capture import read_capture
from lib.carrier import Carrier
from lib.case import WireTest, eventually, ring, talk
from lib.events import EventSource
from lib.message import Address
from lib.sdp import ANSWER, OFFER, sdp

SRTP = OFFER + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0IGtleSBvZiBhIHBob25l\r\n"
SECRETS = (r'response="[0-9a-f]{32,64}"', r'cnonce="\w+"', "c2VjcmV0IGtleSBvZiBhIHBob25l")


class CallLog(WireTest):
    def setUp(self):
        super().setUp()
        self.anna, self.bob = self.phone("201"), self.phone("202", transport="tcp")
        self.carl = self.phone("203")
        self.rest.put_group("sales", members=["201", "202", "203"], watchers=["203"])

    def logged(self, query: str = "", count: int = 1) -> list[dict]:
        """The log as soon as it has so many calls; newest first."""
        def entries():
            found = self.rest.items("/api/v1/call-log" + query)
            return found if len(found) >= count else None
        found = eventually(entries, f"{count} call(s) in the log")
        self.assertEqual(count, len(found))
        return found

    def whole(self, entry: dict) -> dict:
        return self.rest.get(f"/api/v1/call-log/{entry['id']}")

    def is_on_disk(self, count: str) -> None:
        """Storage follows by some 100 ms, or twice that where a call rings."""
        def found():
            path = self.server.data / "lampline.db"
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return database.execute(count).fetchone()[0]
        eventually(found, count)

    def live_id(self) -> str:
        [call] = self.rest.items("/api/v1/calls")
        return call["log_id"]

    def test_a_call_is_in_the_log_once_it_is_over(self):
        call, incoming = talk(self.anna, self.bob)
        live = self.live_id()
        self.assertEqual([], self.rest.items("/api/v1/call-log"))
        call.hangs_up()
        incoming.receives("BYE")
        [entry] = self.logged()
        self.assertEqual(live, entry["id"])
        self.assertEqual(("201", "Anna Lee", "202", "202", "Bob Stone", "202", "answered"),
                         tuple(entry[name] for name in ("from", "from_name", "dialled", "to",
                                                        "to_name", "answered_by", "result")))
        self.assertEqual(("caller", "201", 200),
                         tuple(entry[name] for name in ("ended_by", "ended_extension", "status")))
        times = [entry[name] for name in ("started_at", "ringing_at", "answered_at", "ended_at")]
        self.assertEqual(sorted(times), times)
        for time in times:
            self.assertRegex(time, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreaterEqual(entry["duration"], 0)
        parts = self.whole(entry)["parts"]
        self.assertEqual([("caller", "201", "answered"), ("called", "202", "answered")],
                         [(part["kind"], part["extension"], part["result"]) for part in parts])

    def test_a_missed_call(self):
        call, incoming = ring(self.anna, self.bob)
        call.cancels()
        incoming.receives("CANCEL")
        self.logged("?extension=202&direction=incoming&outcome=missed")
        self.assertEqual([], self.rest.items("/api/v1/call-log?outcome=answered"))
        [entry] = self.logged("?extension=201&direction=outgoing")
        self.assertEqual(("missed", "caller", 487, None),
                         tuple(entry[name] for name in ("result", "ended_by", "status",
                                                        "answered_at")))

    def test_a_refused_call_and_one_to_a_phone_that_is_not_there(self):
        call, incoming = ring(self.anna, self.bob)
        incoming.replies(486)
        call.receives(486)
        self.anna.calls("205").receives(480)
        absent, busy = self.logged(count=2)
        self.assertEqual(("busy", "callee", 486),
                         tuple(busy[name] for name in ("result", "ended_by", "status")))
        self.assertEqual("unreachable", absent["result"])
        self.logged("?extension=205&outcome=missed")

    def test_a_picked_up_call_is_not_missed(self):
        call, incoming = ring(self.anna, self.bob)
        live = self.live_id()
        taken = self.carl.calls("**202", sdp("picker", 1))
        incoming.receives("CANCEL")
        taken.receives(200)
        call.receives(200)
        self.assertEqual(live, self.live_id())
        taken.hangs_up()
        call.receives("BYE")
        [entry] = self.logged("?extension=202")
        self.assertEqual(("202", "203", "203"), (entry["to"], entry["answered_by"],
                                                 entry["ended_extension"]))
        _, rung, picker = self.whole(entry)["parts"]
        self.assertEqual(("answered_elsewhere", False), (rung["result"], rung["missed"]))
        self.assertEqual(("picked_up", "203", 1),
                         (picker["kind"], picker["extension"], picker["in_place_of"]))
        self.assertEqual([], self.rest.items("/api/v1/call-log?extension=202&outcome=missed"))

    def test_a_transferred_call_names_who_moved_it(self):
        call, incoming = talk(self.anna, self.bob)
        incoming.sends("REFER", headers=[("Refer-To", "<sip:203@office.test>")]).receives(202)
        incoming.receives("NOTIFY").replies(200)
        target = self.carl.receives("INVITE")
        target.replies(200, sdp("target", 1))
        call.receives("INVITE").replies(200, sdp("caller", 2))
        target.receives("ACK")
        call.receives("ACK")
        incoming.receives("NOTIFY").replies(200)
        incoming.receives("BYE")
        call.hangs_up()
        target.receives("BYE")
        [entry] = self.logged("?extension=203&direction=incoming&outcome=answered")
        _, transferor, moved = self.whole(entry)["parts"]
        self.assertEqual(("transferred", "203", 1),
                         (moved["kind"], moved["extension"], moved["moved_by"]))
        self.assertLessEqual(transferor["ended_at"], entry["ended_at"])
        ladder = self.rest.get(f"/api/v1/call-log/{entry['id']}/ladder")
        self.assertIn("transferred", {message["to"]["role"] for message in ladder["messages"]})

    def test_the_log_survives_a_restart(self):
        call, incoming = talk(self.anna, self.bob)
        call.hangs_up()
        incoming.receives("BYE")
        [before] = self.logged()
        self.assertEqual(0, self.server.stop())
        self.server.start()
        self.assertEqual([before], self.rest.items("/api/v1/call-log"))
        self.assertEqual(404, self.rest.request(
            "GET", f"/api/v1/call-log/{before['id']}/ladder").status)

    def test_a_call_that_outlives_the_server_goes_on_in_its_record(self):
        for phone in (self.anna, self.carl):
            phone.answers_by_itself |= {"OPTIONS"}  # the probes after a start
        call, incoming = talk(self.anna, self.carl)
        [before] = self.rest.items("/api/v1/calls")
        self.assertEqual(0, self.server.stop())
        self.server.start()
        self.assertEqual(before["log_id"], self.live_id())
        self.assertEqual([], self.rest.items("/api/v1/call-log"))
        call.hangs_up()
        incoming.receives("BYE")
        [entry] = self.logged()
        self.assertEqual((before["log_id"], before["started_at"], before["answered_at"]),
                         (entry["id"], entry["started_at"], entry["answered_at"]))
        self.assertEqual(("201", "203", "203", "answered", "caller"),
                         tuple(entry[name] for name in ("from", "dialled", "answered_by", "result",
                                                        "ended_by")))

    def test_a_transfer_before_a_kill_stays_in_the_record(self):
        """Whoever moved the call has left it, and finds it in the log all the same."""
        for phone in (self.anna, self.carl):
            phone.answers_by_itself |= {"OPTIONS"}
        call, incoming = talk(self.anna, self.carl)
        dora = self.phone("204")
        dora.answers_by_itself |= {"OPTIONS"}
        call.sends("REFER", headers=[("Refer-To", "<sip:204@office.test>")]).receives(202)
        call.receives("NOTIFY").replies(200)
        target = dora.receives("INVITE")
        target.replies(200, sdp("target", 1))
        incoming.receives("INVITE").replies(200, sdp("callee", 2))
        target.receives("ACK")
        incoming.receives("ACK")
        call.receives("NOTIFY").replies(200)
        call.receives("BYE")
        live = self.live_id()
        self.is_on_disk("SELECT count(*) FROM open_part WHERE moved_by = 0")
        self.server.kill()
        self.server.start()
        self.assertEqual(live, self.live_id())
        target.hangs_up()
        incoming.receives("BYE")
        [entry] = self.logged("?extension=201&direction=outgoing")
        self.assertEqual((live, "201", "Anna Lee", "203", "203", "answered"),
                         tuple(entry[name] for name in ("id", "from", "from_name", "to", "answered_by",
                                                        "result")))
        self.assertEqual([("caller", "201", None), ("called", "203", None), ("transferred", "204", 0)],
                         [(part["kind"], part["extension"], part["moved_by"])
                          for part in self.whole(entry)["parts"]])

    def test_transfers_that_were_refused_are_in_the_record_after_a_kill(self):
        """Nobody was rung for them, and the two have talked on."""
        for phone in (self.anna, self.carl):
            phone.answers_by_itself |= {"OPTIONS"}
        call, incoming = talk(self.anna, self.carl)
        call.sends("REFER", headers=[("Refer-To", "<sip:299@office.test>")]).receives(202)
        call.receives("NOTIFY").replies(200)
        call.receives("NOTIFY").replies(200)
        call.sends("REFER", headers=[("Refer-To", "<sip:204@elsewhere.test>")]).receives(403)
        self.is_on_disk("SELECT count(*) FROM open_failed_move WHERE status = 403")
        self.server.kill()
        self.server.start()
        call.hangs_up()
        incoming.receives("BYE")
        [entry] = self.logged("?extension=201&direction=outgoing")
        moves = entry["failed_moves"]
        self.assertEqual([("transfer", "201", 0, "299", 404, "No Such Extension"),
                          ("transfer", "201", 0, "sip:204@elsewhere.test", 403,
                           "Not A Place To Transfer To: Refer-To: only calls within this exchange")],
                         [tuple(move[name] for name in ("kind", "by", "part", "target", "status", "reason"))
                          for move in moves])
        self.assertEqual(moves, self.whole(entry)["failed_moves"])
        self.assertEqual(2, len(self.whole(entry)["parts"]))
        for move in moves:
            self.assertTrue(entry["started_at"] <= move["at"] <= entry["ended_at"])

    def test_a_call_that_rings_at_a_kill_is_a_missed_one(self):
        carrier = Carrier(self.office)
        carrier.becomes("line")
        call = carrier.calls_in("+431203")
        incoming = self.carl.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        live = self.live_id()
        self.is_on_disk("SELECT count(*) FROM ringing_invite")
        self.server.kill()
        self.server.start()
        incoming.receives("CANCEL")
        call.receives(500)
        [entry] = self.logged("?extension=203&direction=incoming&outcome=missed")
        self.assertEqual((live, "+43664999", "line", "203", "missed", "exchange", 500),
                         tuple(entry[name] for name in ("id", "from", "from_trunk", "to", "result",
                                                        "ended_by", "status")))
        self.assertIsNotNone(entry["ringing_at"])
        self.logged("?outcome=missed")

    def test_a_call_that_rings_at_a_stop_is_a_missed_one(self):
        call, incoming = ring(self.anna, self.carl)
        self.server.stop()
        call.receives(503)
        incoming.receives("CANCEL")
        self.server.start()
        [entry] = self.logged("?outcome=missed")
        self.assertEqual(("missed", "exchange", 503),
                         tuple(entry[name] for name in ("result", "ended_by", "status")))
        self.logged("?extension=203&outcome=missed")

    def test_csv(self):
        call, incoming = ring(self.anna, self.bob)
        call.cancels()
        incoming.receives("CANCEL")
        [entry] = self.logged()
        answer = self.rest.request("GET", "/api/v1/call-log", headers={"Accept": "text/csv"})
        self.assertEqual(200, answer.status)
        head, row, end = answer.text.split("\r\n")
        self.assertEqual("", end)
        values = dict(zip(head.split(","), row.split(","), strict=True))
        self.assertEqual(entry["id"], values["id"])
        self.assertEqual(("201", "202", "missed", "0.000"),
                         tuple(values[name] for name in ("from", "to", "result", "duration")))

    def test_text_that_is_no_utf8_is_readable_everywhere(self):
        """As a carrier with Latin-1 sends it. What reads our answers here throws at a wrong byte."""
        self.phone("205", user_agent="T\udcfcr/1.0")
        carrier = Carrier(self.office)
        carrier.becomes("line")
        events = EventSource(self.server.address["http"], self.rest.token, "?extension=202")
        self.addCleanup(events.close)
        call = carrier.calls_in("+431202", from_=Address("sip:M%FCller@carrier.test", "J\udcf6rg",
                                                         {"tag": "c1"}))
        incoming = self.bob.receives("INVITE")
        incoming.replies(180)
        call.receives(180)
        number, name = "M\ufffdller", "J\ufffdrg"
        [live] = self.rest.items("/api/v1/calls")
        self.assertEqual(number, live["from"])
        [shown] = self.rest.get("/api/v1/lamps/203/202")["calls"]
        self.assertEqual((number, name), (shown["with"], shown["with_name"]))
        events.receives("call", extension="202", state="early", **{"with": number, "with_name": name})
        self.assertIn("T\ufffdr/1.0", [one["user_agent"]
                                       for one in self.rest.items("/api/v1/registrations")])
        incoming.replies(200, ANSWER)
        call.receives(200)
        incoming.receives("ACK")
        call.hangs_up()
        incoming.receives("BYE")
        [entry] = self.logged()
        self.assertEqual((number, name), (entry["from"], entry["from_name"]))
        self.assertEqual(name, self.whole(entry)["parts"][0]["name"])
        rows = self.rest.request("GET", "/api/v1/call-log", headers={"Accept": "text/csv"}).text
        self.assertIn(f",{number},{name},", rows)
        self.rest.get(f"/api/v1/call-log/{entry['id']}/ladder")
        self.assertEqual(404, self.rest.request("GET", "/api/v1/calls/%FF").status)

    # The messages

    def a_call_with_secrets(self) -> str:
        """Its id. The caller's password is asked for, and the offer has a key."""
        call, incoming = talk(self.anna, self.bob, SRTP, ANSWER)
        live = self.live_id()
        call.hangs_up()
        incoming.receives("BYE")
        self.logged()
        return live

    def test_the_ladder_shows_what_passed_and_no_secret(self):
        call_id = self.a_call_with_secrets()
        answer = self.rest.request("GET", f"/api/v1/call-log/{call_id}/ladder")
        self.assertEqual(200, answer.status)
        for secret in SECRETS:
            self.assertIsNone(re.search(secret, answer.text), secret)
        messages = answer.json["messages"]
        self.assertEqual(sorted(message["at"] for message in messages),
                         [message["at"] for message in messages])

        def side(role):
            return [message["first_line"].replace("SIP/2.0 ", "").split(" ")[0]
                    for message in messages
                    if role in (message["from"]["role"], message["to"]["role"])
                    and not message["repeated"]]
        self.assertEqual(["INVITE", "407", "ACK", "INVITE", "100", "180", "200", "ACK", "BYE",
                          "200"], side("caller"))
        self.assertEqual(["INVITE", "180", "200", "ACK", "BYE", "200"], side("called"))
        by_anna = messages[0]
        self.assertEqual(("received", "udp", "caller", "201", "exchange"),
                         (by_anna["direction"], by_anna["transport"], by_anna["from"]["role"],
                          by_anna["from"]["extension"], by_anna["to"]["role"]))
        self.assertEqual(self.anna.host_port, by_anna["from"]["address"])
        to_bob = next(message for message in messages if message["to"]["role"] == "called")
        self.assertEqual(("sent", "tcp", self.bob.host_port),
                         (to_bob["direction"], to_bob["transport"], to_bob["to"]["address"]))
        authorised = next(message["text"] for message in messages
                          if "Authorization:" in message["text"])
        self.assertIn('username="201"', authorised)
        self.assertIn("a=crypto:1 AES_CM_128_HMAC_SHA1_80 xxx", authorised)
        head, body = authorised.split("\r\n\r\n", 1)
        length = int(re.search(r"Content-Length: *(\d+)", head)[1])
        self.assertEqual(length, len(body.encode()))

    def test_a_live_call_has_a_ladder_too(self):
        call, incoming = ring(self.anna, self.bob)
        ladder = self.rest.get(f"/api/v1/call-log/{self.live_id()}/ladder")
        self.assertTrue(ladder["messages"][-1]["first_line"].startswith("SIP/2.0 180"))
        call.cancels()
        incoming.receives("CANCEL")

    def test_a_repetition_is_marked(self):
        call, incoming = ring(self.anna, self.bob)
        live = self.live_id()
        with_credentials = call.invite.request
        self.anna.sends_raw(bytes(with_credentials))
        def repeated():
            ladder = self.rest.get(f"/api/v1/call-log/{live}/ladder")
            return [message for message in ladder["messages"] if message["repeated"]]
        [message] = [each for each in eventually(repeated, "a repeated message")
                     if each["direction"] == "received"]
        self.assertTrue(message["first_line"].startswith("INVITE"))
        call.cancels()
        incoming.receives("CANCEL")

    def test_the_capture_file_holds_the_same_messages(self):
        call_id = self.a_call_with_secrets()
        ladder = self.rest.get(f"/api/v1/call-log/{call_id}/ladder")["messages"]
        file = self.rest.download(f"/api/v1/call-log/{call_id}.pcap")
        for secret in SECRETS:
            self.assertIsNone(re.search(secret.encode(), file), secret)
        magic, major, minor, _, _, _, link = struct.unpack_from("<IHHiIII", file)
        self.assertEqual((0xA1B2C3D4, 2, 4, 101), (magic, major, minor, link))
        texts, at = [], 24
        while at < len(file):
            _, _, size, original = struct.unpack_from("<IIII", file, at)
            self.assertEqual(original, size)
            packet = file[at + 16:at + 16 + size]
            at += 16 + size
            self.assertEqual(0x45, packet[0])
            self.assertEqual(17, packet[9])
            self.assertEqual(len(packet), struct.unpack_from(">H", packet, 2)[0])
            self.assertEqual(len(packet) - 20, struct.unpack_from(">H", packet, 24)[0])
            texts.append(packet[28:].decode("utf-8", "replace"))
        self.assertEqual([message["text"] for message in ladder], texts)

    @unittest.skipUnless(shutil.which("tcpdump"), "tcpdump is not installed (package tcpdump)")
    def test_another_program_reads_the_capture_file(self):
        call_id = self.a_call_with_secrets()
        ladder = self.rest.get(f"/api/v1/call-log/{call_id}/ladder")["messages"]
        packets = read_capture(self.rest.download(f"/api/v1/call-log/{call_id}.pcap"))
        self.assertEqual([message["text"].split("\r\n")[0] for message in ladder],
                         [first_line for _, first_line in packets])
        self.assertEqual({"IP"}, {family for family, _ in packets})


class NoMessages(WireTest):
    options = ["--trace-calls", "0"]

    def test_switched_off_no_message_is_kept(self):
        call, incoming = ring(self.phone("201"), self.phone("202"))
        [live] = self.rest.items("/api/v1/calls")
        self.assertEqual(404, self.rest.request(
            "GET", f"/api/v1/call-log/{live['log_id']}/ladder").status)
        call.cancels()
        incoming.receives("CANCEL")


class ShortLog(WireTest):
    options = ["--call-log-rows", "1"]

    def test_no_more_calls_are_kept_than_set(self):
        anna = self.phone("201")
        for number in ("997", "998", "999"):
            anna.calls(number).receives(404)
        eventually(lambda: [entry["dialled"] for entry in self.rest.items("/api/v1/call-log")]
                   == ["999", "998", "997"], "three calls in the log")
        self.assertEqual(0, self.server.stop())
        self.server.start()  # looks at the log at once, and then every minute
        eventually(lambda: [entry["dialled"] for entry in self.rest.items("/api/v1/call-log")]
                   == ["999"], "one call in the log")


if __name__ == "__main__":
    unittest.main()
