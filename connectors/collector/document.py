"""The collector's addresses as OpenAPI 3.1, and the same as a page for people, which loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from schemas.feedback import FeedbackEvent

_ANSWERS = {
    "200": "It is durable, or it is no answer; so also for a message that came before.",
    "202": "It is the provider's and cannot be read: its bytes are kept as a failure, to be replayed after a fix.",
    "400": "It cannot be read, and nobody vouches for it.",
    "401": "The proof of its sender is missing.",
    "403": "The proof of its sender is wrong, or too old.",
    "404": "There is no such address; nor does this tell which there are.",
    "408": "The body did not arrive in time.",
    "413": "The body is larger than is taken, as it came or unpacked.",
    "415": "The body has a content-encoding that is not read.",
    "429": "The source sends too much: wait as long as Retry-After says.",
    "503": "It cannot be kept now: wait as long as Retry-After says.",
    "507": "There is no room to keep it now: wait as long as Retry-After says.",
}
_PARAMETERS = [
    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": what}
    for name, what in (
        ("tenant", "The id of the town, as its section in the settings is called."),
        ("source", "The provider's account, as its section in the settings is called."),
    )
]
_OF_FORM = ("language", "survey", "subject", "person", "consent", "answers", "occurred_at", "order")


@cache
def openapi(version: str) -> dict[str, Any]:
    """The document; `version` is the program's."""
    event = FeedbackEvent.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    parts = event.pop("$defs")
    own = {name: event["properties"][name] for name in _OF_FORM}
    answer: dict[str, Any] = {
        "type": "object",
        "description": "What a source with the connector `form` takes. Other sources take what their provider sends.",
        "properties": {
            "id": {"type": "string", "description": "Your own id of the answer: what comes again with it is the same."},
            "score": {"type": "number"},
            "reason": {"type": "string"},
            "text": {"type": "string"},
            "decline": {"type": "boolean", "description": "The citizen was asked and did not want to answer."},
            "withdrawn": {"type": "boolean", "description": "Take back what came with this id."},
            **own,
        },
    }
    posted = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
    responses = {code: {"description": what} for code, what in _ANSWERS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Balie collector",
            "version": version,
            "description": "Takes citizens' answers from any provider. A 2xx says that an answer is on the disk.",
        },
        "paths": {
            "/v1/{tenant}/{source}": {
                "parameters": _PARAMETERS,
                "post": {
                    "summary": "An answer, as the source's provider sends it",
                    "requestBody": {"content": {**posted, "*/*": {}}},
                    "responses": responses,
                },
                "get": {"summary": "A landing page, or a provider's test of the URL", "responses": responses},
            },
            "/health": {"get": _own("200 while the process lives.")},
            "/ready": {"get": _own("200 while answers can be made durable, else 503.")},
            "/metrics": {"get": _own("Counters for Prometheus.")},
        },
        "components": {"schemas": {"Answer": answer, **parts}},
    }


def _own(what: str) -> dict[str, Any]:
    return {"summary": what, "responses": {"200": {"description": what}}}


@cache
def page(version: str) -> bytes:
    """The document as HTML."""
    told = openapi(version)
    rows = [
        f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>"
        + _table(("status", "what it says"), [(code, r["description"]) for code, r in operation["responses"].items()])
        for path, operations in told["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    ]
    fields = [
        (name, _type(field), field.get("description", ""))
        for name, field in told["components"]["schemas"]["Answer"]["properties"].items()
    ]
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Balie collector</title>
<meta name="viewport" content="width=device-width"><style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }}
h2 {{ margin-top: 2rem }}</style>
<h1>Balie collector</h1><p>{escape(told["info"]["description"])} For programs:
<a href="openapi.json">openapi.json</a> (OpenAPI {told["openapi"]}).</p>{"".join(rows)}
<h2>An answer in JSON</h2><p>{escape(told["components"]["schemas"]["Answer"]["description"])}</p>
{_table(("field", "type", ""), fields)}</html>""".encode()


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(columns, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"] if option.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    return str(field.get("type", "any"))
