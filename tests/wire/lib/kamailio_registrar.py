"""Kamailio as a carrier: registrar with digest, and proxy for calls of its one user."""
from __future__ import annotations

from pathlib import Path

from .kamailio import Kamailio
from .ports import reserve

CONFIG = """\
debug=1
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:{ip}:{port}
listen=tcp:{ip}:{port}
alias="carrier.test"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "xlog.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", {min_expires})
modparam("registrar", "max_expires", {max_expires})
modparam("auth", "qop", "auth")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_count", 1)
modparam("auth", "nc_array_size", 102400)
modparam("rr", "enable_full_lr", 1)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("carrier.test", "{password}", "0")) {{
            www_challenge("carrier.test", "1");
            exit;
        }}
        if (save("location")) {{ xlog("L_ALERT", "saved $hdr(Expires)\\n"); }}
        exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{
            if (t_check_trans()) {{ t_relay(); }}
            exit;
        }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (!is_method("INVITE")) {{ sl_send_reply("405", "Not Here"); exit; }}
    if ($rU == "{user}") {{
        record_route();
        if (!lookup("location")) {{ sl_send_reply("480", "Not Registered"); exit; }}
        t_relay();
        exit;
    }}
    if (!pv_proxy_authenticate("carrier.test", "{password}", "0")) {{
        proxy_challenge("carrier.test", "1");
        exit;
    }}
    consume_credentials();
    record_route();
    $du = "sip:{callee_host}:{callee_port}";
    t_relay();
}}
"""


class KamailioRegistrar(Kamailio):
    """Calls of its user go to `callee`, calls to the user where it registered."""

    def __init__(self, folder: Path, callee: tuple[str, int], *, ip: str = "127.0.0.2",
                 user: str = "4310", password: str = "pstn", algorithm: str = "MD5",
                 min_expires: int = 0, max_expires: int = 0):
        self.user, self.password, self.folder = user, password, folder
        port = reserve(ip)
        super().__init__(folder, CONFIG.format(
            ip=ip, port=port, user=user, password=password, algorithm=algorithm,
            min_expires=min_expires, max_expires=max_expires, callee_host=callee[0],
            callee_port=callee[1]), ip, port)

    @property
    def text(self) -> str:
        return (self.folder / "kamailio.log").read_text(errors="replace")
