"""The test case of all wire tests: an office for each test, and nothing unexpected at its end."""
from __future__ import annotations

import threading
import time
import unittest

from .call import Call
from .event_loop import DEADLINE, loop
from .phone import Phone
from .sdp import ANSWER, OFFER
from .server import Office, Server, Template

SLACK = 1.0  # seconds that a machine which is busy with other things may add to what is promised


class WireTest(unittest.TestCase):
    """`self.phone("201")` is a registered phone of a fresh office. A test that passes has also seen
    the server end well, without a word of a sanitizer, and no message that no line expected."""

    options: list[str] = []  # further arguments of `lampline serve`
    patience = DEADLINE      # seconds that one event may take
    office: Office

    @classmethod
    def tearDownClass(cls):
        Template.remove()

    def setUp(self):
        loop.deadline = self.patience
        self.office = Template.office(self.options)
        self.found_logged: set[str] = set()  # calls of the log
        self.addCleanup(self._close)

    @property
    def server(self) -> Server:
        return self.office.server

    @property
    def rest(self):
        return self.office.rest

    def phone(self, number: str, **options) -> Phone:
        return self.office.phone(number, **options)

    def logged_calls(self, count: int = 1) -> list[dict]:
        """The call log, newest first and each call whole, as soon as it has so many; it has no more."""
        entries = eventually(lambda: (found := self.rest.items("/api/v1/call-log"))[count - 1:] and found,
                             f"{count} calls are in the log")
        self.assertEqual(count, len(entries))
        return [self.rest.get(f"/api/v1/call-log/{entry['id']}") for entry in entries]

    def newly_logged(self, expected, told) -> dict:
        """The last call of the log, whole, of which `told` says what is `expected`. It is none that was found so before."""
        there = None

        def last():
            nonlocal there
            entry, = self.rest.get("/api/v1/call-log?limit=1")["items"] or [None]
            if not entry or entry["id"] in self.found_logged:
                return None
            whole = self.rest.get(f"/api/v1/call-log/{entry['id']}")
            there = told(whole)
            return whole if there == expected else None

        try:
            whole = eventually(last, f"{expected} is in the log")
        except AssertionError as failed:
            raise AssertionError(f"{failed}; there is {there}") from None
        self.found_logged.add(whole["id"])
        return whole

    def _close(self) -> None:
        try:
            unexpected = [line for phone in self.office.phones for line in phone.unexpected]
            alive = self.server.alive
            if alive:
                code = self.server.stop()
        finally:
            self.office.close()
        self.assertTrue(alive, "the server died\n" + self.server.log())
        self.assertEqual([], self.server.complaints())
        self.assertEqual(0, code, "exit code\n" + self.server.log())
        faults, loop.faults = loop.faults, []
        self.assertEqual([], faults + unexpected)

    def _callTestMethod(self, method):
        try:
            method()
        except Exception:
            ladders = sorted(line for phone in self.office.phones for line in phone.ladder)
            print(f"\n--- {self.id()}", *ladders, "--- server", self.server.log(), sep="\n",
                  flush=True)
            raise


def eventually(ready, what: str, seconds: float | None = None):
    """Asks `ready`, which may do input and output, until it says something true; returns that."""
    end = time.monotonic() + (seconds or loop.deadline)
    while not (result := ready()):
        assert time.monotonic() < end, f"never happened: {what}"
        threading.Event().wait(0.02)  # between two questions, so as not to keep the server busy
    return result


def talk(caller: Phone, callee: Phone, offer: str = OFFER,
         answer: str = ANSWER) -> tuple[Call, Call]:
    """INVITE, 180, 200, ACK: both sides of an answered call."""
    outgoing, incoming = ring(caller, callee, offer)
    incoming.replies(200, answer)
    outgoing.receives(200)
    incoming.receives("ACK")
    return outgoing, incoming


def ring(caller: Phone, callee: Phone, offer: str = OFFER) -> tuple[Call, Call]:
    """INVITE, 180: both sides of a call that rings."""
    outgoing = caller.calls(callee.number, offer)
    incoming = callee.receives("INVITE")
    incoming.replies(180)
    outgoing.receives(180)
    return outgoing, incoming
