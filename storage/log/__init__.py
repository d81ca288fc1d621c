"""The log: where every answer is first, and durably. `base` says what a log does; `sqlite` and `kafka` do it."""
