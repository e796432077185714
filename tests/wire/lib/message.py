"""SIP messages as values: parse, write, and cut out of a byte stream (RFC 3261 §7, §18.3)."""
from __future__ import annotations

import re

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact",
           "l": "content-length", "c": "content-type", "e": "content-encoding", "k": "supported",
           "s": "subject", "o": "event", "u": "allow-events", "r": "refer-to", "b": "referred-by",
           "x": "session-expires"}

PHRASES = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
           400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
           480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
           486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
           489: "Bad Event", 491: "Request Pending", 500: "Server Internal Error",
           503: "Service Unavailable", 603: "Decline"}


class Malformed(ValueError):
    """What arrived is not a SIP message."""


def split_list(value: str) -> list[str]:
    """Parts of a comma-separated header, commas inside quotes and angle brackets left alone."""
    parts, depth, quoted, start, i = [], 0, False, 0, 0
    while i < len(value):
        c = value[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c == "<":
            depth += 1
        elif c == ">":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(value[start:i].strip())
            start = i + 1
        i += 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]


class Headers:
    """An ordered list of header fields, names compared without case and in their long form."""

    def __init__(self, fields=()):
        self.fields: list[tuple[str, str]] = list(fields)

    @staticmethod
    def key(name: str) -> str:
        return COMPACT.get(name.lower(), name.lower())

    def get(self, name: str, default: str | None = None) -> str | None:
        """Value of the first field called `name`."""
        return next(iter(self.lines(name)), default)

    def lines(self, name: str) -> list[str]:
        """Value of every field called `name`, one for each line of the message."""
        return [value for key, value in self.fields if self.key(key) == self.key(name)]

    def values(self, name: str) -> list[str]:
        """Every value of `name`, comma-separated lines taken apart."""
        return [value for line in self.lines(name) for value in split_list(line)]

    def add(self, name: str, value: str) -> None:
        self.fields.append((name, value))

    def set(self, name: str, value: str) -> None:
        """Replaces all fields called `name` by one, in the place of the first."""
        for i, (key, _) in enumerate(self.fields):
            if self.key(key) == self.key(name):
                self.fields[i] = (key, value)
                rest = self.fields[i + 1:]
                self.fields[i + 1:] = [f for f in rest if self.key(f[0]) != self.key(name)]
                return
        self.add(name, value)

    def remove(self, name: str) -> None:
        self.fields = [field for field in self.fields if self.key(field[0]) != self.key(name)]


class Message:
    """A request (`method`, `uri`) or a response (`status`, `phrase`)."""

    def __init__(self, *, method="", uri="", status=0, phrase="", headers=(),
                 body: bytes | str = b""):
        self.method, self.uri, self.status, self.phrase = method, uri, status, phrase
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.body = body.encode() if isinstance(body, str) else body

    @property
    def is_request(self) -> bool:
        return bool(self.method)

    @property
    def first_line(self) -> str:
        if self.is_request:
            return f"{self.method} {self.uri} SIP/2.0"
        return f"SIP/2.0 {self.status} {self.phrase or PHRASES.get(self.status, 'Whatever')}"

    def __getitem__(self, name: str) -> str:
        """Value of the first field called `name`; fails when there is none."""
        value = self.headers.get(name)
        if value is None:
            raise AssertionError(f"no {name} in\n{self}")
        return value

    def __contains__(self, name: str) -> bool:
        return self.headers.get(name) is not None

    def get(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name, default)

    @property
    def cseq(self) -> int:
        return int(self["CSeq"].split()[0])

    @property
    def cseq_method(self) -> str:
        return self["CSeq"].split()[1]

    @property
    def branch(self) -> str:
        return params(self.headers.values("Via")[0]).get("branch", "")

    @property
    def from_tag(self) -> str:
        return Address.parse(self["From"]).params.get("tag", "")

    @property
    def to_tag(self) -> str:
        return Address.parse(self["To"]).params.get("tag", "")

    def __bytes__(self) -> bytes:
        """The wire form; Content-Length is always the true one, unless a test has set its own."""
        lines = [self.first_line] + [f"{name}: {value}" for name, value in self.headers.fields]
        if self.headers.get("Content-Length") is None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + self.body

    def __str__(self) -> str:
        return bytes(self).decode("utf-8", "replace")


