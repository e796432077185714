"""Kamailio before a phone: what that sends goes through it, and what it is sent."""
from __future__ import annotations

from pathlib import Path

from .kamailio import BOTH_TRANSPORTS, Kamailio
from .ports import reserve

CONFIG = BOTH_TRANSPORTS + """\
loadmodule "rr.so"
loadmodule "path.so"
modparam("rr", "enable_full_lr", 1)

request_route {{
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    loose_route();  # also by what a phone was told to preload
    if (is_method("ACK")) {{
        if (has_totag()) t_relay();
        exit;
    }}
    t_check_trans();
    if (is_method("REGISTER")) add_path();
    if (is_method("INVITE") && !has_totag()) record_route();
    if ($fU == "{number}") {{
        {changes}
    }}
    if ($rd == "{domain}") $du = "sip:{office[0]}:{office[1]};transport={transport}";
    t_relay();
}}
"""


class KamailioEdge(Kamailio):
    """`address` is the outbound proxy of a phone of `number`. `changes`: what is done to its requests, in words of the
    configuration."""

    def __init__(self, folder: Path, number: str, domain: str, office: tuple[str, int], transport: str, changes: str,
                 ip: str = "127.0.0.4"):
        folder.mkdir()
        port = reserve(ip)
        super().__init__(folder, CONFIG.format(host=ip, port=port, number=number, domain=domain, office=office,
                                               transport=transport, changes=changes), ip, port)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port
