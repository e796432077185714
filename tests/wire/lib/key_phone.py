"""key_phone.c: a phone on libre that tells its keys by the key press event package. Built by the first test that wants it."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .prompt import Prompt

SOURCE = Path(__file__).parent.parent / "key_phone.c"


def can_be_built() -> bool:
    """There are a compiler and libre."""
    return bool(shutil.which("cc") and shutil.which("pkg-config")) and \
        subprocess.run(["pkg-config", "--exists", "libre"], check=False).returncode == 0


def build(folder: Path) -> Path:
    program = folder / "key_phone"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libre"], capture_output=True, text=True,
                           check=True).stdout.split()
    # libre's headers want to be told what the compiler has.
    done = subprocess.run(["cc", "-std=gnu11", "-DHAVE_STDBOOL_H", "-DHAVE_INET6", "-O1", "-Wall", "-Wextra", "-Werror", str(SOURCE),
                           *flags, "-o", str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


class KeyPhone(Prompt):
    """Calls, and tells its keys to who watches them."""

    def __init__(self, folder: Path, number: str, secret: str, domain: str, server: tuple[str, int], transport: str):
        super().__init__(f"key phone {number}", [str(build(folder)), number, secret, domain,
                                                 f"sip:{server[0]}:{server[1]};transport={transport}"], folder)
        self.says("ready")

    def dials(self, number: str) -> None:
        self.types(f"call {number}")

    def presses(self, keys: str) -> None:
        """One after the other, each with a NOTIFY; all must be watched."""
        for key in keys:
            self.types(f"press {key}")
            self.says("NOTIFY 200")

    def holds(self, key: str) -> None:
        self.types(f"hold {key}")
        self.says("NOTIFY 200")

    def hangs_up(self) -> None:
        self.types("hang up")
        self.says("hung up")
