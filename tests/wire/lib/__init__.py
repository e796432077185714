"""A SIP stack of its own for the wire tests: it shares nothing with the server under test."""
