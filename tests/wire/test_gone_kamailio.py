"""Phones behind another proxy that are gone in the middle of a call in proxy mode, and a proxy that loses sight of them."""
import shutil
import tempfile
import unittest
from pathlib import Path

from lib.case import eventually, talk
from lib.event_loop import loop
from lib.kamailio_edge import KamailioEdge
from lib.proxy import Proxy, header


@unittest.skipUnless(shutil.which("kamailio"), "Kamailio is not installed (package kamailio)")
class GoneBehindAProxy(Proxy):
    """No session timer, so the exchange asks the phones itself; both are behind one Kamailio, which records its route."""
    options = ["--probe-interval", "1"]
    transport = "udp"

    def setUp(self):
        super().setUp()
        folder = Path(tempfile.mkdtemp(prefix="lampline-kamailio-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.edge = KamailioEdge(folder / "edge", "202", self.office.domain, self.server.address[self.transport],
                                 self.transport)
        self.addCleanup(self.edge.close)
        self.rest.put_group("all", members=["201", "202"], watchers=["204"])
        by = {self.transport: self.edge.address}
        self.anna, self.bob = (self.phone(number, via=by, transport=self.transport) for number in ("201", "202"))
        for phone in (self.anna, self.bob):
            phone.answers_by_itself |= {"OPTIONS"}
        watcher = self.phone("204")
        self.lamps = [watcher.watches(number) for number in ("201", "202")]

    def talk(self):
        sides = talk(self.anna, self.bob)
        for lamp in self.lamps:
            lamp.shows("confirmed")
        return sides

    def is_over(self, *told):
        """Dark, and recorded so: how it was, and by whom it ended."""
        for lamp in self.lamps:
            lamp.shows("idle")
        self.no_calls()
        self.newly_logged(told, lambda record: tuple(record[key] for key in ("result", "ended_by", "status")))

    @staticmethod
    def asked(side):
        """Each OPTIONS that its phone was sent in the dialog of `side`."""
        dialog = side.dialog
        return [message for message in side.phone.heard if message.method == "OPTIONS" and
                (message["Call-ID"], message.to_tag) == (dialog.call_id, dialog.local_tag)]

    def test_a_call_that_a_phone_has_forgotten_ends(self):
        for forgetful in ((0,), (1,), (0, 1)):
            with self.subTest(forgetful=forgetful):
                both = self.talk()
                sides = [both[number] for number in forgetful]
                with loop.changed:
                    asked = [len(self.asked(side)) for side in sides]
                    for side in sides:
                        del side.phone.calls_by_id[(side.dialog.call_id, side.dialog.local_tag)]
                self.is_over("answered", "exchange", 408)
                questions = [(side, question) for side, before in zip(sides, asked)
                             for question in self.asked(side)[before:]]
                self.assertNotEqual([], questions)  # if both have forgotten it, one of them is enough
                for side, question in questions:
                    self.assertIn(f" {self.edge.host}:{self.edge.port};", header(question, "Via")[0])
                    self.assertEqual((side.phone.contact, [], 2),
                                     (question.uri, header(question, "Route"), len(header(question, "Via"))))

    def test_a_proxy_that_has_no_way_to_the_phones_ends_nothing(self):
        call, incoming = self.talk()
        for status in (404, 430, 480, 503):
            self.edge.refuses(status, self.bob)
            eventually(lambda: all(self.edge.refused(status, number) >= 2 for number in ("201", "202")),
                       f"it has said {status} for each twice")
        before = [len(self.asked(side)) for side in (call, incoming)]
        self.edge.refuses(0, self.bob)
        loop.wait(lambda: all(len(self.asked(side)) > count for side, count in zip((call, incoming), before)),
                  "both are asked again")
        self.assertEqual(["confirmed"] * 2, [lamp.lamp for lamp in self.lamps])
        call.hangs_up()
        incoming.receives("BYE")
        self.is_over("answered", "caller", 200)


class GoneBehindAProxyOverTcp(GoneBehindAProxy):
    transport = "tcp"


if __name__ == "__main__":
    unittest.main()
