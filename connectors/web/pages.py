"""The small pages a citizen answers on: plain HTML that works without scripts, in five languages.

Nothing that was sent to us is put into a page but through `escape`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

from connectors.base import Reply, Request
from schemas.feedback import Metric, Scale

LANGUAGES = ("nl", "en", "pl", "nb", "fi")

_STYLE = """
:root{color-scheme:light}
body{font:1.125rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:34rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.5rem}
fieldset{border:0;padding:0;margin:0 0 1.5rem}
legend,.label{font-weight:600;padding:0;margin:0 0 .5rem;display:block}
.choices{display:flex;flex-wrap:wrap;gap:.5rem}
.choice{border:2px solid #555;border-radius:.5rem;padding:.6rem .9rem;display:flex;gap:.5rem;align-items:center;
cursor:pointer}
.choice:has(:checked){border-color:#0b57a4;background:#e8f1fb}
.choice input{width:1.25rem;height:1.25rem;margin:0}
.face{width:2.25rem;height:2.25rem}
.ends{display:flex;justify-content:space-between;font-size:1rem}
textarea,input[type=text],input[type=datetime-local]{font:inherit;width:100%;box-sizing:border-box;
border:2px solid #555;border-radius:.5rem;padding:.6rem}
button{font:inherit;font-weight:600;border:2px solid #0b57a4;border-radius:.5rem;padding:.6rem 1.2rem;
background:#0b57a4;color:#fff;cursor:pointer}
button.quiet{background:#fff;color:#0b57a4}
button.face-button{background:#fff;color:#1a1a1a;border-color:#555;flex:1;min-width:7rem}
:focus-visible{outline:3px solid #c75000;outline-offset:2px}
.hidden{position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "vary": "accept-language",
    "accept-ch": "Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version, Sec-CH-UA-Model",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'"
    ),
}

TEXTS: dict[str, dict[str, str]] = {
    "nl": {
        "title": "Uw mening",
        "rate": "Hoe tevreden bent u?",
        "rate_nps": "Hoe waarschijnlijk is het dat u ons aanbeveelt?",
        "rate_ces": "Hoe makkelijk was het voor u?",
        "rate_thumbs": "Heeft dit u geholpen?",
        "worst": "Heel slecht",
        "best": "Heel goed",
        "worst_nps": "Heel onwaarschijnlijk",
        "best_nps": "Heel waarschijnlijk",
        "worst_ces": "Heel moeilijk",
        "best_ces": "Heel makkelijk",
        "good": "Goed",
        "average": "Matig",
        "poor": "Slecht",
        "yes": "Ja",
        "no": "Nee",
        "why": "Waar ging het vooral om?",
        "information": "De informatie",
        "contact": "Het contact met de medewerker",
        "speed": "De snelheid",
        "ease": "Het gemak",
        "text": "Wilt u uw antwoord toelichten?",
        "open": "Wat wilt u ons vertellen?",
        "privacy": "Vul geen persoonlijke gegevens in.",
        "occurred_at": "Wanneer is dit antwoord gegeven?",
        "case_number": "Zaaknummer",
        "optional": "niet verplicht",
        "send": "Versturen",
        "next": "Verder",
        "decline": "Liever niet",
        "honeypot": "Laat dit veld leeg",
        "thanks": "Bedankt voor uw antwoord.",
        "declined": "Goed, dan vragen we niet verder.",
        "recorded": "Uw oordeel is ontvangen.",
    },
    "en": {
        "title": "Your opinion",
        "rate": "How satisfied are you?",
        "rate_nps": "How likely are you to recommend us?",
        "rate_ces": "How easy was it for you?",
        "rate_thumbs": "Did this help you?",
        "worst": "Very bad",
        "best": "Very good",
        "worst_nps": "Very unlikely",
        "best_nps": "Very likely",
        "worst_ces": "Very difficult",
        "best_ces": "Very easy",
        "good": "Good",
        "average": "Average",
        "poor": "Poor",
        "yes": "Yes",
        "no": "No",
        "why": "What was it mainly about?",
        "information": "The information",
        "contact": "The contact with staff",
        "speed": "The speed",
        "ease": "How easy it was",
        "text": "Would you like to explain your answer?",
        "open": "What would you like to tell us?",
        "privacy": "Please leave out personal details.",
        "occurred_at": "When was this answer given?",
        "case_number": "Case number",
        "optional": "optional",
        "send": "Send",
        "next": "Next",
        "decline": "No, thank you",
        "honeypot": "Leave this field empty",
        "thanks": "Thank you for your answer.",
        "declined": "All right, we will not ask further.",
        "recorded": "Your rating has been received.",
    },
    "pl": {
        "title": "Twoja opinia",
        "rate": "Czy jesteś zadowolony lub zadowolona?",
        "rate_nps": "Jakie jest prawdopodobieństwo, że nas polecisz?",
        "rate_ces": "Jak łatwo udało się załatwić sprawę?",
        "rate_thumbs": "Czy to pomogło?",
        "worst": "Bardzo źle",
        "best": "Bardzo dobrze",
        "worst_nps": "Bardzo małe",
        "best_nps": "Bardzo duże",
        "worst_ces": "Bardzo trudno",
        "best_ces": "Bardzo łatwo",
        "good": "Dobrze",
        "average": "Średnio",
        "poor": "Źle",
        "yes": "Tak",
        "no": "Nie",
        "why": "Czego głównie dotyczy ocena?",
        "information": "Informacji",
        "contact": "Kontaktu z pracownikiem",
        "speed": "Szybkości",
        "ease": "Łatwości załatwienia sprawy",
        "text": "Czy chcesz uzasadnić odpowiedź?",
        "open": "Co chcesz nam przekazać?",
        "privacy": "Prosimy nie podawać danych osobowych.",
        "occurred_at": "Kiedy udzielono tej odpowiedzi?",
        "case_number": "Numer sprawy",
        "optional": "nieobowiązkowe",
        "send": "Wyślij",
        "next": "Dalej",
        "decline": "Nie, dziękuję",
        "honeypot": "Pozostaw to pole puste",
        "thanks": "Dziękujemy za odpowiedź.",
        "declined": "Dobrze, nie będziemy więcej pytać.",
        "recorded": "Ocena została zapisana.",
    },
    "nb": {
        "title": "Din mening",
        "rate": "Hvor fornøyd er du?",
        "rate_nps": "Hvor sannsynlig er det at du vil anbefale oss?",
        "rate_ces": "Hvor enkelt var det for deg?",
        "rate_thumbs": "Var dette til hjelp?",
        "worst": "Svært dårlig",
        "best": "Svært bra",
        "worst_nps": "Svært lite sannsynlig",
        "best_nps": "Svært sannsynlig",
        "worst_ces": "Svært vanskelig",
        "best_ces": "Svært enkelt",
        "good": "Bra",
        "average": "Middels",
        "poor": "Dårlig",
        "yes": "Ja",
        "no": "Nei",
        "why": "Hva handlet det mest om?",
        "information": "Informasjonen",
        "contact": "Kontakten med den ansatte",
        "speed": "Hvor raskt det gikk",
        "ease": "Hvor enkelt det var",
        "text": "Vil du begrunne svaret ditt?",
        "open": "Hva vil du si til oss?",
        "privacy": "Ikke skriv personopplysninger.",
        "occurred_at": "Når ble dette svaret gitt?",
        "case_number": "Saksnummer",
        "optional": "valgfritt",
        "send": "Send",
        "next": "Neste",
        "decline": "Nei takk",
        "honeypot": "La dette feltet stå tomt",
        "thanks": "Takk for svaret.",
        "declined": "Greit, da spør vi ikke mer.",
        "recorded": "Vurderingen din er mottatt.",
    },
    "fi": {
        "title": "Mielipiteesi",
        "rate": "Kuinka tyytyväinen olet?",
        "rate_nps": "Kuinka todennäköisesti suosittelisit meitä?",
        "rate_ces": "Kuinka helppoa asiointi oli?",
        "rate_thumbs": "Oliko tästä apua?",
        "worst": "Erittäin huono",
        "best": "Erittäin hyvä",
        "worst_nps": "Erittäin epätodennäköisesti",
        "best_nps": "Erittäin todennäköisesti",
        "worst_ces": "Erittäin vaikeaa",
        "best_ces": "Erittäin helppoa",
        "good": "Hyvä",
        "average": "Kohtalainen",
        "poor": "Huono",
        "yes": "Kyllä",
        "no": "Ei",
        "why": "Mihin arviosi liittyy eniten?",
        "information": "Tietoon",
        "contact": "Palveluun ja henkilökuntaan",
        "speed": "Nopeuteen",
        "ease": "Helppouteen",
        "text": "Haluatko perustella vastaustasi?",
        "open": "Mitä haluat kertoa meille?",
        "privacy": "Älä kirjoita henkilötietoja.",
        "occurred_at": "Milloin vastaus annettiin?",
        "case_number": "Asianumero",
        "optional": "vapaaehtoinen",
        "send": "Lähetä",
        "next": "Jatka",
        "decline": "Ei kiitos",
        "honeypot": "Jätä tämä kenttä tyhjäksi",
        "thanks": "Kiitos vastauksestasi.",
        "declined": "Selvä, emme kysy enempää.",
        "recorded": "Arviosi on vastaanotettu.",
    },
}

# Drawn, since a kiosk may have no font with faces.
_MOUTHS = {"good": "M9 19q7 8 14 0", "average": "M10 21h12", "poor": "M9 24q7-8 14 0"}
FACES = {
    face: '<svg class="face" viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" '
    'stroke-width="2.5" stroke-linecap="round"><circle cx="16" cy="16" r="14"/><path d="M11 11v2M21 11v2"/>'
    f'<path d="{mouth}"/></svg>'
    for face, mouth in _MOUTHS.items()
}


def language_of(request: Request, setting: str | None, fallback: str | None) -> str:
    """The language of a page: as it is set, else the first of the reader's that we speak, else the fallback."""
    if setting in LANGUAGES:
        return setting
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        language = tag.strip().lower().partition("-")[0]
        # Norway's browsers say 'no' or 'nn' as well; Bokmål is what we speak.
        wanted.append((weight, "nb" if language in ("no", "nn") else language))
    known = [(weight, language) for weight, language in wanted if language in LANGUAGES and weight > 0]
    if known:
        return max(known, key=lambda pair: pair[0])[1]
    return fallback if fallback in LANGUAGES else "nl"


def page(language: str, body: str, status: int = 200) -> Reply:
    """A whole page. `body` is HTML that is already safe."""
    title = escape(TEXTS[language]["title"])
    html = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    )
    return Reply(status, html.encode(), _HEADERS)


def see_other(location: str) -> Reply:
    """Sends the browser to another page, so that loading that one again does not send the answer again."""
    return Reply(303, b"", {"location": location, "cache-control": "no-store", "referrer-policy": "no-referrer"})


def message(language: str, *names: str) -> Reply:
    """A page of sentences and nothing to fill in."""
    return page(language, "".join(f'<p role="status">{escape(TEXTS[language][name])}</p>' for name in names))


def form(language: str, content: Iterable[str], hidden: Mapping[str, str], button: str = "send") -> str:
    """A form that posts to the page's own address. `content` is safe HTML; `hidden` are fields that go along."""
    carried = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    submit = f'<button type="submit">{escape(TEXTS[language][button])}</button>' if button else ""
    return f'<form method="post">{carried}\n' + "\n".join(content) + f"\n{submit}</form>"


def choices(
    name: str,
    legend: str,
    options: Mapping[str, str],
    faces: Mapping[str, str] | None = None,
    *,
    required: bool = False,
) -> str:
    """Radio buttons: value → label, some with a face (safe HTML) before it."""
    must = " required" if required else ""
    shown = "".join(
        f'<label class="choice"><input type="radio" name="{escape(name)}" value="{escape(value)}"{must}>'
        + (faces or {}).get(value, "")
        + f"<span>{escape(label)}</span></label>"
        for value, label in options.items()
    )
    return f'<fieldset><legend>{escape(legend)}</legend><div class="choices">{shown}</div></fieldset>'


def smiley_buttons(name: str, language: str, values: Mapping[str, str]) -> str:
    """Three faces, each a button that sends the form: 'good', 'average', 'poor' → the value to send."""
    texts = TEXTS[language]
    buttons = "".join(
        f'<button class="face-button" name="{escape(name)}" value="{escape(value)}">'
        f"{FACES[face]}<br>{escape(texts[face])}</button>"
        for face, value in values.items()
    )
    return f'<fieldset><legend>{escape(texts["rate"])}</legend><div class="choices">{buttons}</div></fieldset>'


def score_choices(
    name: str, language: str, metric: Metric, scale: Scale, wording: str | None, *, required: bool
) -> str:
    """Radio buttons for every whole number of a scale, with words at its ends."""
    texts = TEXTS[language]
    legend = wording or texts.get(f"rate_{metric.value}", texts["rate"])
    values = [str(value) for value in range(int(scale.min), int(scale.max) + 1)]
    if metric is Metric.SMILEY and len(values) == 3:
        names = ("poor", "average", "good") if scale.best == scale.max else ("good", "average", "poor")
        labels = {value: texts[face] for value, face in zip(values, names, strict=True)}
        return choices(
            name,
            legend,
            labels,
            {value: FACES[face] for value, face in zip(values, names, strict=True)},
            required=required,
        )
    if metric is Metric.THUMBS and len(values) == 2:
        words = ("no", "yes") if scale.best == scale.max else ("yes", "no")
        return choices(
            name, legend, {value: texts[word] for value, word in zip(values, words, strict=True)}, required=required
        )
    worst = texts.get(f"worst_{metric.value}", texts["worst"])
    best = texts.get(f"best_{metric.value}", texts["best"])
    low, high = (worst, best) if scale.best == scale.max else (best, worst)
    ends = f'<p class="ends"><span>{values[0]} = {escape(low)}</span><span>{values[-1]} = {escape(high)}</span></p>'
    return choices(name, legend, {value: value for value in values}, required=required) + ends


def text_area(name: str, language: str, label: str | None = None) -> str:
    """A box for the citizen's own words, with the advice to leave persons out of it."""
    texts = TEXTS[language]
    return (
        f'<p><label class="label" for="{escape(name)}">{escape(label or texts["text"])} '
        f"({escape(texts['optional'])})</label>"
        f'<textarea id="{escape(name)}" name="{escape(name)}" rows="5" maxlength="5000" '
        f'aria-describedby="privacy"></textarea><span id="privacy">{escape(texts["privacy"])}</span></p>'
    )


def one_line(name: str, language: str, label: str, kind: str = "text") -> str:
    """A labelled field of one line."""
    texts = TEXTS[language]
    return (
        f'<p><label class="label" for="{escape(name)}">{escape(texts[label])} ({escape(texts["optional"])})</label>'
        f'<input id="{escape(name)}" name="{escape(name)}" type="{kind}"></p>'
    )


def decline_button(language: str) -> str:
    """For who does not want to take part."""
    label = escape(TEXTS[language]["decline"])
    return f'<p><button class="quiet" name="decline" value="1" formnovalidate>{label}</button></p>'


def honeypot(name: str, language: str) -> str:
    """A field that people do not see and machines fill in."""
    label = escape(TEXTS[language]["honeypot"])
    return (
        f'<p class="hidden" aria-hidden="true"><label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" type="text" tabindex="-1" autocomplete="off"></p>'
    )
