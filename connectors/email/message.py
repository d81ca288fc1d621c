"""One e-mail (RFC 5322, MIME) as far as feedback goes: who, when, the subject, the text, and what kind of mail it is.

Mails come broken: charsets that are wrong or unknown, headers that no standard allows, MIME that ends in the middle.
What can be read is read; only what is no mail at all is Rejected. A provider that parses mails itself gives the same
parts (`of_parts`), so that there is one set of rules for what is no feedback.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage
from email.message import Message as Part
from email.parser import BytesParser
from email.policy import EmailPolicy, Policy
from email.utils import parseaddr, parsedate_to_datetime
from typing import TypeVar

from connectors.errors import Rejected
from connectors.html_text import html_to_text

_T = TypeVar("_T")
Headers = Sequence[tuple[str, str]]
"""Name and value of each header, in order."""

_MAX_PARTS = 1_000
_DEEPEST = 30
_LONGEST_HEADER = 5_000  # characters
_LONGEST_PARAMETERS = 1_000  # of the headers that say what a part is
_LONGEST_NAME = 200
_MAIL_HEADERS = frozenset({"from", "date", "message-id", "subject", "return-path", "received", "sender"})
_NO_TEXT_CODECS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"})
# What people's programs mean when they say so (https://encoding.spec.whatwg.org).
_ALIASES = {"ascii": "cp1252", "iso8859-1": "cp1252", "latin_1": "cp1252"}
# Letters of Polish as they look when Windows-1250 or ISO 8859-2 is read as Windows-1252; amid words only, since 'm³'
# and '¿Qué' are no Polish.
_LOOKS_1250 = re.compile(r"[³¹][^\W\d_]|[^\W\d_]¿[^\W\d_]")
_LOOKS_8859_2 = re.compile(r"[^\W\d_][±¶¼]|[±¶¼][^\W\d_]")
_C1 = re.compile(r"[\x80-\x9f]")

_REPLY = re.compile(
    r"\s*(?:\[[^\]]{1,60}\]\s*)?(?:(?:re|aw|antw|sv|vs|odp|fwd?|wg|vb|pd|vl|doorst)\.?\s?(?:\[\d+\])?\s*:\s*)+",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\s*(?:(?:automatisch antwoord|automatic reply|auto(?:matic)? ?response|auto-?reply|"
    r"afwezig(?:heid(?:s(?:melding|bericht))?)?|"
    r"out of (?:the )?office(?: auto-?reply)?|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|"
    r"nieobecność|poza biurem|automatisk svar|autosvar|fraværsmelding|fravær(?:ende)?|automaattinen vastaus|"
    r"automaattivastaus|poissaoloilmoitus|poissaoloviesti|poissa|"
    r"automatische antwort|abwesenheitsnotiz|réponse automatique)\s*(?::.*|$)"
    r"|out of (?:the )?office\b)",
    re.IGNORECASE,
)
# What mail servers and programs put above their own reports; providers do not always tell that it is a report.
_RETURNED = re.compile(
    r"\s*(?:(?:undeliverable|onbestelbaar|niet bezorgd|nie można dostarczyć|kan ikke leveres|ei voitu toimittaa)\s*:|"
    r"undelivered mail returned to sender|mail delivery fail(?:ed|ure)|delivery status notification|returned mail:)",
    re.IGNORECASE,
)
_READ = re.compile(
    r"\s*(?:(?:not |niet |ikke )?(?:read|gelezen|lest)|(?:nie )?przeczytano|luettu|poistettu lukematta)\s*: ",
    re.IGNORECASE,
)
_ROBOTS = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon|microsoftexchange[0-9a-f]{32})@", re.IGNORECASE)
_AUTOMATIC_HEADERS = ("x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponse", "x-mail-autoreply")
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_INVITATIONS = re.compile(
    r"method=\W?(?:request|reply|cancel|counter|publish|refresh|add|declinecounter)", re.IGNORECASE
)
_CALENDARS = ("text/calendar", "application/ics")
_METHOD = re.compile(rb"^METHOD:([A-Za-z]{3,20})\s*$", re.MULTILINE)

AUTOMATIC, BOUNCE, RECEIPT, CALENDAR = "an automatic reply", "a bounce", "a read receipt", "a calendar mail"


@dataclass(frozen=True, slots=True)
class Message:
    """A mail. `text` is all of it, what is quoted too; `no_feedback` says why it is none, where it is none.

    `message_id` is without '<>'. A `sent_at` without zone is local time of the source; `sent_at_from` says whose clock
    it is ('source', or 'transport' where only a mail server told the time). `is_reply`: the subject line says that it
    answers or forwards another mail, whose subject line it is then.
    """

    message_id: str | None
    address: str | None
    name: str | None
    recipients: frozenset[str]
    subject: str
    sent_at: datetime | str | None
    sent_at_from: str
    text: str
    attachments: int
    is_reply: bool
    no_feedback: str | None

    def __repr__(self) -> str:  # a repr ends in logs
        return f"Message({len(self.text)} characters)"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a mail brought; the name has no folders in it and may be empty."""

    name: str
    content: bytes = field(repr=False)


