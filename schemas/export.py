"""Writes the JSON Schemas of what stands in the log: `python -m schemas.export`, or `make schemas`.

They are for who writes to the log or reads it in another language; a test keeps them equal to the models.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from schemas.failure import FailedEvent
from schemas.feedback import SCHEMA_VERSION, FeedbackEvent

FOLDER = Path(__file__).parent / "json"

DOCUMENTS: dict[str, type[BaseModel]] = {
    f"feedback-event-v{SCHEMA_VERSION}.json": FeedbackEvent,
    "failed-event-v1.json": FailedEvent,
}


def text(model: type[BaseModel]) -> str:
    """The JSON Schema (draft 2020-12) of a model, as its file holds it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all documents."""
    FOLDER.mkdir(exist_ok=True)
    for name, model in DOCUMENTS.items():
        (FOLDER / name).write_text(text(model), encoding="utf-8")


if __name__ == "__main__":
    main()
