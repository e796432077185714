"""Programs of others that act as phones: baresip and SIPp."""
from __future__ import annotations

import array
import math
import re
import socket
import subprocess
import threading
import wave
from pathlib import Path

from .case import eventually
from .event_loop import loop
from .program import dies_with_us

RATE = 8000
MODULES = "/usr/lib/baresip/modules"
SCENARIOS = Path(__file__).parent.parent / "sipp"

CONFIG = """\
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
rtp_ports 10000-20000
audio_source aufile,{folder}/tone.wav
audio_player aubridge,{number}
audio_alert aubridge,alert
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
module_path {modules}
module stdio.so
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
snd_path {folder}
module_tmp account.so
module_app menu.so
module_app contact.so
"""


def write_tone(path: Path, hertz: int, seconds: int = 60) -> None:
    samples = array.array("h", (int(12000 * math.sin(2 * math.pi * hertz * i / RATE))
                                for i in range(RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes() * seconds)   # a whole number of waves in each second


def loudness(path: Path, hertz: int) -> float:
    """Amplitude of a tone in the last second but one of a recording that may still be growing."""
    data = path.read_bytes()[44:]                      # the header tells the length only at the end
    samples = array.array("h", data[: len(data) // 2 * 2])[-2 * RATE:-RATE]
    return amplitude(samples, hertz) if len(samples) == RATE else 0.0


def amplitude(samples, hertz: int) -> float:
    """Of a tone of `hertz` in `samples`."""
    angles = [2 * math.pi * hertz * i / RATE for i in range(len(samples))]
    real = sum(s * math.cos(a) for s, a in zip(samples, angles))
    imaginary = sum(s * math.sin(a) for s, a in zip(samples, angles))
    return 2 * math.hypot(real, imaginary) / len(samples)


class Baresip:
    """A baresip without sound hardware: it speaks a sine tone, and records what it hears."""

    def __init__(self, folder: Path, number: str, secret: str, domain: str, server: tuple[str, int],
                 hertz: int, transport: str = "udp", contact: str = "",
                 modules: tuple[str, ...] = (), media: dict[str, str] | None = None,
                 answers: bool = True, early: bool = False, traced: bool = False,
                 settings: dict[str, str] | None = None, codec: str = "pcma", config: str = ""):
        """`early`: it sends a tone in its 183, until told to answer; `traced`: it says all messages; `settings`: more
        parameters of its account, {"regq": "0.5"}; `config`: more lines of its settings."""
        self.folder, self.number, self.domain = folder, number, domain
        folder.mkdir()
        write_tone(folder / "tone.wav", hertz)
        host, port = server
        # `media` is {"mediaenc": "srtp-mand"}, or {"medianat": "ice"}: a parameter of the account.
        kinds = {value.removesuffix("-mand") for value in (media or {}).values()}
        more = "".join(f"module {kind}.so\n" for kind in sorted(kinds))
        more += "".join(f"module_app {module}.so\n" for module in modules)
        (folder / "config").write_text(
            CONFIG.format(folder=folder, number=number, modules=MODULES) + more + config)
        # /message writes to the first contact; with the module `presence` it is watched.
        watched = ";presence=p2p" if "presence" in modules else ""
        (folder / "contacts").write_text(
            f'"It" <sip:{contact}@{domain}>{watched}\n' if contact else "")
        (folder / "accounts").write_text(
            f"<sip:{number}@{domain}>;auth_user={number};auth_pass={secret};regint=600"
            f';outbound="sip:{host}:{port};transport={transport}"'
            f";answermode={'early' if early else 'auto' if answers else 'manual'}"
            f";audio_codecs={codec}"
            + "".join(f";{name}={value}" for name, value in ((media or {}) | (settings or {})).items()) + "\n")
        self.said = ""  # all of it
        self.text = ""  # what no line of the test has waited for
        self.process = subprocess.Popen(dies_with_us(["baresip", *(["-s"] if traced else []),
                                                      "-f", str(folder)]),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        while chunk := self.process.stdout.read1(4096):
            with loop.changed:
                said = chunk.decode("utf-8", "replace")
                self.said += said
                self.text += said
                loop.changed.notify_all()
        self.process.stdout.close()

    def says(self, pattern: str) -> re.Match:
        """Waits until its output has `pattern`, and forgets it up to there."""
        def found() -> re.Match | None:  # at once, lest what comes meanwhile is forgotten too
            if match := re.search(pattern, self.text):
                self.text = self.text[match.end():]
            return match

        try:
            return loop.wait(found, f"baresip {self.number} says {pattern!r}")
        except AssertionError as never:
            raise AssertionError(f"{never}; it has said {self.text[-500:]!r}") from None

    def types(self, command: str) -> None:
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def dials(self, number: str) -> None:
        self.types(f"/dial sip:{number}@{self.domain}")

    def transfers(self, number: str) -> None:
        self.types(f"/transfer sip:{number}@{self.domain}")

    def rings(self) -> None:
        self.says("Incoming call from")

    def answers(self) -> None:
        self.types("/accept")

    def talks(self) -> None:
        self.says("Call established")

    def hangs_up(self) -> None:
        self.types("/hangup")

    def hears(self, hertz: int) -> bool:
        """Whether a tone of `hertz` has arrived in a call."""
        return any(loudness(path, hertz) > 6000 for path in self.folder.glob("dump-*-dec.wav"))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.listener.join()


class Sipp:
    """A SIPp with one of the scenarios of tests/wire/sipp."""

    def __init__(self, scenario: str, server: tuple[str, int], folder: Path, *, port: int,
                 calls: int, service: str, user: str = "", secret: str = "", rate: int = 10,
                 limit: int = 10, transport: str = "udp", keys: dict[str, str] | None = None,
                 target: str = "", join: str = "", ip: str = "127.0.0.1", echo: int = 0,
                 traced: bool = False):
        """`echo` is a port at which it says again what it hears, the first of four (audio and video, RTP and RTCP);
        `traced`: it keeps all messages."""
        self.messages = folder / f"{scenario}-{port}-messages.txt"
        self.scenario, self.log = scenario, folder / f"{scenario}-{port}.txt"
        self.transport, self.address = transport, (ip, port)
        command = ["sipp", f"{server[0]}:{server[1]}", "-sf", str(SCENARIOS / f"{scenario}.xml"),
                   "-i", ip, "-p", str(port), "-s", service, "-m", str(calls),
                   "-r", str(rate), "-l", str(limit), "-timeout", "120s", "-timeout_error",
                   # A 200 that was repeated is acknowledged once more, maybe after the BYE (RFC 3261 §13.2.2.4).
                   "-default_behaviors", "all,-abortunexp",
                   "-nostdin", "-trace_err", "-error_file", str(self.log)]
        if user:
            several = scenario in ("register", "attended", "moves")  # whom its credentials are for
            uri = "office.test" if several else f"{service}@office.test"
            command += ["-au", user, "-ap", secret, "-auth_uri", uri]
        if scenario == "attended":
            command += ["-cid_str", "%u-%p"]  # nothing that a URI would have to escape
        if scenario in ("blind", "dialer"):
            command += ["-aa"]  # answers NOTIFYs that no step waits for
        if transport == "tcp":
            # One message at a time: the second of two that come in one piece is lost where the scenario is to
            # answer the first, since it does so only when all is read.
            command += ["-t", "t1", "-max_recv_loops", "1"]
        for name, value in (keys or {}).items():
            command += ["-key", name, value]
        if 'Global variables="caller' in (SCENARIOS / f"{scenario}.xml").read_text():
            command += ["-set", "caller", user]
        if target:
            command += ["-set", "target", target]
        if echo:
            command += ["-rtp_echo", "-mp", str(echo)]
        if traced:
            command += ["-trace_msg", "-message_file", str(self.messages)]
        if join:
            command += ["-key", "join", join]
        self.process = subprocess.Popen(dies_with_us(command), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder)
        self.output = b""

    def listens(self) -> Sipp:
        """Waits until a connection to it is taken, or a datagram."""
        host, port = self.address
        here = f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{port:04X}"
        idle = {"tcp": "0A", "udp": "07"}[self.transport]
        eventually(lambda: any(line.split()[1] == here and line.split()[3] == idle for line in
                               Path(f"/proc/net/{self.transport}").read_text().splitlines()[1:]),
                   f"sipp {self.scenario} listens")
        return self

    def trace(self) -> str:
        """All its messages so far, if it keeps them."""
        return self.messages.read_text() if self.messages.exists() else ""

    def is_told(self, status: int) -> None:
        """Waits for a NOTIFY of its REFER that says so; it keeps all messages."""
        report = rf"message/sipfrag[^\n]*(?:\n[^\n]+)*\n\nSIP/2\.0 {status} "
        eventually(lambda: re.search(report, self.trace()), f"sipp {self.scenario} is told {status}")

    def succeeds(self) -> None:
        """All calls went through: SIPp's exit code is 0."""
        self.output, _ = self.process.communicate(timeout=150)
        errors = self.log.read_text(errors="replace") if self.log.exists() else ""
        assert self.process.returncode == 0, \
            f"sipp {self.scenario}: exit {self.process.returncode}\n{errors[:4000]}\n" \
            + self.output.decode(errors="replace")[-3000:]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
