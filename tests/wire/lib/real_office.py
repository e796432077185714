"""An office in which programs of others are phones, beside phones of ours."""
from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .case import WireTest
from .ports import reserve
from .real_phones import Baresip, Sipp


class RealPhones(WireTest):
    """`self.folder` is for the files of the programs, and goes with the test."""
    patience = 20
    # SIPp counts whatever begins something as one of its calls, an OPTIONS too.
    options = ["--qualify-interval", "0"]

    def setUp(self):
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="lampline-phones-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def proxies(self, number: str) -> None:
        answer = self.rest.request("PATCH", f"/api/v1/extensions/{number}", {"mode": "proxy"})
        self.assertEqual(200, answer.status, answer.text)

    def baresip(self, number: str, hertz: int, transport: str = "udp", **options) -> Baresip:
        """A phone that is registered, and speaks a tone of `hertz`."""
        phone = Baresip(self.folder / number, number, self.office.secrets[number], self.office.domain,
                        self.server.address[transport], hertz, transport, **options)
        self.addCleanup(phone.close)
        phone.says("200 OK")
        return phone

    def sipp(self, scenario: str, **options) -> Sipp:
        """With the password of `user`, if it is to have one."""
        options = {"port": reserve(), "calls": 1, "transport": "udp",
                   "secret": self.office.secrets.get(options.get("user"), "")} | options
        sipp = Sipp(scenario, self.server.address[options["transport"]], self.folder, **options)
        self.addCleanup(sipp.close)
        return sipp

    def sipp_phone(self, scenario: str, number: str, **options) -> Sipp:
        """One that has registered as a phone of `number`, and listens."""
        port = reserve()
        self.sipp("register", port=port, service=number, user=number).succeeds()
        return self.sipp(scenario, port=port, service=number, **options).listens()
