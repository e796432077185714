"""One thread that reads every socket and fires every timer of a test process.

All protocol state is touched with `EventLoop.changed` held: by the loop while it runs callbacks, by
a test while it acts or looks. A test waits for what it expects with `wait`, which looks again after
every step of the loop.
"""
from __future__ import annotations

import heapq
import itertools
import os
import selectors
import socket
import threading
import time
import traceback

DEADLINE = float(os.environ.get("WIRE_DEADLINE", "10"))  # seconds that one event may take


class Timer:
    """A callback that is due; `cancel` may be called at any time."""

    def __init__(self, callback):
        self.callback = callback

    def cancel(self) -> None:
        self.callback = None


class EventLoop:
    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.deadline = DEADLINE
        self.faults: list[str] = []  # exceptions that escaped a callback
        self._selector = selectors.DefaultSelector()
        self._timers: list = []
        self._order = itertools.count()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_writer.setblocking(False)
        self.watch(self._wake_reader, lambda: self._wake_reader.recv(4096))
        self._thread = threading.Thread(target=self._run, daemon=True, name="event-loop")
        self._thread.start()

    def watch(self, sock, callback) -> None:
        """Calls `callback` whenever `sock` can be read."""
        self._selector.register(sock, selectors.EVENT_READ, callback)

    def forget(self, sock) -> None:
        with self.changed:
            try:
                self._selector.unregister(sock)
            except (KeyError, ValueError):
                pass

    def after(self, seconds: float, callback) -> Timer:
        timer = Timer(callback)
        with self.changed:
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), timer))
        try:
            self._wake_writer.send(b"!")
        except BlockingIOError:
            pass  # a wake-up is on its way already
        return timer

    def wait(self, ready, what: str, seconds: float | None = None):
        """The first true value of `ready()`; AssertionError when the deadline passes without."""
        end = time.monotonic() + (self.deadline if seconds is None else seconds)
        with self.changed:
            while not (result := ready()):
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"never happened: {what}")
                self.changed.wait(left)
            return result

    def _run(self) -> None:
        while True:
            with self.changed:
                pause = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            readable = self._selector.select(pause)
            with self.changed:
                for key, _ in readable:
                    if self._selector.get_map().get(key.fd) is key:
                        self._guard(key.data)
                while self._timers and self._timers[0][0] <= time.monotonic():
                    callback = heapq.heappop(self._timers)[2].callback
                    if callback:
                        self._guard(callback)
                self.changed.notify_all()

    def _guard(self, callback) -> None:
        try:
            callback()
        except Exception:  # the loop outlives whatever a callback does; the test case reports it
            self.faults.append(traceback.format_exc())


loop = EventLoop()
