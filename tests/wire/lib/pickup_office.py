"""An office where 203 takes what rings at 202."""
from __future__ import annotations

from .second_phones import SecondPhones


class PickupOffice(SecondPhones):
    def setUp(self):
        super().setUp()
        self.rest.put_group("all", members=["201", "202", "203", "205"], watchers=["204", "203"])

    def rings_at_bob(self, caller, bob):
        caller.dials("202")
        bob.rings()
        self.rings(["201", "202"])

    def is_taken(self, caller, picker):
        self.are_in_calls(["201", "203"])
        if picker:
            self.hear_each_other(caller, picker)
        caller.hangs_up()
        self.are_in_calls()
        record, = self.recorded(("answered", ("201", "answered"), ("202", "answered_elsewhere"),
                                 ("203", "answered")))
        self.assertEqual("203", record["answered_by"])

    def is_over_for(self, picker):
        """Until then linphone calls nobody else."""
        return lambda: picker.says("Call . with .* ended")
