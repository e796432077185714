"""linphonec: a phone with a stack of its own (belle-sip), driven by the lines of its prompt."""
from __future__ import annotations

from pathlib import Path

from .ports import reserve
from .prompt import Prompt
from .real_phones import loudness, write_tone

CONFIG = """\
[sip]
default_proxy=0
sip_port=-1
sip_tcp_port=-1
sip_tls_port=0
use_ipv6=0
use_info=1
use_rfc2833=0
bind_address=127.0.0.1
{more}
[auth_info_0]
username={number}
passwd={secret}
realm={domain}
[proxy_0]
reg_proxy=<sip:{host}:{port};transport={transport}>
reg_route=<sip:{host}:{port};transport={transport};lr>
reg_identity=sip:{number}@{domain}
reg_expires=600
reg_sendregister=1
publish=0
{settings}[rtp]
audio_rtp_port={audio}
bind_address=127.0.0.1
"""
# One of these is switched on: what it records has the rate of its codec.
CODECS = (("PCMA", 8000), ("PCMU", 8000), ("opus", 48000), ("speex", 16000), ("speex", 8000),
          ("G729", 8000))


class Linphone(Prompt):
    """A linphonec without sound hardware: it plays a sine tone, and records what it hears.

    It answers by itself if told so, unless it is in a call already. Keys pressed in a call go out as INFO.
    `early`: it sends its tone in a 183, until told to answer. `sip`: more of that section of its settings; `settings`:
    more of its account, {"privacy": "8"}, or {"contact_parameters": "q=0.5"}; `friends`: their URIs, whose presence it
    asks for, of all together where `sip` has an `rls_uri`.
    """

    def __init__(self, folder: Path, number: str, secret: str, domain: str,
                 server: tuple[str, int], hertz: int, transport: str = "udp",
                 answers: bool = True, early: bool = False, sip: dict[str, int | str] | None = None,
                 settings: dict[str, str] | None = None, friends: tuple[str, ...] = (), codec: str = "PCMA"):
        self.folder, self.number, self.domain = folder, number, domain
        general = {"incoming_calls_early_media": int(early)} | (sip or {})  # else a 180 follows the 183
        # Without the folder of its database it opens no port, and says nothing about it.
        (folder / ".local/share/linphone").mkdir(parents=True)
        write_tone(folder / "tone.wav", hertz)
        (folder / "linphonerc").write_text(CONFIG.format(
            number=number, secret=secret, domain=domain, host=server[0], port=server[1],
            transport=transport, audio=reserve(together=2),  # RTP and RTCP
            more="\n".join(f"{name}={value}" for name, value in general.items()),
            settings="".join(f"{name}={value}\n" for name, value in (settings or {}).items())) + "".join(
                f"[audio_codec_{index}]\nmime={name}\nrate={rate}\nenabled={int(name == codec)}\n"
                for index, (name, rate) in enumerate(CODECS)) + "".join(
                f"[friend_{index}]\nurl=<{uri}>\npol=accept\nsubscribe=1\n"
                for index, uri in enumerate(friends)))
        places = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        places["XDG_DATA_HOME"] = str(folder / ".local/share")
        super().__init__(f"linphone {number}",
                         ["linphonec", "-c", str(folder / "linphonerc"), *(["-a"] if answers else []),
                          *(["--real-early-media"] if early else []),
                          "-d", "6", "-l", str(folder / "log")], folder, places)
        self.says("linphonec>")
        for command in ("soundcard use files", f"play {folder}/tone.wav",
                        f"record {folder}/heard.wav"):
            self.types(command)

    def dials(self, number: str) -> None:
        self.types(f"call sip:{number}@{self.domain}")

    def presses(self, keys: str) -> None:
        """One INFO a key; it rests a second after each, and hears nothing meanwhile."""
        for key in keys:
            self.types(key)

    def rings(self) -> None:
        self.says("new incoming call from")

    def answers(self) -> None:
        self.types("answer")

    def talks(self) -> None:
        self.says("Media streams established")

    def transfers(self, number: str) -> None:
        self.types(f"transfer 1 sip:{number}@{self.domain}")

    def hangs_up(self) -> None:
        self.types("terminate")

    def hears(self, hertz: int) -> bool:
        """Whether a tone of `hertz` has arrived in a call."""
        return any(loudness(path, hertz) > 6000 for path in self.folder.glob("heard.wav"))

    def log(self) -> str:
        """All it has to say, every message of SIP among it."""
        return (self.folder / "log").read_text(errors="replace")