def read(
    content: bytes, *, behind: Headers = (), envelope_sender: str | None = None, recipients: Iterable[str] = ()
) -> Message:
    """The mail in these bytes. Rejected (400) where they are none. For the others see `of_parts`."""
    mail = _parsed(content)
    parts = list(_leaves(mail))
    return of_parts(
        [*_headers(mail), *behind],
        text=_text(mail),
        attachments=sum(_is_attachment(part) for part in parts),
        content_types=[_content_type(part) for part in [mail, *parts]],
        envelope_sender=envelope_sender,
        recipients=recipients,
    )


def of_parts(
    headers: Headers,
    *,
    text: str,
    attachments: int = 0,
    content_types: Iterable[str] = (),
    envelope_sender: str | None = None,
    recipients: Iterable[str] = (),
) -> Message:
    """The mail of parts that were parsed before, by us or by a provider.

    Of a header that is there twice the first one counts, so that a provider's own fields may stand behind as what holds
    where the mail has none. `content_types` are those of its parts, with parameters. `envelope_sender` is the return
    path as the transport told it, empty for a bounce; `recipients` are the addresses it was delivered to.
    """
    known: dict[str, list[str]] = {}
    for name, value in headers:
        known.setdefault(name.strip().lower(), []).append(value[:_LONGEST_HEADER])

    def first(*names: str) -> str:
        return next((value.strip() for name in names for value in known.get(name, ()) if value.strip()), "")

    sender_name, address = _sender(first("from", "sender"))
    delivered = [*recipients, *known.get("delivered-to", ()), *known.get("x-original-to", ())]
    subject = " ".join(_decoded_header(first("subject")).split())
    sent_at, sent_at_from = _moment(first("date"), known.get("received", ()))
    types = [*content_types, first("content-type")]
    return Message(
        message_id=_clean(first("message-id")).strip("<> \t")[:500] or None,
        address=address,
        name=sender_name,
        recipients=frozenset(found.lower() for one in delivered if (found := _sender(one)[1])),
        subject=subject,
        sent_at=sent_at,
        sent_at_from=sent_at_from,
        text=_clean(text),
        attachments=attachments,
        is_reply=_REPLY.match(subject) is not None,
        no_feedback=_no_feedback(first, types, address, subject, envelope_sender),
    )


def headers_of(block: bytes) -> list[tuple[str, str]]:
    """The headers in a block of them, as they stand above a mail."""
    return _headers(_tried(lambda: _parser().parsebytes(block, headersonly=True), Part()))


def headers_in(named: Mapping[str, object]) -> list[tuple[str, str]]:
    """Headers by name, each one value or a list of them, as providers write them in JSON."""
    return [
        (name, value)
        for name, values in named.items()
        for value in (values if isinstance(values, list) else [values])
        if isinstance(value, str)
    ]


def is_shown(content_id: object, html: str) -> bool:
    """Whether an attachment is a picture that stands in the text; some programs give every attachment such an id."""
    name = content_id.strip("<> ") if isinstance(content_id, str) else ""
    return bool(name) and f"cid:{name}" in html


def kind_of(content_type: str, content: bytes) -> str:
    """The content type of a file, with the method of an invitation, which providers leave out of it."""
    if content_type.lower().startswith(_CALENDARS) and (method := _METHOD.search(content)):
        return f"text/calendar; method={method[1].decode()}"
    return content_type


def attachments(content: bytes) -> list[Attachment]:
    """The files in a mail, decoded. Rejected (400) where the bytes are no mail.

    Pictures that stand in the text and the text itself are none; a mail that is attached is one file.
    """
    return [Attachment(_file_name(part), _bytes_of(part)) for part in _leaves(_parsed(content)) if _is_attachment(part)]


