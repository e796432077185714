"""Capture files as tcpdump reads them."""
from __future__ import annotations

import re
import subprocess

# What stands before it is read as letters, too.
FIRST_LINE = re.compile(r"SIP/2\.0 \d{3} [^\r\n]*|"
                        r"(?:INVITE|ACK|BYE|CANCEL|PRACK|UPDATE|INFO|REFER|NOTIFY|OPTIONS)"
                        r" (?:sips?|tel):\S+ SIP/2\.0")


def read_capture(file: bytes) -> list[tuple[str, str]]:
    """Of each packet `IP` or `IP6`, and the first line of the SIP message in it. A checksum that is
    wrong fails."""
    answer = subprocess.run(["tcpdump", "-nn", "-vv", "-A", "-r", "-"], input=file,
                            capture_output=True, check=True)
    text = answer.stdout.decode("utf-8", "replace")
    assert "bad udp cksum" not in text and "bad cksum" not in text, text
    packets = re.split(r"^\d\d:\d\d:\d\d\.\d+ ", text, flags=re.MULTILINE)[1:]
    return [(packet.split()[0], FIRST_LINE.search(packet)[0]) for packet in packets]
