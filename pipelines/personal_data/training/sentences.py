"""Takes whole sentences without names out of Home Assistant's translations (Apache-2.0), to train on beside templates.

pip install --no-deps --target FOLDER homeassistant home-assistant-frontend
python -m pipelines.personal_data.training.sentences FOLDER sentences.json
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_FILE = re.compile(r"/(nl|en|pl|nb|fi)(?:-[0-9a-f]+)?\.json$")
_MARKUP = re.compile(r"\[%key.*?%\]|<[^>]*>|[*`_#]")
_CODE = re.compile(r"[{}|\[\]\\]|https?:|\bkey:")


def strings(node: object) -> Iterator[str]:
    """Every string in decoded JSON."""
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def main(folder: Path, target: Path) -> None:
    """Writes {language: [sentence, …]}."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in folder.rglob("*.json"):
        match = _FILE.search(path.as_posix())
        if match and "translations" in path.parts:
            for text in strings(json.loads(path.read_text("utf-8"))):
                for sentence in re.split(r"(?<=[.!?])\s+|\n+", text):
                    sentence = _MARKUP.sub("", sentence).strip()
                    if 3 <= len(sentence.split()) <= 30 and not _CODE.search(sentence):
                        found[match.group(1)].add(sentence)
    target.write_text(json.dumps({k: sorted(v) for k, v in found.items()}, ensure_ascii=False), "utf-8")
    print({language: len(sentences) for language, sentences in found.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