def decoded(content: bytes, charset: str | None) -> str:
    """Text in the charset it says it is in, or in the one it looks like where that cannot be."""
    if not content.isascii():
        with suppress(UnicodeDecodeError):
            return content.decode("utf-8")  # what is valid UTF-8 by chance is hardly ever anything else
    name = _codec(charset)
    if name is not None and (b"\0" in content or not name.startswith(("utf-16", "utf-32"))):
        with suppress(UnicodeError, ValueError):
            text = content.decode(name)
            if name == "cp1252":
                return _central_european(content, text)
            # The control characters of ISO 8859 are in no mail; Windows has letters there.
            if name in ("iso8859-2", "iso8859-15") and _C1.search(text):
                return content.decode("cp1250" if name == "iso8859-2" else "cp1252", "replace")
            return text
    return _central_european(content, content.decode("cp1252", "replace"))


def _central_european(content: bytes, text: str) -> str:
    """Polish that says it is Western European."""
    if _LOOKS_8859_2.search(text):
        return content.decode("iso8859-2", "replace")
    if _LOOKS_1250.search(text):
        return content.decode("cp1250", "replace")
    return text


def _codec(charset: str | None) -> str | None:
    try:
        found = codecs.lookup((charset or "").strip("\"' "))
    except (LookupError, ValueError):
        return None
    if not found._is_text_encoding or found.name.replace("_", "-") in _NO_TEXT_CODECS:
        return None
    return _ALIASES.get(found.name, found.name)


class _BoundedPolicy(EmailPolicy):
    """The package's own, but for headers that are longer than mail has them: it takes the square of their length."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        return name, value[: _LONGEST_PARAMETERS if name.lower().startswith("content-") else _LONGEST_HEADER]


_POLICY = _BoundedPolicy()


def _parser() -> BytesParser[Part]:
    parts = 0

    def part(policy: Policy[Part] = _POLICY) -> Part:
        nonlocal parts
        parts += 1
        if parts > _MAX_PARTS:
            raise Rejected(400, "it has more parts than a mail has")
        return EmailMessage(policy)

    return BytesParser(part, policy=_POLICY)


def _parsed(content: bytes) -> Part:
    try:
        mail = _parser().parsebytes(content)
        if _MAIL_HEADERS.isdisjoint(name.lower() for name, _ in mail.raw_items()):
            raise Rejected(400, "it is no e-mail: it has none of an e-mail's headers")
    except Rejected:
        raise
    except Exception:  # the parser promises no errors, and has some on garbage: RecursionError, TypeError, ValueError
        raise Rejected(400, "it is no e-mail that can be read") from None
    return mail


def _tried(call: Callable[[], _T], otherwise: _T) -> _T:
    """What a call into the standard library gives; on garbage it may raise nearly anything."""
    try:
        return call()
    except Exception:
        return otherwise


def _headers(part: Part) -> list[tuple[str, str]]:
    """As they came, unfolded: the package's own reading of them raises on many that are broken."""
    return [(name, re.sub(r"[\r\n]+", "", str(value))) for name, value in part.raw_items()]


def _leaves(mail: Part) -> Iterator[Part]:
    """The parts that hold something, in order; a mail that is attached is one, whatever it holds."""
    waiting = [mail]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if _type(part).startswith("multipart/") and part.is_multipart():
            waiting.extend(reversed(_children(part)))
        else:
            yield part


def _children(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Part)] if isinstance(payload, list) else []


def _type(part: Part) -> str:
    return _tried(part.get_content_type, "application/octet-stream")


def _content_type(part: Part) -> str:
    return next((value for name, value in _headers(part) if name.lower() == "content-type"), "")


def _is_attachment(part: Part) -> bool:
    kind = _type(part)
    if kind in _SIGNATURES or kind.startswith("multipart/"):
        return False
    if _tried(part.get_content_disposition, None) == "attachment":
        return True
    if kind.startswith("message/"):
        return kind == "message/rfc822"
    if kind.startswith("image/") and _tried(lambda: part.get("content-id"), None) is not None:
        return False  # it stands in the text
    return bool(_tried(part.get_filename, None)) or not kind.startswith("text/")


