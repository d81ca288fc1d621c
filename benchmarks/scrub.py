"""What it costs to take personal data out of a comment, on one core, in the pipeline's batches.

    python benchmarks/scrub.py [LABELLED.jsonl …]

The realistic mix is comments of some 120 characters of which a tenth hold personal data, made from the labelled set;
the sets themselves come after, repeated to fill a batch. A batch is what the pipeline has: of its 10,000 events four in
ten bear a comment; the mix in smaller batches shows what a look at a batch costs. The machine's pace is shown beside,
since microseconds of another machine say little: one search for a mail address over 115 characters, 2 µs where the
house's other figures come from. Then inputs made to be slow, in four sizes.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path

from pipelines.personal_data import Scrubber
from pipelines.personal_data.language import languages as told
from pipelines.personal_data.reading import Texts

OWN = Path(__file__).parents[1] / "tests" / "data" / "comments" / "own.jsonl"
BATCH = 4000
SMALLER = (1, 100, 1000)
ROUNDS = 7


def cost(scrubber: Scrubber, texts: list[str], languages: list[str | None], batch: int = BATCH) -> float:
    """Microseconds of CPU a text, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for at in range(0, len(texts), batch):
            scrubber.scrub_many(texts[at : at + batch], languages[at : at + batch])
        best = min(best, time.process_time() - begun)
    return 1e6 * best / len(texts)


def pace() -> float:
    """Microseconds for the yardstick: one search for a mail address in 115 characters without one."""
    mail = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
    text = ("de container in onze straat is al drie weken niet geleegd en niemand neemt op als ik bel " * 2)[:115]
    begun = time.process_time()
    for _ in range(20_000):
        mail.search(text)
    return 1e6 * (time.process_time() - begun) / 20_000


def realistic(comments: list[dict[str, object]], wanted: int) -> tuple[list[str], list[str | None]]:
    """Comments of some 120 characters, nine clean for one with personal data."""
    short = [c for c in comments if 60 <= len(str(c["text"])) <= 200]
    held = [c for c in short if any(s["type"] != "CASE" for s in c["spans"])]  # type: ignore[attr-defined]
    clean = [c for c in short if not c["spans"]]
    mixed = [(held[i // 10 % len(held)] if i % 10 == 0 else clean[i % len(clean)]) for i in range(wanted)]
    return [str(c["text"]) for c in mixed], [str(c["lang"]) for c in mixed]


def main(paths: list[Path]) -> None:
    """Prints the figures."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    scrubber = Scrubber()
    scrubber.scrub("mevrouw Jansen, 06-12345678", None)
    made = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"made in {made:.1f} s, {(after - before) / 1024:.0f} MB; yardstick {pace():.2f} µs")
    for path in paths:
        comments = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        texts, languages = realistic(comments, BATCH)
        mean = sum(map(len, texts)) / len(texts)
        print(
            f"{path.name}, realistic mix ({mean:.0f} characters): {cost(scrubber, texts, languages):.1f} µs a comment"
        )
        for batch in SMALLER:
            few = cost(scrubber, texts[:1000], languages[:1000], batch)
            print(f"{path.name}, realistic mix in batches of {batch}: {few:.1f} µs a comment")
        comments *= BATCH // len(comments)
        texts = [str(c["text"]) for c in comments]
        languages = [str(c["lang"]) for c in comments]
        mean = sum(map(len, texts)) / len(texts)
        print(f"{path.name}, as it is ({mean:.0f} characters): {cost(scrubber, texts, languages):.1f} µs a comment")
        unknown: list[str | None] = [None] * len(texts)
        print(f"{path.name}, language not given: {cost(scrubber, texts, unknown):.1f} µs a comment")
        begun = time.process_time()
        for at in range(0, len(texts), BATCH):
            read = Texts(texts[at : at + BATCH])
            told(read, range(len(read.strings)))
        print(f"{path.name}, language alone: {1e6 * (time.process_time() - begun) / len(texts):.1f} µs a comment")
    for unit in ("1", "12 ", "@", "a@", "[(", "Jan ", "0612345678 ", "https://a.nl/", "insta a1_", "1234 AB Sofie. "):
        times = []
        for size in (12_500, 25_000, 50_000, 100_000):
            text = unit * (size // len(unit))
            begun = time.process_time()
            scrubber.scrub(text, "nl")
            times.append(1e3 * (time.process_time() - begun))
        print(f"{unit!r} in 12, 25, 50 and 100 kB: {', '.join(f'{t:.0f}' for t in times)} ms")


if __name__ == "__main__":
    main([Path(arg) for arg in sys.argv[1:]] or [OWN])
