"""The test case of calls in proxy mode, and the headers they pass by."""
from __future__ import annotations

from .case import WireTest, eventually


def header(message, name):
    """All values of a header, in order."""
    return getattr(message, "message", message).headers.values(name)


class Proxy(WireTest):
    """An office whose extension 202 is called in proxy mode."""

    def setUp(self):
        super().setUp()
        self.mode("202", "proxy")

    def mode(self, number, mode):
        answer = self.rest.request("PATCH", f"/api/v1/extensions/{number}", {"mode": mode})
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual(mode, answer.json["mode"])

    def no_calls(self):
        eventually(lambda: not self.rest.items("/api/v1/calls"), "no call is left")
