"""A browser's EventSource against the server (WHATWG HTML 9.2)."""
from __future__ import annotations

import http.client
import json
import threading
from collections import deque
from dataclasses import dataclass

from .event_loop import loop


@dataclass
class Event:
    id: str
    type: str
    data: dict


class EventSource:
    """One stream; its events are read by a thread of its own and taken in order."""

    def __init__(self, address: tuple[str, int], token: str | None, query: str = "",
                 last_id: str = ""):
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        if last_id:
            fields["Last-Event-ID"] = last_id
        self.connection = http.client.HTTPConnection(*address, timeout=60)
        self.connection.request("GET", f"/api/v1/events{query}", headers=fields)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.closed = False
        self.last_id = last_id
        self._unread: deque[Event] = deque()
        if self.status == 200:
            threading.Thread(target=self._read, daemon=True).start()
            loop.wait(lambda: self.last_id, "the stream begins")

    def close(self) -> None:
        self.connection.close()

    def receives(self, type_: str | None = None, within: float | None = None, **data) -> Event:
        """The next event of this type whose data has these members; others are passed over."""
        wanted = f"{type_ or 'any event'} {data}"

        def take() -> Event | None:
            while self._unread:
                event = self._unread.popleft()
                if type_ in (None, event.type) and data.items() <= event.data.items():
                    return event
            return None
        return loop.wait(take, f"a stream brings {wanted}", within)

    def taken(self) -> list[Event]:
        """What has come and is not read."""
        with loop.changed:
            events = list(self._unread)
            self._unread.clear()
            return events

    def ends(self) -> None:
        loop.wait(lambda: self.closed, "the stream ends")

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.response:
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(":")
                    fields[name] = value.lstrip(" ")
                    continue
                self._dispatch(fields)
                fields = {}
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed by this side
        with loop.changed:
            self.closed = True
            loop.changed.notify_all()

    def _dispatch(self, fields: dict[str, str]) -> None:
        with loop.changed:
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                self._unread.append(Event(self.last_id, fields.get("event", "message"),
                                          json.loads(fields["data"])))
            loop.changed.notify_all()
