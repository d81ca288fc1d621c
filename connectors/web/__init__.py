"""Answers on the web: forms, kiosks, landing links."""
