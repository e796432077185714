"""Notifications about resource lists as a phone reads them (RFC 4662 §5): the multipart by the standard library's
reader of mail, the rlmi by its parser of XML."""
from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from xml.etree import ElementTree

from . import dialog_info, presence
from .message import Message

NS = "{urn:ietf:params:xml:ns:rlmi}"
READERS = {"application/dialog-info+xml": dialog_info.parse, presence.TYPE: presence.parse}


@dataclass
class Resource:
    uri: str
    name: str
    state: str   # of its instance; empty: it has none yet
    reason: str
    document: dialog_info.DialogInfo | presence.Presence | None


@dataclass
class List:
    uri: str
    name: str
    version: int
    full: bool
    resources: dict[str, Resource]   # by URI


def parse(message: Message) -> List:
    """Reads the body of a NOTIFY; AssertionError where it breaks RFC 4662."""
    head = f"Content-Type: {message['Content-Type']}\r\n\r\n".encode()
    whole = message_from_bytes(head + message.body, policy=policy.default)
    assert whole.get_content_type() == "multipart/related", whole.get_content_type()
    assert whole.get_param("type") == "application/rlmi+xml", "type of the multipart"
    parts = {part["Content-ID"]: part for part in whole.iter_parts()}
    root = parts.pop(whole.get_param("start") or next(iter(parts)))   # RFC 2387: else the first
    assert root.get_content_type() == "application/rlmi+xml", root.get_content_type()
    element = ElementTree.fromstring(root.get_payload(decode=True))
    assert element.tag == NS + "list", element.tag
    found = List(uri=element.attrib["uri"], name=element.findtext(NS + "name", ""),
                 version=int(element.attrib["version"]),
                 full=element.attrib["fullState"] in ("true", "1"), resources={})
    for resource in element.iter(NS + "resource"):
        one = _resource(resource, parts)
        assert one.uri not in found.resources, f"{one.uri} is there twice"
        found.resources[one.uri] = one
    assert not parts, f"parts without an instance: {list(parts)}"
    return found


def _resource(element, parts) -> Resource:
    instances = element.findall(NS + "instance")
    assert len(instances) < 2, "an extension has one notifier"
    instance = instances[0].attrib if instances else {}
    document = None
    if "cid" in instance:
        part = parts.pop(f"<{instance['cid']}>")
        assert part.get_content_type() in READERS, part.get_content_type()
        document = READERS[part.get_content_type()](part.get_payload(decode=True))
    return Resource(uri=element.attrib["uri"], name=element.findtext(NS + "name", ""),
                    state=instance.get("state", ""), reason=instance.get("reason", ""),
                    document=document)
