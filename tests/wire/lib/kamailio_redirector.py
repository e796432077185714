"""Kamailio as a carrier that sends calls on by 302, or else relays them to its one subscriber."""
from __future__ import annotations

from pathlib import Path

from .kamailio import ALL_BUT_NEW_CALLS, BOTH_TRANSPORTS, Kamailio
from .ports import reserve

CONFIG = BOTH_TRANSPORTS + """\
loadmodule "rr.so"
modparam("rr", "enable_full_lr", 1)

request_route {{
""" + ALL_BUT_NEW_CALLS + """\
    if ($rU == "{moved}") {{
        append_to_reply("Contact: <{contact}>\\r\\n");
        t_newtran();
        t_reply("302", "Moved Temporarily");
        exit;
    }}
    record_route();
    $du = "sip:{subscriber[0]}:{subscriber[1]}";
    t_relay();
}}
"""


class KamailioRedirector(Kamailio):
    """Who calls `moved` is told to call `contact`."""

    def __init__(self, folder: Path, moved: str, contact: str, subscriber: tuple[str, int],
                 ip: str = "127.0.0.2"):
        port = reserve(ip)
        super().__init__(folder, CONFIG.format(host=ip, port=port, moved=moved, contact=contact,
                                               subscriber=subscriber), ip, port)
