"""What a watcher's phone is told, asked for or not (RFC 6665, RFC 4235)."""
from __future__ import annotations

from collections import deque

from . import dialog_info
from .dialog import Dialog, ReceivedRequest
from .event_loop import loop
from .message import Message, params


class Notification:
    """One NOTIFY, read."""

    def __init__(self, request: ReceivedRequest):
        self.request = request
        self.message: Message = request.message
        self.answered = False
        content_type = self.message.get("Content-Type", "")
        readable = content_type.startswith("application/dialog-info+xml")
        self.document = dialog_info.parse(self.message.body) if readable else None

    @property
    def lamp(self) -> str:
        return self.document.lamp

    @property
    def state(self) -> str:
        """Of the subscription: active, pending or terminated."""
        return self.message["Subscription-State"].split(";")[0].strip()

    @property
    def reason(self) -> str:
        return params(self.message["Subscription-State"]).get("reason", "")

    @property
    def expires(self) -> int:
        return int(params(self.message["Subscription-State"])["expires"])

    def replies(self, status: int, headers=()) -> None:
        self.answered = True
        self.request.replies(status, headers=headers)


class Watch:
    """The NOTIFYs about one member to one phone. Each is checked as it comes: version one up, CSeq
    up, none while another is unanswered. What breaks a rule is a fault, and fails the test."""

    def __init__(self, phone, member: str):
        self.phone, self.member = phone, member
        self.history: list[Notification] = []
        self.versions_may_jump = False  # once, after the server was killed
        self._unread: deque[Notification] = deque()

    @property
    def lamp(self) -> str:
        """What the key shows now."""
        return self.history[-1].lamp if self.history else "unknown"

    @property
    def lamps(self) -> list[str]:
        """Everything the key has shown, repetitions left out."""
        shown: list[str] = []
        for notification in self.history:
            if notification.document and shown[-1:] != [notification.lamp]:
                shown.append(notification.lamp)
        return shown

    def receives_notify(self, lamp: str | None = None, within: float | None = None) -> Notification:
        """The next NOTIFY; with `lamp`, it must show that."""
        wanted = f"{self.phone.name} receives NOTIFY about {self.member} ({lamp or 'any'})"
        loop.wait(lambda: self._unread, wanted, within)
        notification = self._unread.popleft()
        if lamp is not None:
            shown = notification.lamp if notification.document else "no dialog-info"
            assert shown == lamp, f"{wanted}; it shows {shown}:\n{notification.message}"
        return notification

    def shows(self, lamp: str, within: float | None = None) -> Notification:
        """Waits until the key shows `lamp`, passing over what comes before."""
        try:
            loop.wait(lambda: self.lamp == lamp, f"{self.phone.name} sees {self.member} {lamp}",
                      within)
        except AssertionError as failed:
            raise AssertionError(f"{failed}; it was shown {self.lamps}") from None
        self._unread.clear()
        return self.history[-1]

    def take(self, request: ReceivedRequest) -> None:
        notification = Notification(request)
        self._check(notification)
        self.history.append(notification)
        self._unread.append(notification)
        self.phone.answers_notify(notification)

    def _check(self, new: Notification) -> None:
        told = [n for n in self.history if n.message["Call-ID"] == new.message["Call-ID"]]
        if not told:
            return  # counters begin anew with each Call-ID
        old = told[-1]
        if not old.answered:
            self.phone.fault(f"NOTIFY while another is unanswered:\n{new.message}")
        if new.message.cseq <= old.message.cseq:
            self.phone.fault(f"CSeq {new.message.cseq} after {old.message.cseq}:\n{new.message}")
        documents = [n.document for n in told if n.document]
        if new.document and documents:
            step = new.document.version - documents[-1].version
            if step < 1 or (step > 1 and not self.versions_may_jump):
                self.phone.fault(f"version {new.document.version} after "
                                 f"{documents[-1].version}:\n{new.message}")
            if step > 1:
                self.versions_may_jump = False


class Subscription(Watch):
    """A subscription this phone has asked for."""

    def __init__(self, phone, member: str, dialog: Dialog, event: str):
        super().__init__(phone, member)
        self.dialog, self.event = dialog, event
        self.accept = "application/dialog-info+xml"
        self.subscribe = None  # the SentRequest that began it

    def take(self, request: ReceivedRequest) -> None:
        self.dialog.learn(request.message, as_caller=False)
        super().take(request)

    def sends_subscribe(self, expires: int, headers=(), body: str = "", content_type: str = "",
                        **options):
        """SUBSCRIBE within the dialog: refresh, fetch or end."""
        with loop.changed:
            fields = [("Event", self.event), ("Accept", self.accept),
                      ("Expires", str(expires)), *headers]
            request = self.dialog.request("SUBSCRIBE", fields, body, content_type or None)
            return self.phone.sends(request, dialog=self.dialog, **options)

    def refreshes(self, expires: int = 3600) -> Notification:
        """SUBSCRIBE, 200, NOTIFY with the full state."""
        self._unread.clear()
        self.sends_subscribe(expires).receives(200)
        return self.receives_notify()

    def ends(self) -> Notification:
        """SUBSCRIBE with Expires 0, 200, last NOTIFY."""
        self._unread.clear()
        self.sends_subscribe(0).receives(200)
        return self.receives_notify()
