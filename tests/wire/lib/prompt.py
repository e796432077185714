"""A program that is driven by the lines of its prompt."""
from __future__ import annotations

import os
import pty
import re
import subprocess
import threading
from pathlib import Path

from .event_loop import loop
from .program import dies_with_us


class Prompt:
    """What it says is read as it comes, and waited for."""

    def __init__(self, name: str, command: list[str], folder: Path, places: dict[str, str] | None = None):
        """`name` is told when it does not say what it should. It runs on a terminal, in `folder`."""
        self.name = name
        self.text = ""
        self.terminal, side = pty.openpty()
        self.process = subprocess.Popen(dies_with_us(command), stdin=side, stdout=side, stderr=side,
                                        cwd=folder, env={**os.environ, **(places or {}), "TERM": "dumb"})
        os.close(side)
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        while True:
            try:
                chunk = os.read(self.terminal, 4096)
            except OSError:  # it has ended
                return
            with loop.changed:
                self.text += chunk.decode("utf-8", "replace")
                loop.changed.notify_all()

    def says(self, pattern: str) -> re.Match:
        """Waits until its output has `pattern`, and forgets it up to there."""
        def found() -> re.Match | None:  # at once, lest what comes meanwhile is forgotten too
            if match := re.search(pattern, self.text):
                self.text = self.text[match.end():]
            return match

        try:
            return loop.wait(found, f"{self.name} says {pattern!r}")
        except AssertionError as never:
            raise AssertionError(f"{never}; it has said {self.text[-500:]!r}") from None

    def types(self, command: str) -> None:
        os.write(self.terminal, command.encode() + b"\n")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()
        os.close(self.terminal)
