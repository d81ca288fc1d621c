"""Which connector has which kinds of recorded cases, as the page docs/coverage.md.

python -m balie.integrators.coverage
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from balie.integrators.payloads import FOLDER, cases
from connectors.registry import connectors
from schemas.failure import Protocol

PAGE = Path("docs/coverage.md")
# A case is of the first kind whose words its name holds; what is of none is counted as 'other'.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "clock change": ("clock",),
    "plain": ("plain",),
    "another language": ("polish", "norwegian", "finnish", "english", "swedish", "utf", "windows", "iso_8859"),
    "ignored": ("ignored", "status", "echo", "opt_out", "nothing", "prefetch", "robot", "machine", "head"),
    "several, edit": ("several", "edit", "withdraw", "remove", "steps", "conversation", "two_", "retry", "again"),
    "score": ("score", "nps", "ces", "csat", "good", "poor", "average", "rating", "digits", "decline"),
    "no text": ("no_text", "without_words", "without_text", "empty"),
    "not valid": ("unreadable", "not_valid", "wrong", "bad", "unknown", "off_scale", "broken", "something_else"),
    "challenge": ("challenge",),
}


def page() -> str:
    """The page, from the recorded cases."""
    columns = (*_KINDS, "other")
    lines = [
        "# Recorded cases",
        "",
        "Made by `python -m balie.integrators.coverage`: how many recorded payloads (`tests/payloads`) of each kind a",
        "connector has. What holds for all of them, signed ones tampered with among it, is in",
        "`tests/contracts/test_connectors.py`.",
        "",
        f"| connector | channel | ways | {' | '.join(columns)} |",
        f"|---|---|---|{'---|' * len(columns)}",
    ]
    for name, kind in sorted(connectors().items()):
        counted = Counter(kind_of(case) for case in cases(FOLDER, name))
        cells = " | ".join(str(counted[column] or "") for column in columns)
        lines.append(f"| {name} | {kind.channel} | {', '.join(_ways(name))} | {cells} |")
    return "\n".join(lines) + "\n"


def kind_of(case: str) -> str:
    """The kind that the name of a case tells."""
    return next((kind for kind, words in _KINDS.items() if any(word in case for word in words)), "other")


def _ways(name: str) -> list[str]:
    told = {_protocol(FOLDER / name / f"{case}.request.json") for case in cases(FOLDER, name)}
    return [protocol for protocol in get_args(Protocol) if protocol in told]


def _protocol(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8")).get("protocol", "webhook"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
