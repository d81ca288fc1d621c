"""What can go wrong where things are kept, by what the caller can do about it.

    StorageError
    ├── Retriable   the store is down, full or refuses for now: try the same thing again, for as long as it takes
    ├── Fatal       it will fail the same way every time: the message says what to mend, in settings or on disk
    └── TooLarge    this one record is over the store's limit: nothing of it was kept, others are not affected

Messages name the mend. They never quote data, keys, passwords or anything else that was put in.
"""


class StorageError(Exception):
    """Any of the below."""


class Retriable(StorageError):
    """The store is not to be had now. Repeat the same call; if that lasts, the message says where to look."""


class Fatal(StorageError):
    """Repeating will not help. The message says what to mend."""


class TooLarge(StorageError):
    """One record is larger than its topic takes. Cut or refuse it; repeating will not help."""
