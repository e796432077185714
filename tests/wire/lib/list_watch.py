"""One subscription to a group, and the lamps it lights (RFC 4662)."""
from __future__ import annotations

from . import presence, rlmi
from .dialog import ReceivedRequest
from .event_loop import loop
from .watch import Notification, Subscription

BODIES = {"dialog": "application/dialog-info+xml", "presence": presence.TYPE}


def list_headers(event: str) -> list[tuple[str, str]]:
    return [("Supported", "eventlist"),
            ("Accept", f"{BODIES[event]}, application/rlmi+xml, multipart/related")]


class ListSubscription(Subscription):
    """Each NOTIFY is checked as it comes: the first is full, list and bodies have one version, one up."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.accept = BODIES[self.event]
        self.lists: list[rlmi.List] = []
        self.keys: dict[str, str] = {}   # URI of a member -> what its key shows

    def take(self, request: ReceivedRequest) -> None:
        message = request.message
        found = rlmi.parse(message)
        assert message["Require"] == "eventlist", f"Require: {message.get('Require')}"
        if self.lists:
            step = found.version - self.lists[-1].version
            assert step == 1 or (step > 1 and self.versions_may_jump), f"version {step} up"
            self.versions_may_jump = self.versions_may_jump and step == 1
        else:
            assert found.full and found.version == 0, "the first NOTIFY is not full"
        if found.full:
            self.keys.clear()
        for resource in found.resources.values():
            if resource.document:
                version = getattr(resource.document, "version", found.version)
                assert version == found.version, "a body of another version"
                self.keys[resource.uri] = resource.document.lamp
            if resource.state == "terminated":
                self.keys.pop(resource.uri, None)
        self.lists.append(found)
        super().take(request)

    def key(self, number: str) -> str:
        return self.keys.get(f"sip:{number}@{self.phone.domain}", "unknown")

    def lights(self, number: str, lamp: str, within: float | None = None) -> Notification:
        """Waits until the key of a member shows `lamp`."""
        loop.wait(lambda: self.key(number) == lamp,
                  f"{self.phone.name} sees {number} {lamp} in the list {self.member}", within)
        self._unread.clear()
        return self.history[-1]

    def told(self) -> rlmi.List:
        """The next NOTIFY as a list."""
        self.receives_notify()
        return self.lists[len(self.history) - len(self._unread) - 1]
