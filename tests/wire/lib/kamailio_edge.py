"""Kamailio before a phone, or several: what they send goes through it, and what they are sent."""
from __future__ import annotations

from pathlib import Path

from .kamailio import BOTH_TRANSPORTS, Kamailio
from .ports import reserve

CONFIG = BOTH_TRANSPORTS + """\
loadmodule "rr.so"
loadmodule "path.so"
loadmodule "xlog.so"
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
    # How what asks within a dialog is refused, one of its phones says by an OPTIONS to this proxy itself.
    if (is_method("OPTIONS") && $hdr(X-Refuse) != $null) {{
        $shv(refusal) = $(hdr(X-Refuse){{s.int}});
        sl_send_reply("200", "OK");
        exit;
    }}
    if (is_method("OPTIONS") && has_totag() && $shv(refusal) > 0) {{
        xlog("L_ALERT", "$shv(refusal) instead of $rU\\n");
        sl_send_reply("$shv(refusal)", "No Way");
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
    """`address` is the outbound proxy of its phones. `changes`: what is done to the requests of the one of `number`, in words
    of the configuration."""

    def __init__(self, folder: Path, number: str, domain: str, office: tuple[str, int], transport: str,
                 changes: str = ";", ip: str = "127.0.0.4"):
        folder.mkdir()
        self.folder = folder
        port = reserve(ip)
        super().__init__(folder, CONFIG.format(host=ip, port=port, number=number, domain=domain, office=office,
                                               transport=transport, changes=changes), ip, port)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def refuses(self, status: int, phone) -> None:
        """From now on, as if it had no way to its phones: `status` for what asks them within a dialog. 0: it has one again."""
        request = phone.request("OPTIONS", f"sip:{self.host}:{self.port}", headers=[("X-Refuse", str(status))])
        phone.sends(request).receives(200)

    def refused(self, status: int, number: str) -> int:
        """How often it has said so instead of the phone of `number`."""
        return (self.folder / "kamailio.log").read_text(errors="replace").count(f"{status} instead of {number}")
