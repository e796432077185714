"""Kamailio as a program that places calls: a REFER outside a dialog, and the NOTIFYs that follow."""
from __future__ import annotations

from pathlib import Path

from .kamailio import BOTH_TRANSPORTS, Kamailio
from .ports import reserve

CONFIG = BOTH_TRANSPORTS + """\
loadmodule "xlog.so"
loadmodule "uac.so"
modparam("uac", "restore_mode", "none")

event_route[core:worker-one-init] {{
    $uac_req(method) = "REFER";
    $uac_req(ruri) = "sip:{number}@{domain}";
    $uac_req(turi) = "sip:{number}@{domain}";
    $uac_req(furi) = "sip:{number}@{domain}";
    $uac_req(ouri) = "sip:{server[0]}:{server[1]};transport={transport}";
    $uac_req(hdrs) = "Contact: <sip:dialer@{host}:{port};transport={transport}>\\r\\n"
                     + "Refer-To: <sip:{target}@{domain}>\\r\\n{silently}";
    $uac_req(auser) = "{number}";
    $uac_req(apasswd) = "{secret}";
    $uac_req(evroute) = 1;
    uac_req_send();
}}

event_route[uac:reply] {{
    xlog("L_ALERT", "REFER was answered $uac_req(evcode)\\n");
}}

request_route {{
    if (is_method("NOTIFY")) {{
        xlog("L_ALERT", "NOTIFY, $proto, $hdr(Subscription-State): $rb\\n");
        sl_send_reply("200", "OK");
    }}
}}
"""


class KamailioDialer(Kamailio):
    """Has the phones of `number` call `target`, with their user's credentials, as soon as it runs. `reports`: it wants to hear
    how that goes (RFC 4488)."""

    def __init__(self, folder: Path, number: str, secret: str, domain: str,
                 server: tuple[str, int], target: str, transport: str, ip: str = "127.0.0.2", reports: bool = True):
        self.folder = folder
        port = reserve(ip)
        super().__init__(folder, CONFIG.format(
            host=ip, port=port, number=number, secret=secret, domain=domain, server=server,
            target=target, transport=transport, silently="" if reports else "Refer-Sub: false\\r\\n"), ip, port)

    @property
    def text(self) -> str:
        """What it was answered, and each NOTIFY with its transport, state and body."""
        return (self.folder / "kamailio.log").read_text(errors="replace")
