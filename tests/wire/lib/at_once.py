"""Phones that act while the exchange stands still and can tell neither of the other."""
from __future__ import annotations

import re

from .case import eventually
from .program import standing_still
from .second_phones import SecondPhones


class AtOnce(SecondPhones):
    def at_once(self, *acts):
        """Each act is something that a phone is told, and how it says that its message has left."""
        with standing_still(self.server.process):
            for act, sent in acts:
                act()
                sent()

    def is_acknowledged(self, linphone):
        """Its answer. It says that it talks before that, and what it sends by then is told 491."""
        eventually(lambda: re.search("^ACK ", linphone.log(), re.M), f"{linphone.number} is acknowledged")

    def linphone_has_sent(self, phone, start, count=1):
        return lambda: eventually(lambda: len(re.findall(rf"^{start}", phone.log(), re.M)) >= count,
                                  f"{phone.number} has sent {start}")

    def baresip_has_sent(self, phone, start):
        """It is `traced`."""
        return lambda: phone.says(rf"(?m)^{start}")
