"""Kamailio as a carrier that rings phones of its own, and tells by 199 that one of them rings no more (RFC 6228 §6)."""
from __future__ import annotations

import re
from pathlib import Path

from .kamailio import ALL_BUT_NEW_CALLS, BOTH_TRANSPORTS, Kamailio
from .ports import reserve

# `t_reply` has a tag of its own, and `change_reply_status` makes no final response provisional: a 199 with the tag of who rings
# no more is written here, and goes by the connection of the INVITE.
CONFIG = BOTH_TRANSPORTS + """\
alias="{domain}"
loadmodule "rr.so"
loadmodule "corex.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("rr", "enable_full_lr", 1)
modparam("usrloc", "db_mode", 0)
modparam("registrar", "default_q", 800)
modparam("registrar", "gruu_enabled", 0)
modparam("tm", "contacts_avp", "tm_contacts")
modparam("tm", "contact_flows_avp", "tm_contact_flows")

request_route {{
    if (is_method("REGISTER")) {{
        if (save("location")) xlog("L_ALERT", "$ct has registered\\n");
        exit;
    }}
""" + ALL_BUT_NEW_CALLS + """\
    t_check_trans();
    record_route();
    if ($proto == "tcp") force_tcp_alias({office[1]});
    $avp(understands) = 0;
    if ($hdr(Supported) =~ "199" && !($hdr(Require) =~ "100rel")) $avp(understands) = 1;
    $ru = "sip:{number}@{domain}";
    if (!lookup("location") || !t_load_contacts()) {{
        sl_send_reply("404", "Not Found");
        exit;
    }}
    route(NEXT);
}}

route[NEXT] {{
    if (!t_next_contacts()) exit;
    t_on_reply("heard");
    t_on_failure("next");
    t_relay();
}}

failure_route[next] {{
    if (!t_is_canceled()) route(NEXT);
}}

onreply_route[heard] {{
    $var(tag) = ";" + $tt + ";";
    if (status =~ "18.") {{
        $avp(early) = $avp(early) + $var(tag);
        xlog("L_ALERT", "$tt rings\\n");
    }}
    if (status =~ "[3-6].." && $avp(understands) == 1 && $avp(early) =~ $var(tag)) {{
        send_data("sip:{office[0]}:{office[1]};transport={transport}",
            "SIP/2.0 199 Early Dialog Terminated\\r\\nVia: $(hdr(Via)[1])\\r\\nFrom: $hdr(From)\\r\\nTo: $hdr(To)\\r\\n"
            + "Call-ID: $ci\\r\\nCSeq: $hdr(CSeq)\\r\\nReason: SIP ;cause=$rs\\r\\nContent-Length: 0\\r\\n\\r\\n");
        xlog("L_ALERT", "199 is told of $hdr(To)\\n");
    }}
}}
"""


class KamailioForker(Kamailio):
    """The phones that register here as `number` of `domain` are called together, or where they have another `q` one after
    the other: those that tell none before those with 0.5."""

    def __init__(self, folder: Path, number: str, domain: str, office: tuple[str, int], transport: str,
                 ip: str = "127.0.0.2"):
        self.folder = folder
        port = reserve(ip)
        super().__init__(folder, CONFIG.format(host=ip, port=port, number=number, domain=domain, office=office,
                                               transport=transport), ip, port)

    @property
    def text(self) -> str:
        """Who has registered, who rings, and each 199 that it has sent."""
        return (self.folder / "kamailio.log").read_text(errors="replace")

    def ringing(self) -> int:
        """How many early dialogs it has told of."""
        return len(set(re.findall(r"(\S+) rings$", self.text, re.M)))