def _text(mail: Part) -> str:
    """The body. A text that has a file name is taken for it only where there is no other."""
    return _body(mail, named=False) or _body(mail, named=True)


def _body(part: Part, *, named: bool, depth: int = 0) -> str:
    kind = _type(part)
    if kind.startswith("multipart/") and depth < _DEEPEST:
        children = _children(part)
        if kind != "multipart/alternative":
            texts = [_body(child, named=named, depth=depth + 1) for child in children]
            return "\n".join(text for text in texts if text)
        children.sort(key=lambda child: _type(child) != "text/plain")
        return next((text for child in children if (text := _body(child, named=named, depth=depth + 1))), "")
    if kind not in ("text/plain", "text/html") or _tried(part.get_content_disposition, None) == "attachment":
        return ""
    if _is_attachment(part) and not named:
        return ""
    text = decoded(_bytes_of(part), _tried(part.get_content_charset, None))
    text = html_to_text(text) if kind == "text/html" else text
    return text if text.strip() else ""


def _bytes_of(part: Part) -> bytes:
    payload = _tried(lambda: part.get_payload(decode=True), None)
    if isinstance(payload, bytes):
        return payload
    return b"".join(_tried(child.as_bytes, b"") for child in _children(part))


def _file_name(part: Part) -> str:
    name = _decoded_header(_tried(part.get_filename, None) or "")
    return _clean(re.split(r"[/\\]", name)[-1]).strip()[:_LONGEST_NAME]


def _clean(text: str) -> str:
    """Without what no text has: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _decoded_header(value: str) -> str:
    """A header with its encoded words (RFC 2047) and bare bytes decoded."""
    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        chunks = [(value, None)]
    return _clean("".join(_decoded_chunk(chunk, charset) for chunk, charset in chunks))


def _decoded_chunk(chunk: bytes | str, charset: str | None) -> str:
    if isinstance(chunk, str):
        if not re.search(r"[\udc80-\udcff]", chunk):
            return chunk
        chunk = chunk.encode("utf-8", "surrogateescape")
    return decoded(chunk, charset)


def _sender(value: str) -> tuple[str | None, str | None]:
    """Name and address in a header such as 'Jan <jan@example.org>'."""
    told, addressed = _tried(lambda: parseaddr(value), ("", ""))
    name = " ".join(_decoded_header(told).split()).strip("'\" ")
    address = _clean(addressed).strip()
    if "@" not in address:
        address = ""
    return (name or None) if name.lower() != address.lower() else None, address or None


def _moment(date: str, received: Sequence[str]) -> tuple[datetime | str | None, str]:
    """When the sender's clock says it was sent, else when a server says that it took it in."""
    if (sent := _time(date)) is not None:
        return sent, "source"
    for line in received[:1]:
        if (taken := _time(line.rpartition(";")[2])) is not None:
            return taken, "transport"
    return _clean(date)[:40] or None, "source"


def _time(written: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(written.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # '-0000' is UTC by someone who does not say where he is (RFC 5322, section 3.3).
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None and "-0000" in written else moment


def _no_feedback(
    first: Callable[..., str], types: Iterable[str], address: str | None, subject: str, envelope_sender: str | None
) -> str | None:
    types = [kind.lower() for kind in types]
    if any("disposition-notification" in kind for kind in types) or _READ.match(subject):
        return RECEIPT
    if any(kind.startswith(("multipart/report", "message/delivery-status")) for kind in types):
        return BOUNCE
    if first("x-failed-recipients") or _ROBOTS.match(address or "") or _RETURNED.match(subject):
        return BOUNCE
    is_calendar = any(kind.startswith("text/calendar") and _INVITATIONS.search(kind) for kind in types)
    if is_calendar or "calendarmessage" in first("content-class").lower() or types[-1].startswith("text/calendar"):
        return CALENDAR
    submitted = first("auto-submitted").partition(";")[0].strip().lower()
    suppressed = first("x-auto-response-suppress").lower()
    if submitted not in ("", "no") or suppressed not in ("", "none") or first(*_AUTOMATIC_HEADERS):
        return AUTOMATIC
    if first("precedence").lower() in ("bulk", "junk", "auto_reply", "auto-reply"):
        return AUTOMATIC
    if _AWAY.match(subject):
        return AUTOMATIC
    if "<>" in (first("return-path").replace(" ", ""), envelope_sender) or envelope_sender == "":
        return BOUNCE
    return None
