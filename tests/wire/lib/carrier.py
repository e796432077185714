"""The far side of a trunk: a peer that is known by its address, and calls as any number."""
from __future__ import annotations

from .phone import Phone

RULES = [{"name": "national", "pattern": "0([1-9].*)", "replacement": r"+43\1", "call_class": "national"},
         {"name": "international", "pattern": "00([1-9].*)", "replacement": r"+\1",
          "call_class": "international"},
         {"name": "help", "pattern": "112", "call_class": "premium", "emergency": True}]


class Carrier(Phone):
    """Has no credentials and is asked for none. Its sockets are on an address of its own, so that no
    phone of the office shares it."""

    def __init__(self, office, number: str = "+43664999", *, transport: str = "udp",
                 ip: str = "127.0.0.2", **options):
        super().__init__(number, "none", "carrier.test", office.server.address, transport=transport,
                         listens=transport == "tcp", ip=ip, **options)
        self.office = office
        office.phones.append(self)

    @property
    def server(self) -> dict:
        """As REST wants it."""
        host, port = self.listening or self.sockets.udp_address
        return {"host": host, "port": port, "transport": self.transport}

    def becomes(self, trunk: str, **members) -> None:
        """The trunk of this name leads here."""
        self.office.rest.put(f"/api/v1/trunks/{trunk}", {
            "kind": "peer", "servers": [self.server], "domain": "carrier.test",
            "caller_id": {"main_number": "+4310",
                          "numbers": [{"pattern": r"(20\d)", "number": r"+431\1"}]},
            "inbound": [{"pattern": r"\+431(20\d)", "destination": r"\1"}], **members})

    def calls_in(self, number: str, *arguments, **options):
        """INVITE to a number of the office."""
        return self.calls(f"sip:{number}@{self.office.domain}", *arguments, **options)


def plan(*trunks: str, **members) -> dict:
    """A digit plan that leads outside by `trunks`."""
    return {"rules": [rule | {"trunks": list(trunks)} for rule in RULES],
            "default_right": "national", **members}
