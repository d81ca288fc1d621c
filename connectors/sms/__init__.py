"""Answers by text message."""
