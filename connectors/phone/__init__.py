"""Telephone: keys that were pressed and words that were spoken at the end of a call."""
