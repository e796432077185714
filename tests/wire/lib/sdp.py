"""Session descriptions, written unlike any library would, so that a body that was touched shows."""


def sdp(owner: str, version: int = 1, direction: str = "sendrecv", codecs: str = "9 8 0 101",
        port: int = 40000) -> str:
    return "\r\n".join([
        "v=0", f"o={owner} 2890844526 {version} IN IP4 192.0.2.7", "s=-", "c=IN IP4 192.0.2.7",
        "t=0 0", f"m=audio {port} RTP/AVP {codecs}", "a=rtpmap:101 telephone-event/8000",
        "a=x-untouched:  two  spaces, \"quotes\" and \u00fcml\u00e4uts", f"a={direction}", ""])


OFFER = sdp("caller")
ANSWER = sdp("callee", port=41000, codecs="8 101")
