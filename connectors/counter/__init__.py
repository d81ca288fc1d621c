"""Smiley terminals, kiosks and tablets at a counter."""
