"""Calls that are taken by phones of others which dial the target that a lamp shows."""
import unittest

from lib.pickup_office import PickupOffice


class Pickup(PickupOffice):
    def target_of_bob(self, caller, bob, side):
        """What a phone is to dial that takes for a pickup target what its lamp of 202 shows."""
        self.rest.put("/api/v1/body-profiles/targets", {"pickup_target": side})
        self.rest.put_group(
            "all", members=["201", "202", "203", "205"],
            watchers=[{"number": "204", "unsolicited": False, "profile": "targets"}, "203"])
        self.rings_at_bob(caller, bob)
        shown = self.lamps["202"].history[-1].document.dialog
        self.assertEqual(f"sip:201@{self.office.domain}", shown.remote.identity)
        target = getattr(shown, side).target
        self.assertEqual(f"sip:**202@{self.office.domain}", target)
        return target

    def test_linphone_dials_the_remote_target(self):
        caller, bob, picker = self.baresip("201"), self.baresip("202", False), self.linphone("203")
        picker.types(f"call {self.target_of_bob(caller, bob, 'remote')}")
        self.is_taken(caller, picker)

    def test_baresip_dials_the_local_target(self):
        caller, bob, picker = self.linphone("201"), self.linphone("202", False), self.baresip("203")
        picker.types(f"/dial {self.target_of_bob(caller, bob, 'local')}")
        self.is_taken(caller, picker)

    def test_baresip_dials_the_remote_target(self):
        caller, bob, picker = self.linphone("201"), self.linphone("202", False), self.baresip("203")
        picker.types(f"/dial {self.target_of_bob(caller, bob, 'remote')}")
        self.is_taken(caller, picker)

    def test_linphone_dials_the_local_target(self):
        caller, bob, picker = self.baresip("201"), self.baresip("202", False), self.linphone("203")
        picker.types(f"call {self.target_of_bob(caller, bob, 'local')}")
        self.is_taken(caller, picker)


class PickupOverTcp(Pickup):
    transports = ("tcp", "udp")


if __name__ == "__main__":
    unittest.main()
