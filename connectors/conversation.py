"""One answer made of the pieces it came in: a function of the pieces alone, in the order they were kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Draft, Piece, Source, finish
from schemas.feedback import FeedbackEvent, Metric, Note
from storage.state.conversations import Conversations


def to_bytes(piece: Piece, session: str) -> bytes:
    """A piece as it is kept; `session` is its own, or the one minted for it."""
    draft = {f.name: getattr(piece.draft, f.name) for f in fields(Draft)}
    told = {name: value for name, value in draft.items() if value is not None and value != ()}
    if notes := piece.draft.notes:
        told["notes"] = [(note.field, note.problem) for note in notes]
    if isinstance(told.get("occurred_at"), datetime):
        told["occurred_at"] = told["occurred_at"].isoformat()
    # Not orjson, which would make null of a NaN: what is not valid is noted when the event is made.
    return json.dumps({"session": session, "step": piece.step, "draft": told}, default=str).encode()


def keep(
    conversations: Conversations, piece: Piece, session: str, source: Source, now: datetime, stays_open: timedelta
) -> FeedbackEvent:
    """Keeps a piece on disk, and then gives the event that it and those before it make.

    The same piece again gives the same event, whatever has come in between.

    Raises:
        storage.errors.StorageError: it was not kept.
        schemas.feedback.Unreadable: see `finish`.
    """
    conversation = conversations.append_piece(
        tenant=source.tenant,
        source=source.name,
        session=session,
        piece_id=piece.piece_id,
        body=to_bytes(piece, session),
        received_at=now,
        expires_at=now + stays_open,
        begins=(lambda kept: begins_anew(piece, [earlier.body for earlier in kept])) if piece.restarts else None,
    )
    draft = joined([kept.body for kept in conversation.pieces])
    return finish(draft, source, conversation.first_received_at)


def begins_anew(piece: Piece, kept: Sequence[bytes]) -> bool:
    """Whether a piece begins a new answer: it restarts, and in `kept` another step came after its own."""
    steps = [json.loads(body)["step"] for body in kept]
    if not piece.restarts or piece.step not in steps:
        return False
    return any(step != piece.step for step in steps[steps.index(piece.step) :])


def joined(kept: Sequence[bytes]) -> Draft:
    """The answer that these pieces tell together; its order is how many they are.

    A later piece of a step takes the place of the earlier one. Answers of several pieces to one question become one:
    the later score or reason counts, and words are put under each other.
    """
    pieces = [json.loads(body) for body in kept]
    steps: dict[str, dict[str, Any]] = {}
    for piece in pieces:
        steps.pop(piece["step"], None)  # so that the later one comes after what came between
        steps[piece["step"]] = piece["draft"]
    drafts = list(steps.values())
    answers = _answers(drafts)
    told = {name: value for draft in drafts for name, value in draft.items()}
    first = pieces[0]
    return Draft(
        source_id=first["draft"].get("source_id") or first["session"],
        answers=answers,
        occurred_at=first["draft"].get("occurred_at"),
        occurred_at_from=first["draft"]["occurred_at_from"],
        order=len(pieces),
        outcome="answered" if answers else told["outcome"],
        flags=tuple(dict.fromkeys(flag for draft in drafts for flag in draft.get("flags", ()))),
        language=told.get("language"),
        notes=tuple(
            Note(field=field, problem=problem)
            for field, problem in dict.fromkeys(tuple(note) for draft in drafts for note in draft.get("notes", ()))
        ),
        survey=_part(drafts, "survey"),
        subject=_part(drafts, "subject"),
        client=_part(drafts, "client"),
        person=_part(drafts, "person"),
        consent=_part(drafts, "consent"),
    )


def _part(drafts: Sequence[Mapping[str, Any]], part: str) -> dict[str, Any] | None:
    merged = {name: value for draft in drafts for name, value in draft.get(part, {}).items()}
    return merged or None


def _answers(drafts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Answers of different pieces to one question become one; those of one piece are as many as it told."""
    joined: list[dict[str, Any]] = []
    for draft in drafts:
        earlier = list(joined)
        for answer in draft.get("answers", ()):
            if not isinstance(answer, dict):
                continue
            question = answer.get("question")
            same = (place for place, known in enumerate(earlier) if known.get("question") == question)
            if (place := next(same, None)) is None:
                joined.append(dict(answer))
            else:
                _add(earlier.pop(place), answer)
    return joined


def _add(known: dict[str, Any], answer: Mapping[str, Any]) -> None:
    """What a later piece says to the same question, added to what is known."""
    words = [text for text in (known.get("text"), answer.get("text")) if text]
    metric = known.get("metric")
    known.update(answer)
    if metric and known.get("metric") == Metric.OPEN:
        known["metric"] = metric
    if len(words) == 2 and words[0] != words[1]:
        known["text"] = "\n".join(str(text) for text in words)