def parse(datagram: bytes) -> Message:
    """One whole message. Raises Malformed."""
    head, separator, body = datagram.partition(b"\r\n\r\n")
    if not separator:
        raise Malformed("no empty line")
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "surrogateescape")).split("\r\n")
    headers = Headers()
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed(f"header without colon: {line!r}")
        headers.add(name.strip(), value.strip())
    length = headers.get("Content-Length")
    if length is not None:
        if not length.isdigit() or int(length) > len(body):
            raise Malformed(f"Content-Length {length} of {len(body)} bytes")
        body = body[:int(length)]
        headers.remove("Content-Length")
    response = re.fullmatch(r"SIP/2\.0 (\d{3}) ?(.*)", lines[0])
    if response:
        return Message(status=int(response[1]), phrase=response[2], headers=headers, body=body)
    request = re.fullmatch(r"([A-Z]+) (\S+) SIP/2\.0", lines[0])
    if request:
        return Message(method=request[1], uri=request[2], headers=headers, body=body)
    raise Malformed(f"first line {lines[0]!r}")


def take_from_stream(buffer: bytearray) -> Message | None:
    """Cuts the first complete message off `buffer`; None when more bytes are needed."""
    while buffer[:2] == b"\r\n":
        del buffer[:2]
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = re.search(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)", bytes(buffer[:end]))
    if not length:
        raise Malformed("no Content-Length on a stream")
    size = end + 4 + int(length[1])
    if len(buffer) < size:
        return None
    message = parse(bytes(buffer[:size]))
    del buffer[:size]
    return message


def params(value: str) -> dict[str, str]:
    """The `;name=value` parameters behind a header value or URI, names in lower case."""
    found, text = {}, re.sub(r'"(?:\\.|[^"\\])*"', lambda m: m[0].replace(";", "\0"), value)
    for part in text.split(";")[1:]:
        name, _, content = part.partition("=")
        found[name.strip().lower()] = content.strip().strip('"').replace("\0", ";")
    return found


class Uri:
    """A sip URI taken apart; `text` is what was parsed."""

    def __init__(self, text: str):
        self.text = text
        match = re.match(r"(sips?):(?:([^@;?]*)@)?(\[[^\]]*\]|[^:;?]*)(?::(\d+))?", text)
        if not match:
            raise Malformed(f"no sip URI: {text!r}")
        self.scheme, self.user, self.host = match[1], match[2] or "", match[3]
        self.port = int(match[4] or 0)
        self.params = params(text)


class Address:
    """A name-addr with its header parameters: `"Anna" <sip:207@office.test>;tag=x`."""

    def __init__(self, uri: str, display: str = "", parameters: dict[str, str] | None = None):
        self.uri, self.display, self.params = uri, display, parameters or {}

    @classmethod
    def parse(cls, value: str) -> Address:
        match = re.match(r'\s*(?:"((?:\\.|[^"\\])*)"|([^<"]*?))\s*<([^>]*)>(.*)', value, re.S)
        if match:
            quoted, token = match[1], match[2]
            display = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token.strip()
            tail = match[4].strip()  # phones of 2005 forget the first semicolon
            return cls(match[3], display, params(tail if tail[:1] in (";", "") else ";" + tail))
        bare, _, rest = value.strip().partition(";")
        return cls(bare, "", params(";" + rest))

    @property
    def user(self) -> str:
        return Uri(self.uri).user

    def __str__(self) -> str:
        quoted = self.display.replace("\\", "\\\\").replace('"', '\\"')
        display = f'"{quoted}" ' if self.display else ""
        tail = "".join(f";{name}={value}" if value else f";{name}"
                       for name, value in self.params.items())
        return f"{display}<{self.uri}>{tail}"
