"""Presence as a phone reads it (RFC 3863, RFC 4480), by the standard library's parser of XML."""
from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

TYPE = "application/pidf+xml"
NS = "{urn:ietf:params:xml:ns:pidf}"
RPID = "{urn:ietf:params:xml:ns:pidf:rpid}"


@dataclass
class Presence:
    entity: str
    basic: str
    note: str
    activities: list[str]

    @property
    def lamp(self) -> str:
        """What the contact shows."""
        return self.note


def parse(body: bytes) -> Presence:
    element = ElementTree.fromstring(body)
    assert element.tag == NS + "presence", element.tag
    tuples = element.findall(NS + "tuple")
    assert len(tuples) == 1, "an extension is one tuple"
    return Presence(entity=element.attrib["entity"],
                    basic=tuples[0].findtext(f"{NS}status/{NS}basic", ""),
                    note=tuples[0].findtext(NS + "note", ""),
                    activities=[activity.tag.removeprefix(RPID)
                                for activities in element.iter(RPID + "activities")
                                for activity in activities])
