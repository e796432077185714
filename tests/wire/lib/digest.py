"""Digest access authentication, the phone's side (RFC 3261 §22, RFC 8760)."""
from __future__ import annotations

import hashlib
import re
import secrets

HASHES = {"md5": hashlib.md5, "sha-256": hashlib.sha256}


def parse_challenge(value: str) -> dict[str, str]:
    """Parameters of a WWW-Authenticate or Proxy-Authenticate value, names in lower case."""
    scheme, _, rest = value.partition(" ")
    assert scheme.lower() == "digest", value
    found = re.findall(r'([\w-]+)\s*=\s*("(?:\\.|[^"\\])*"|[^\s,]+)', rest)
    return {name.lower(): text.strip('"') for name, text in found}


def choose(challenges: list[str], algorithm: str | None) -> dict[str, str] | None:
    """The challenge to answer: the first in `algorithm`, or the first known one when it is None."""
    for challenge in map(parse_challenge, challenges):
        offered = challenge.get("algorithm", "MD5").lower()
        if offered in HASHES and (algorithm is None or offered == algorithm.lower()):
            return challenge
    return None


class Credentials:
    """A user's secret, and the nonces it has been used with."""

    def __init__(self, user: str, secret: str, algorithm: str | None = None):
        self.user, self.secret, self.algorithm = user, secret, algorithm
        self.counts: dict[str, int] = {}

    def answer(self, challenge: dict[str, str], method: str, uri: str, *,
               count: int | None = None) -> str:
        """Value of the Authorization header for `challenge`. `count` overrides the nonce count."""
        algorithm = challenge.get("algorithm", "MD5")
        realm, nonce = challenge["realm"], challenge["nonce"]
        if count is None:
            count = self.counts[nonce] = self.counts.get(nonce, 0) + 1

        def digest(*parts: str) -> str:
            return HASHES[algorithm.lower()](":".join(parts).encode()).hexdigest()

        ha1, ha2 = digest(self.user, realm, self.secret), digest(method, uri)
        fields = [f'username="{self.user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
        if "auth" in [quality.strip() for quality in challenge.get("qop", "").split(",")]:
            cnonce = secrets.token_hex(8)
            response = digest(ha1, nonce, f"{count:08x}", cnonce, "auth", ha2)
            fields += ["qop=auth", f"nc={count:08x}", f'cnonce="{cnonce}"']
        else:
            response = digest(ha1, nonce, ha2)
        fields += [f'response="{response}"', f"algorithm={algorithm}"]
        if "opaque" in challenge:
            fields.append(f'opaque="{challenge["opaque"]}"')
        return "Digest " + ", ".join(fields)
