"""Feedback that comes by e-mail: mailboxes, mail files, and providers that post what they received."""
