"""twinkle-console: a phone with a stack of its own, which can keep its keys pressed."""
from __future__ import annotations

import re
from pathlib import Path

from .prompt import Prompt

# "null" is the sound card of ALSA that has none.
SYSTEM = """\
dev_ringtone=alsa:null
dev_speaker=alsa:null
dev_mic=alsa:null
validate_audio_dev=no
sip_port={port}
rtp_port={rtp_port}
start_user_profile=phone
"""
PROFILE = """\
user_name={number}
user_domain={domain}
auth_name={number}
auth_pass={secret}
outbound_proxy={host}:{server_port}
all_requests_to_proxy=yes
sip_transport={transport}
registration_time=600
register_at_startup=yes
codecs=g711a
zrtp_enabled=no
dtmf_transport=info
dtmf_duration={pressed}
dtmf_pause=40
"""


class Twinkle(Prompt):
    """A phone without sound hardware, whose keys go out as INFO of `pressed` milliseconds each."""

    def __init__(self, folder: Path, number: str, secret: str, domain: str,
                 server: tuple[str, int], transport: str, port: int, rtp_port: int, pressed: int):
        """`rtp_port` is the first of six: RTP and RTCP of each of its lines."""
        self.number, self.folder = number, folder
        own = folder / ".twinkle"
        own.mkdir(parents=True)
        (own / "twinkle.sys").write_text(SYSTEM.format(port=port, rtp_port=rtp_port))
        (own / "phone.cfg").write_text(PROFILE.format(
            number=number, domain=domain, secret=secret, host=server[0], server_port=server[1],
            transport=transport, pressed=pressed))
        super().__init__(f"twinkle {number}", ["twinkle-console"], folder, {"HOME": str(folder)})

    def dials(self, number: str) -> None:
        self.types(f"call {number}")

    def presses(self, keys: str) -> None:
        """Only while it hears somebody: with media inactive it swallows them."""
        self.types(f"dtmf {keys}")

    def has_changed(self, times: int) -> bool:
        """Whether it has been through so many re-INVITEs; within one it does not hang up."""
        log = (self.folder / ".twinkle/twinkle.log").read_text(errors="replace")
        parts = log.split(f"\nACK sip:{self.number}@")
        return len(parts) == times + 1 and bool(re.search("t_audio_session::(run|~)", parts[-1]))

    def hangs_up(self) -> None:
        self.types("bye")
