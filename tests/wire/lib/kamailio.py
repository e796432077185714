"""Kamailio with a configuration of a test."""
from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from lib.case import eventually
from lib.program import dies_with_us

CARRIER = """\
#!KAMAILIO
debug=0
log_stderror=yes
children=1
auto_aliases=no
disable_tcp=yes
dns=no
rev_dns=no
listen=udp:{host}:{port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"

# One subscriber and one office; whatever comes from one goes to the other, and the dialog stays with us.
request_route {{
    if (!mf_process_maxfwd_header("10")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
    if (has_totag()) {{
        if (loose_route() || is_method("ACK")) {{
            t_relay();
            exit;
        }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    if (is_method("OPTIONS")) {{
        sl_send_reply("200", "OK");
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    record_route();
    if ($si == "{subscriber[0]}") $du = "sip:{office[0]}:{office[1]}";
    else $du = "sip:{subscriber[0]}:{subscriber[1]}";
    t_relay();
}}
"""

# What all of ours have that listen over UDP and TCP, and send from where they listen.
BOTH_TRANSPORTS = """\
#!KAMAILIO
debug=0
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{host}:{port}
listen=tcp:{host}:{port}
tcp_source_ipv4={host}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
"""

# At the beginning of a request_route of who relays calls: what follows is only for an INVITE that begins one.
ALL_BUT_NEW_CALLS = """\
    if (has_totag()) {{
        if (loose_route() || t_check_trans()) t_relay();
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    if (is_method("ACK")) exit;
    if (!is_method("INVITE")) {{
        sl_send_reply("200", "OK");
        exit;
    }}
"""

# A proxy that serves biloxi.test, and asks its own users for credentials; what is for others goes to the office.
PROXY = BOTH_TRANSPORTS + """\
alias="biloxi.test"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"

modparam("rr", "enable_full_lr", 1)
modparam("rr", "enable_double_rr", 1)
modparam("usrloc", "db_mode", 0)

request_route {{
    if (!mf_process_maxfwd_header("70")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{
            t_relay();
            exit;
        }}
        if (is_method("ACK")) {{
            if (t_check_trans()) t_relay();
            exit;
        }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    t_check_trans();
    if (is_method("REGISTER")) {{
        save("location");
        exit;
    }}
    if (!is_method("INVITE")) {{
        sl_send_reply("200", "OK");
        exit;
    }}
    if ($fd == "biloxi.test") {{
        if (!pv_proxy_authenticate("biloxi.test", "secret-of-$fU", "0")) {{
            proxy_challenge("biloxi.test", "1");
            exit;
        }}
        consume_credentials();
    }}
    loose_route();
    record_route();
    if ($rd == "biloxi.test") {{
        if (!lookup("location")) {{
            sl_send_reply("404", "Not Found");
            exit;
        }}
    }} else {{
        $du = "sip:{office[0]}:{office[1]};transport={transport}";
    }}
    t_relay();
}}
"""


class Kamailio:
    """Runs in the foreground with files of its own; `host` and `port` are where it listens."""

    def __init__(self, folder: Path, text: str, host: str, port: int):
        self.host, self.port = host, port
        (folder / "kamailio.cfg").write_text(text)
        self.log = (folder / "kamailio.log").open("wb")
        self.process = subprocess.Popen(
            dies_with_us(["kamailio", "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "8",
                          "-Y", str(folder), "-P", str(folder / "kamailio.pid")],
                         by=signal.SIGTERM),  # so it ends its own processes
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, cwd=folder,
            start_new_session=True)
        # Over UDP a request is repeated until somebody is there; a connection is refused, and that is that.
        if "listen=tcp:" in text:
            try:
                eventually(self.takes_connections, "kamailio takes connections")
            except AssertionError as failed:
                self.close()
                raise AssertionError(f"{failed}\n{(folder / 'kamailio.log').read_text(errors='replace')}") from None

    def takes_connections(self) -> bool:
        assert self.process.poll() is None, "kamailio has ended at start"
        try:
            socket.create_connection((self.host, self.port), 1).close()
        except ConnectionRefusedError:
            return False
        return True

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # its children hold the port
            self.process.wait()
        self.log.close()
