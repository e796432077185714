"""An office whose phones are programs of others, and so are the carriers that its trunks lead to."""
from __future__ import annotations

from .carrier import plan
from .kamailio_carrier import KamailioCarrier
from .ports import reserve
from .real_phones import Sipp
from .second_phones import SecondPhones

DIALLED, CALLED = "0664999", "+43664999"


class SecondCarriers(SecondPhones):
    """What a carrier is told, and tells, goes over the transport of the baresips."""

    def setUp(self):
        super().setUp()
        self.trunks = []

    def trunk(self, name, address, plan_has=None, **members):
        """The plan has it behind those that there are, and what `plan_has` beside its rules."""
        self.rest.put(f"/api/v1/trunks/{name}", {
            "kind": "peer", "domain": f"{name}.test", "qualify": 0,
            "servers": [{"host": address[0], "port": address[1], "transport": self.transports[1]}],
            "caller_id": {"main_number": "+4310",
                          "numbers": [{"pattern": r"(20\d)", "number": r"+431\1"}]},
            "inbound": [{"pattern": r"\+431(20\d)", "destination": r"\1"}], **members})
        self.trunks.append(name)
        whole = plan(*self.trunks, **(plan_has or {}))
        whole["rules"].append({"name": "global", "pattern": r"\+43.*", "call_class": "national",
                               "trunks": self.trunks})
        self.rest.put("/api/v1/digit-plan", whole)

    def gateway(self, scenario, ip, transport, calls, **keys):
        return self.sipp(scenario, ip=ip, port=reserve(ip), transport=transport, calls=calls,
                         service="gateway", keys=keys).listens()

    def kamailio(self, subscriber, plan_has=None, *, members=None, **options):
        """The trunk `one`, with a Kamailio for its carrier."""
        transport = self.transports[1]
        carrier = KamailioCarrier(self.folder, subscriber, self.server.address[transport], transport, **options)
        self.addCleanup(carrier.close)
        self.trunk("one", (carrier.host, carrier.port), plan_has, **(members or {}))
        return carrier

    def from_outside(self, server, address, transport, scenario="inbound", number="+431202", **keys):
        """A SIPp at `address` that calls `number` by `server`: as `inbound` after `first` and then `second` have sent the call
        on, as `outside` for `shown`, of whom it says `identity`."""
        sipp = Sipp(scenario, server, self.folder, ip=address[0], port=address[1], transport=transport, calls=1,
                    service=number, keys=keys, traced=True)
        self.addCleanup(sipp.close)
        return sipp

    def outside(self, server, address, transport):
        """How a SIPp at `address` calls."""
        def calls(number="+431202", shown='"Zenobia" <sip:+43664111@one.test>', identity="Privacy: none", scenario="outside",
                  **keys):
            return self.from_outside(server, address, transport, scenario, number, shown=shown, identity=identity, **keys)
        return calls

    def sipp_outside(self, plan_has=None, **members):
        """The trunk `one`, by which a SIPp calls: what is returned."""
        address, transport = ("127.0.0.2", reserve("127.0.0.2")), self.transports[1]
        self.trunk("one", address, plan_has, **members)
        return self.outside(self.server.address[transport], address, transport)

    def kamailio_outside(self, plan_has=None, changes="", **members):
        """The same, where a Kamailio makes `changes` to what the SIPp says."""
        address = "127.0.0.4", reserve("127.0.0.4")
        carrier = self.kamailio(address, plan_has, members=members, changes=changes)
        return self.outside((carrier.host, carrier.port), address, "udp")

    def ways(self, dialled=DIALLED):
        """Of the last call: whose parts it has, by which trunk, and what became of them."""
        entry = self.rest.items("/api/v1/call-log")[0]
        whole = self.rest.get(f"/api/v1/call-log/{entry['id']}")
        self.assertEqual(dialled, whole["dialled"])
        return whole, [(part["extension"], part["trunk"], part["result"])
                       for part in whole["parts"]]

    def talks_outside(self, caller, trunk, *parts, dialled=DIALLED):
        self.are_in_calls([caller.number, ""])
        outside, = (leg for leg in self.rest.items("/api/v1/calls")[0]["legs"]
                    if leg["state"] == "confirmed" and not leg["extension"])
        self.assertEqual(parts[-1][:2], (outside["number"], outside["trunk"]))
        caller.hangs_up()
        self.are_in_calls()
        self.recorded_last("answered", *((number, result) for number, _, result in parts))
        whole, found = self.ways(dialled)
        self.assertEqual(list(parts), found)
        self.assertEqual(trunk, whole["answered_trunk"])
