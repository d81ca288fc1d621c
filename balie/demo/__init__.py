"""The demo: an invented town whose citizens answer on every channel, and what becomes of it."""
