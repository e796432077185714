"""The test case of event packages beside `dialog`."""
from __future__ import annotations

import sqlite3

from .case import WireTest


class Events(WireTest):
    """Phones over one transport, which subscribe to any package."""

    transport = "udp"

    def phone(self, number: str, **options):
        return super().phone(number, transport=self.transport, **options)

    def subscribed(self, phone, number: str, event: str, accept: str = "*/*", expires: int = 600,
                   headers=()):
        """SUBSCRIBE, 200; the first NOTIFY is not received yet."""
        subscription = phone.sends_subscribe(number, expires, event,
                                             [("Accept", accept), *headers])
        subscription.subscribe.receives(200)
        return subscription

    def set(self, number: str, **settings) -> None:
        answer = self.rest.request("PATCH", f"/api/v1/extensions/{number}", settings)
        self.assertEqual(200, answer.status, answer.text)

    def rows(self, query: str):
        """What the file of the database holds."""
        file = sqlite3.connect(f"file:{self.server.data}/lampline.db?mode=ro", uri=True)
        try:
            return file.execute(query).fetchall()
        finally:
            file.close()

    def stored(self) -> int:
        return self.rows("SELECT count(*) FROM subscription")[0][0]
