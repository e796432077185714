"""The server under test: the binary named by LAMPLINE_BIN, with a data folder of its own."""
from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from .event_loop import loop
from .phone import Phone
from .ports import reserve
from .program import dies_with_us
from .rest import Rest

DOMAIN = "office.test"
START_SECONDS = 30


def binary() -> str:
    """Path of the server; the tests cannot run without it."""
    path = os.environ.get("LAMPLINE_BIN", "")
    if not path or not os.access(path, os.X_OK):
        raise SystemExit("LAMPLINE_BIN must name the lampline executable")
    return path


def run(*arguments: str) -> str:
    """Output of a lampline command that must succeed."""
    done = subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, \
        f"lampline {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


class Server:
    """Runs `lampline serve` on reserved ports of 127.0.0.1; a restart keeps ports and data."""

    def __init__(self, data: str | Path, token: str = "", options: list[str] | None = None):
        self.data, self.token, self.options = Path(data), token, options or []
        self.process: subprocess.Popen | None = None
        self.output: list[str] = []
        self.address: dict[str, tuple[str, int]] = {}  # "udp", "tcp", "http"
        self.ports = {kind: reserve() for kind in ("udp", "tcp", "http")}

    @property
    def rest(self) -> Rest:
        return Rest(self.address["http"], self.token)

    def start(self) -> Server:
        """Starts, and waits for the line of every listener."""
        def bind(kind: str) -> str:
            return f"127.0.0.1:{self.ports[kind]}"

        self.process = subprocess.Popen(
            dies_with_us([binary(), "serve", "--data", str(self.data), "--domain", DOMAIN,
                          "--sip", f"udp:{bind('udp')}", "--sip", f"tcp:{bind('tcp')}",
                          "--http", bind("http"), *self.options]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        heard: dict[str, tuple[str, int]] = {}
        threading.Thread(target=self._listen, args=(self.process, heard), daemon=True).start()
        try:
            loop.wait(lambda: {"udp", "tcp", "http"} <= heard.keys() or "gone" in heard, "the server listens",
                      START_SECONDS)
            assert "gone" not in heard, "the server ended at start:\n" + self.log()
        except AssertionError:
            self.kill()
            raise
        self.address = heard
        return self

    def _listen(self, process: subprocess.Popen, heard: dict) -> None:
        for line in process.stdout:
            match = re.match(r"listening (?:sip )?(udp|tcp|http) (\S+):(\d+)\s*$", line)
            with loop.changed:
                self.output.append(line)
                if match:
                    six = "6" if match[2].startswith("[") else ""
                    heard[match[1] + six] = (match[2].strip("[]"), int(match[3]))
                loop.changed.notify_all()
        with loop.changed:
            if len(heard) < 3:
                heard["gone"] = ("", 0)
                loop.changed.notify_all()
        process.stdout.close()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """SIGTERM until it ends: from the second on, calls are not waited for. The exit code."""
        for _ in range(20):
            self.process.send_signal(signal.SIGTERM)
            try:
                return self.process.wait(0.2)
            except subprocess.TimeoutExpired:
                pass  # the first one only begins to drain
        return self._reap()

    def drain(self) -> int:
        """One SIGTERM: the exit code once the server has drained."""
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def kill(self) -> None:
        """SIGKILL: no chance to write anything."""
        self.process.kill()
        self._reap()

    def _reap(self) -> int:
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop within 30 s\n" + self.log()) from None

    def log(self, lines: int = 60) -> str:
        return "".join(self.output[-lines:])

    def complaints(self) -> list[str]:
        """Lines in which a sanitizer or an assertion speaks."""
        words = r"(Address|Leak)Sanitizer|Assertion .* failed|terminate called"
        return [line for line in self.output if re.search(words, line)]


class Office:
    """A server with extensions and groups, and the phones on it."""

    def __init__(self, server: Server, secrets: dict[str, str], names: dict[str, str]):
        self.server, self.secrets, self.names = server, secrets, names
        self.phones: list[Phone] = []
        self.domain = DOMAIN

    @property
    def rest(self) -> Rest:
        return self.server.rest

    def phone(self, number: str, *, registered: bool = True, via: dict | None = None,
              **options) -> Phone:
        """A phone of extension `number`, registered unless said otherwise. `via` is another way
        to the server than the straight one."""
        options.setdefault("display", self.names.get(number, ""))
        secret = options.pop("secret", self.secrets.get(number, "none"))
        phone = Phone(number, secret, DOMAIN, via or self.server.address, **options)
        self.phones.append(phone)
        if registered:
            phone.registers()
        return phone

    def close(self) -> None:
        for phone in self.phones:
            phone.unplugs()


class Template:
    """A data folder made once in a process and copied for each test: extensions 201 to 206, and
    the group `sales`."""

    NAMES = {"201": "Anna Lee", "202": "Bob Stone", "203": "Carol Reyes", "204": "Dan Wu",
             "205": "Eve Ng", "206": "Finn Roy"}
    SECRETS = {number: f"secret-of-{number}" for number in NAMES}
    _made: Template | None = None

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lampline-wire-"))
        try:
            self._fill(self.folder / "data")
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _fill(self, data: Path) -> None:
        run("seed", "demo", "--data", str(data), "--domain", DOMAIN)
        made = run("token", "create", "wire", "--role", "admin", "--data", str(data))
        self.token = made.split()[-1]
        server = Server(data, self.token).start()
        try:
            for group in server.rest.items("/api/v1/groups"):
                server.rest.delete(f"/api/v1/groups/{group['name']}")
            for group in server.rest.items("/api/v1/ring-groups"):
                server.rest.delete(f"/api/v1/ring-groups/{group['number']}")
            for extension in server.rest.items("/api/v1/extensions"):
                server.rest.delete(f"/api/v1/extensions/{extension['number']}")
            for number, secret in self.SECRETS.items():
                server.rest.put_extension(number, secret, self.NAMES[number])
            server.rest.put_group("sales", members=["202", "203"], watchers=["201", "204"])
        finally:
            server.stop()

    @classmethod
    def office(cls, options: list[str] | None = None) -> Office:
        """A new office from the template, its server started."""
        if cls._made is None:
            cls._made = cls()
        data = Path(tempfile.mkdtemp(dir=cls._made.folder)) / "data"
        shutil.copytree(cls._made.folder / "data", data)
        server = Server(data, cls._made.token, options).start()
        return Office(server, dict(cls.SECRETS), dict(cls.NAMES))

    @classmethod
    def remove(cls) -> None:
        if cls._made:
            shutil.rmtree(cls._made.folder, ignore_errors=True)
            cls._made = None
