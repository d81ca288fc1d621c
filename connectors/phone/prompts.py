"""What a caller hears in five languages, and the numbers that a caller says."""

from __future__ import annotations

from connectors.dialogue import folded

LOCALES = {"nl": "nl-NL", "en": "en-GB", "pl": "pl-PL", "nb": "nb-NO", "fi": "fi-FI"}
"""How Twilio calls the languages that it speaks and understands."""

PROMPTS = {
    "nl": {
        "score": "Hoe tevreden bent u over dit gesprek? Toets of zeg een cijfer van {low} tot en met {high}. "
        "{best} is het beste.",
        "reason": "Kunt u kort zeggen waarom? U kunt ook ophangen.",
        "key": "Voor {reason}, toets {key}.",
        "again": "Dat hebben we niet verstaan.",
        "thanks": "Dank u wel. Tot ziens.",
    },
    "en": {
        "score": "How satisfied are you with this call? Press or say a number from {low} to {high}. {best} is best.",
        "reason": "Can you say briefly why? You may also hang up.",
        "key": "For {reason}, press {key}.",
        "again": "We did not understand that.",
        "thanks": "Thank you. Goodbye.",
    },
    "pl": {
        "score": "Jak ocenia pan lub pani tę rozmowę? Proszę wybrać lub powiedzieć liczbę od {low} do {high}. "
        "{best} oznacza najlepszą ocenę.",
        "reason": "Proszę krótko powiedzieć, dlaczego. Można też się rozłączyć.",
        "key": "{reason}: proszę wybrać {key}.",
        "again": "Nie zrozumieliśmy odpowiedzi.",
        "thanks": "Dziękujemy. Do widzenia.",
    },
    "nb": {
        "score": "Hvor fornøyd er du med denne samtalen? Tast eller si et tall fra {low} til {high}. {best} er best.",
        "reason": "Kan du kort si hvorfor? Du kan også legge på.",
        "key": "For {reason}, tast {key}.",
        "again": "Det forstod vi ikke.",
        "thanks": "Takk skal du ha. Ha det bra.",
    },
    "fi": {
        "score": "Kuinka tyytyväinen olet tähän puheluun? Näppäile tai sano numero väliltä {low}–{high}. "
        "{best} on paras.",
        "reason": "Voitko kertoa lyhyesti miksi? Voit myös lopettaa puhelun.",
        "key": "{reason}: näppäile {key}.",
        "again": "Emme ymmärtäneet vastausta.",
        "thanks": "Kiitos. Kuulemiin.",
    },
}

# Zero to ten, as speech recognition writes them; several ways to say one with a stroke between.
_NUMBERS = {
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien",
    "en": "zero|nought one two three four five six seven eight nine ten",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć",
    "nb": "null en|ett|ein to tre fire fem seks sju|syv åtte ni ti",
    "fi": "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen",
}
_SPOKEN = {
    language: {folded(way): number for number, ways in enumerate(words.split(" ")) for way in ways.split("|")}
    for language, words in _NUMBERS.items()
}


def spoken_number(speech: str, language: str) -> int | None:
    """The number where it is all that was said, in words of the language or in digits."""
    said = folded(speech)
    if said.isascii() and said.isdigit() and len(said) <= 3:
        return int(said)
    return _SPOKEN.get(language, {}).get(said)
