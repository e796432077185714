"""Offices where 202 sends calls on by the codes that it dials."""
from __future__ import annotations

from .case import eventually
from .linphone import Linphone
from .second_phones import SecondPhones


class LinphoneForwards(SecondPhones):
    """202 is a linphone over UDP, 203 a baresip over TCP."""

    def owner(self):
        return self.linphone("202", False)

    def target(self):
        return self.baresip("203")

    def leaves(self, owner):
        owner.types("unregister")

    def setUp(self):
        super().setUp()
        self.caller = self.baresip("201")
        self.bob = self.owner()
        self.codes = {row["feature"]: row["code"]
                      for row in self.rest.items("/api/v1/feature-codes")}

    def forwarding(self):
        return self.rest.get("/api/v1/extensions/202/forwarding")

    def is_dialled_as(self, feature, code):
        self.rest.put(f"/api/v1/feature-codes/{feature}", {"code": code})
        self.codes[feature] = code

    def dials(self, feature, *arguments, **becomes):
        self.bob.dials("*".join((self.codes[feature], *arguments)))
        eventually(lambda: becomes.items() <= self.forwarding().items(), f"{becomes} is set")
        self.are_in_calls()
        if isinstance(self.bob, Linphone):  # until then it calls nobody else
            self.bob.says("Call . with .* (error|ended)")


class BaresipForwards:
    """Goes before one that has a linphone: 202 is a baresip over TCP, 203 a linphone over UDP."""

    def owner(self):
        return self.baresip("202", False)

    def target(self):
        return self.linphone("203")

    def leaves(self, owner):
        owner.types("/quit")
