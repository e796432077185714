"""An independent SIP stack for the wire tests: nothing in it is shared with the server under test."""
