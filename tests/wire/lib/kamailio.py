"""Kamailio as the other proxy, on free ports of 127.0.0.1."""
from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from .event_loop import loop

CONFIGURATION = Path(__file__).parent.parent / "kamailio" / "proxy.cfg"
DOMAIN = "biloxi.test"


def free_port() -> int:
    """A port that nobody has at this moment, neither UDP nor TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(("127.0.0.1", 0))
            port = datagrams.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port)):
                    return port
            except OSError:
                continue


class Kamailio:
    """Serves biloxi.test; calls to other domains go to `office`."""

    def __init__(self, office: tuple[str, int], transport: str):
        self.folder = tempfile.mkdtemp(prefix="lampline-kamailio-")
        port = free_port()
        self.address = {"udp": ("127.0.0.1", port), "tcp": ("127.0.0.1", port)}
        self.output: list[str] = []
        host, office_port = office
        self.process = subprocess.Popen(
            ["kamailio", "-f", str(CONFIGURATION), "-DD", "-E", "-m", "64", "-M", "8",
             "-Y", self.folder, "-w", self.folder, "-P", f"{self.folder}/pid",
             "-l", f"udp:127.0.0.1:{port}", "-l", f"tcp:127.0.0.1:{port}",
             "-A", f'OFFICE="sip:{host}:{office_port};transport={transport}"'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            with loop.changed:
                self.output.append(line)
                loop.changed.notify_all()
        self.process.stdout.close()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
