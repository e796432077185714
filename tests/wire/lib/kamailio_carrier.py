"""Kamailio as a carrier: a proxy between the office and one subscriber, that says what it is told of diversions."""
from __future__ import annotations

from pathlib import Path

from .kamailio import ALL_BUT_NEW_CALLS, BOTH_TRANSPORTS, Kamailio
from .ports import reserve

CONFIG = BOTH_TRANSPORTS + """\
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "xlog.so"
loadmodule "diversion.so"
loadmodule "uac.so"
modparam("rr", "enable_full_lr", 1)
modparam("uac", "restore_mode", "auto")

request_route {{
    if (!mf_process_maxfwd_header("70")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
""" + ALL_BUT_NEW_CALLS + """\
    t_check_trans();
    xlog("L_ALERT", "INVITE $rU by $proto: Diversion $hdr(Diversion) History-Info $hdr(History-Info) "
         + "from $fu P-Asserted-Identity $hdr(P-Asserted-Identity) Privacy $hdr(Privacy)\\n");
    record_route();
    if ($si == "{subscriber[0]}") {{
        {changes}
        $du = "sip:{office[0]}:{office[1]};transport={transport}";
    }} else if ($rU == "{refused}") {{
        t_newtran();
        t_reply("{refusal}", "Not By Us");
        exit;
    }} else if ($rU == "{back[0]}") {{
        $rU = "{back[1]}";
        $du = "sip:{office[0]}:{office[1]};transport={transport}";
    }} else {{
        $du = "sip:{subscriber[0]}:{subscriber[1]}";
    }}
    t_relay();
}}
"""


class KamailioCarrier(Kamailio):
    """Calls of the office to `refused` get `refusal`, those to `back[0]` come back as calls to `back[1]`, all others go to
    `subscriber`, a UDP address. What the subscriber calls goes to `office`, and was sent on by `diverted_by` before,
    because that is busy; empty: by nobody. `changes`: what is done to its INVITE besides, in words of the configuration."""

    def __init__(self, folder: Path, subscriber: tuple[str, int], office: tuple[str, int], transport: str, *,
                 refused: str = "", refusal: int = 404, back: tuple[str, str] = ("", ""), diverted_by: str = "",
                 changes: str = "", ip: str = "127.0.0.2"):
        self.folder = folder
        port = reserve(ip)
        if diverted_by:
            changes += f'add_diversion("user-busy", "{diverted_by}");'
        super().__init__(folder, CONFIG.format(
            host=ip, port=port, subscriber=subscriber, office=office, transport=transport,
            refused=refused or "nobody", refusal=refusal, back=(back[0] or "nobody", back[1] or "nobody"), changes=changes), ip, port)

    @property
    def text(self) -> str:
        """Of each INVITE what it asked for, who had sent it on, and by whom it is."""
        return (self.folder / "kamailio.log").read_text(errors="replace")
