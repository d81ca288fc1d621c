"""Takes files where they lie: each once, by its content, whatever it is called by then."""

from __future__ import annotations

import logging
from hashlib import sha256
from threading import Event

from connectors.base import File, Source
from connectors.errors import Rejected
from connectors.intake import told
from connectors.poller.http import Away
from connectors.poller.places import MOST_BYTES, Place, PlacedFile
from connectors.rows import Keeper, Kept
from storage.state.taken_files import TakenFiles

logger = logging.getLogger(__name__)
_SETTLED = 1.0  # seconds


class Watched:
    """One source whose files are looked for at a place. One thread at a time.

    A file is taken when it looks the same a moment later: one that is still being written does not. `remove` takes it
    away once its answers are durable.
    """

    def __init__(
        self, source: Source, connector: File, place: Place, taken: TakenFiles, keeper: Keeper, *, remove: bool = False
    ) -> None:
        self._source = source
        self._connector = connector
        self._place = place
        self._taken = taken
        self._keeper = keeper
        self._remove = remove
        self._done: dict[str, tuple[object, ...]] = {}  # by name, its stamp when it was taken

    def round(self, stop: Event) -> Kept:
        """Takes what is new.

        Raises:
            Away: the place cannot be looked into.
            storage.errors.StorageError: a file was not kept as a whole; it is taken again, which adds nothing twice.
        """
        kept = Kept()
        seen = {file.name: file.stamp for file in self._place.files()}
        self._done = {name: stamp for name, stamp in self._done.items() if seen.get(name) == stamp}
        if seen.keys() == self._done.keys() or stop.wait(_SETTLED):
            return kept
        for file in self._place.files():
            if file.name not in self._done and seen.get(file.name) == file.stamp and not stop.is_set():
                self._take(file, kept)
        return kept

    def _take(self, file: PlacedFile, kept: Kept) -> None:
        source = self._source
        if file.size > MOST_BYTES:
            logger.error("a file of %s/%s is larger than %d bytes: split it", source.tenant, source.name, MOST_BYTES)
            self._done[file.name] = file.stamp
            return
        try:
            content = file.read()
        except OSError as error:
            raise Away(f"a file cannot be read ({error.strerror}): mend its rights") from None
        digest = sha256(content).hexdigest()
        if not self._taken.is_taken(source.tenant, source.name, digest):
            kept.add(self._kept(content))
            self._taken.take(source.tenant, source.name, digest, self._keeper.clock())
        if self._remove:
            file.remove()
        else:
            self._done[file.name] = file.stamp

    def _kept(self, content: bytes) -> Kept:
        source, now = self._source, self._keeper.clock()
        try:
            rows = told(lambda: self._connector.parse_rows(content, source, now), source)
            return self._keeper.keep(rows, source, "file")
        except Rejected as rejected:
            return self._keeper.fail(content, source, rejected.reason, "file")
