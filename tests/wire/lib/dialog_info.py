"""dialog-info documents as a phone reads them (RFC 4235 §4.1), by the standard library's parser."""
from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

NS = "{urn:ietf:params:xml:ns:dialog-info}"
STATES = ("trying", "proceeding", "early", "confirmed", "terminated")


@dataclass
class Party:
    """`local` or `remote` of a dialog; parts that are not in the document are empty."""
    identity: str = ""
    display: str = ""
    target: str = ""
    target_params: dict[str, str] = field(default_factory=dict)


@dataclass
class DialogElement:
    id: str
    state: str
    event: str
    call_id: str
    local_tag: str
    remote_tag: str
    direction: str
    local: Party
    remote: Party


@dataclass
class DialogInfo:
    version: int
    state: str
    entity: str
    dialogs: list[DialogElement]
    text: str

    @property
    def lamp(self) -> str:
        """What a key shows: idle, or the most urgent state of the dialogs that live."""
        living = [dialog.state for dialog in self.dialogs if dialog.state != "terminated"]
        urgency = ("early", "confirmed", "proceeding", "trying")
        return min(living, key=urgency.index, default="idle")

    @property
    def dialog(self) -> DialogElement:
        assert len(self.dialogs) == 1, f"{len(self.dialogs)} dialogs, one expected, in\n{self.text}"
        return self.dialogs[0]


def parse(body: bytes) -> DialogInfo:
    """Reads one document; AssertionError where it breaks RFC 4235 §4.4 (entity may be missing)."""
    text = body.decode("utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == NS + "dialog-info", f"root element {root.tag}"
    assert root.get("state") in ("full", "partial"), f"state {root.get('state')!r} in\n{text}"
    return DialogInfo(version=int(root.attrib["version"]), state=root.attrib["state"],
                      entity=root.get("entity", ""), text=text,
                      dialogs=[_dialog(element) for element in root.iter(NS + "dialog")])


def _dialog(element) -> DialogElement:
    state = element.find(NS + "state")
    assert state is not None and state.text in STATES, "a dialog without a state of RFC 4235"
    direction = element.get("direction", "")
    assert direction in ("", "initiator", "recipient"), f"direction {direction!r}"
    return DialogElement(id=element.attrib["id"], state=state.text, event=state.get("event", ""),
                         call_id=element.get("call-id", ""), local_tag=element.get("local-tag", ""),
                         remote_tag=element.get("remote-tag", ""), direction=direction,
                         local=_party(element.find(NS + "local")),
                         remote=_party(element.find(NS + "remote")))


def _party(element) -> Party:
    party = Party()
    if element is None:
        return party
    identity, target = element.find(NS + "identity"), element.find(NS + "target")
    if identity is not None:
        party.identity, party.display = identity.text or "", identity.get("display", "")
    if target is not None:
        party.target = target.attrib["uri"]
        party.target_params = {param.attrib["pname"]: param.attrib["pval"]
                               for param in target.iter(NS + "param")}
    return party
