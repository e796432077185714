"""A phone that notifies its watchers itself (RFC 6665, RFC 4235)."""
from __future__ import annotations

from .dialog import Dialog, ReceivedRequest, SentRequest
from .event_loop import loop
from .message import Address

IDLE = '<dialog id="none"><state>terminated</state></dialog>'


def dialog_of(state: str) -> str:
    return f'<dialog id="call" direction="recipient"><state>{state}</state></dialog>'


class Notifier:
    """The subscription that a SUBSCRIBE has begun at `phone`; its version rises by one."""

    def __init__(self, phone, subscribe: ReceivedRequest):
        self.phone, self.subscribe, self.version = phone, subscribe, -1
        message = subscribe.message
        local, remote = Address.parse(message["To"]), Address.parse(message["From"])
        local.params["tag"] = subscribe.local_tag
        self.dialog = Dialog(phone, message["Call-ID"], local, remote, "")
        self.dialog.learn(message, as_caller=False)

    def accepts(self, expires: int = 600, subscribe: ReceivedRequest | None = None) -> None:
        (subscribe or self.subscribe).replies(200, headers=[
            ("Contact", f"<{self.phone.contact}>"), ("Expires", str(expires))])

    def sends_notify(self, dialogs: str = IDLE, state: str = "active;expires=600") -> SentRequest:
        """Nothing received yet."""
        with loop.changed:
            self.version += 1
            entity = f"sip:{self.phone.number}@{self.phone.domain}"
            body = ('<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
                    f'version="{self.version}" state="full" entity="{entity}">{dialogs}'
                    "</dialog-info>")
            request = self.dialog.request(
                "NOTIFY", [("Event", "dialog"), ("Subscription-State", state),
                           ("Contact", f"<{self.phone.contact}>")],
                body, "application/dialog-info+xml")
            return self.phone.sends(request, dialog=self.dialog)

    def tells(self, dialogs: str = IDLE, state: str = "active;expires=600") -> None:
        """NOTIFY and its 200."""
        self.sends_notify(dialogs, state).receives(200)
