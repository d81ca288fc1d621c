# ruff: noqa: E501, UP031
"""Finds where somebody lives: a street with a house number, and postcodes. A street without a number stays.

Scans start at a digit group and look back over a few words, so time is linear in the text.
"""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.spans import Span

# What a street's last word ends in, by language; a word on its own or the tail of a compound.
_TAILS: Final = {
    "nl": "straat|straatje|str|laan|laantje|weg|wegje|pad|plein|gracht|kade|kaai|dijk|singel|steeg|dreef|hof|hofje|plantsoen|park|markt|brink|baan"
    "|wal|werf|haven|ring|burg|kamp|akker|veld|weide|wei|zoom|rand|oord|hoek|horst|einde|eind|hout|bos|berg|heuvel"
    "|duin|polder|meer|plas|boulevard|passage|erf|es|esch|tuin|tuinen|terp|wijk|kwartier|vaart|sloot|brug|sluis"
    "|kampen|gaarde|stede|stee|rede|wiek|molen|donk|driehoek|buurt|ven|heide|heem",
    "en": "street|st|road|rd|lane|ln|avenue|ave|close|drive|dr|court|ct|crescent|cres|way|terrace|grove|gardens|square|sq|place|pl|hill|row|mews|walk|park|green"
    "|rise|view|parade|broadway|approach|quay|wharf|villas|mount|gate|wynd|brae|heath|end|fold|croft|meadow|meadows"
    "|bank|yard|boulevard|path|passage|circus|common|vale|dene|cottages|buildings|embankment|highway|parkway|bridge"
    "|side|ridge|field|fields|chase|drove|bypass",
    "nb": "gata|gate|gt|gaten|vei|veien|vn|vegen|veg|v|allé|alle|alleen|alléen|plass|plassen|torg|torget|torv|bakken|bakke|svingen|sving|stien|sti|lia|lien|kroken|krok|haugen|haug|jordet|løkka|brygge|brygga|kaia|kai"
    "|tunet|tun|terrasse|åsen|ås|toppen|faret|ringen|ring|marka|moen|odden|stranda|strand|engen|enga|skogen|kleiva"
    "|grenda|stubben|dalen|dal|smuget|smau|veita|parken|berget|neset|ura|sletta|høgda|vollen|tråkket|tråkka|løypa"
    "|myra|hagen|leitet",
    "fi": "katu|tie|kuja|polku|raitti|aukio|tori|ranta|rinne|kaari|kaarre|puistikko|puisto|puistotie|väylä|penger|portti|laituri|mäki|piha|taival|linja|bulevardi|esplanadi|silta|rivi|kulma|lenkki|kallio|niitty|harju|kumpu|laita|reuna|ura|syrjä"
    "|kadun|tien|kujan|polun|katua|tietä|kadulla|tiellä|kujalla|vägen|gatan",
}  # fmt: skip
_SUFFIX_WORD: Final = {
    language: re.compile(rf"[^\W\d_]{{0,40}}(?:{tails})\.?", re.IGNORECASE) for language, tails in _TAILS.items()
}
# The tails that are ordinary words: they make a street only as the end of a longer word, or after a capital.
_WORD: Final = r"[^\W\d_][\w'’.-]{0,40}"

_NUMBER_TAIL: Final = re.compile(
    r"(?:"
    r"(?: ?[/\u2013-] ?\d{1,4}[a-zA-Z]?){1,2}(?: ?[mM]\.? ?\d{1,4})?"  # 5/7 m. 3; 77-3; 33-35
    r"|[- ]?(?:I{1,3}|IV|V|VI|VII|VIII)(?![\w])"  # 31-II
    r"|[- ]?(?:bis|ter|hs|huis|boven|rood|zw|rd|wit|bg|bov|ben)\b\.?(?: ?[A-Za-z]\b)?"
    r"|(?:(?:-|(?<=\d))[A-Za-z]| -? ?[A-Z]|-)(?<![-\d])(?![\w'’/])(?: ?\d{1,3}[a-zA-Z]?(?![\w]))?"
    r")?"
    r"(?:,? (?:m\.|lok\.|as\.|asunto|leil\.|leilighet|kl\.|bnr\.?|flat|apt\.?|app\.?|kamer|mieszkania|mieszk\."
    r"|lokal|H\d{4}|U\d{4}) ?\d{1,4}[a-zA-Z]?)?",
)
_GROUP: Final = re.compile(
    r"(?<![\w.,€£$+/-])[1-9]\d{0,3}(?!\d)(?![.,:]\d)(?! ?(?:%|€|euro|kr\b|zł|keer|x\b|uur|min|dagen|weken|maand|jaar"
    r"|weeks|days|hours|times|km|cm|meter|mm\b|m2|°))"
)
_BACK: Final = re.compile(r"(?:[^\W\d_][\w'’.-]{0,40} {1,2}){1,5}\Z")
_POLISH_CUE: Final = re.compile(
    r"(?<!\w)(?:ul\.?|ulic[ayeęą]|al\.?|alej[aeiuąę]?|alei|os\.?|osiedl[eua]|pl\.?|plac[ue]?"
    r"|rondo)[ ]{1,2}((?:[\w.'’-]{1,30} ){1,5})\Z",
    re.IGNORECASE,
)
_POLISH_CUE_SURE: Final = re.compile(r"(?<!\w)(?:ul\.|ulic[ayeęą]) ((?:[\w.'’-]{1,30} ){1,4})\Z", re.IGNORECASE)
_STREET_CASES: Final = re.compile(
    r"(?:\b(?:na|przy|ulicy|z|do|od|mieszkam na|koło|obok|pod)) ([A-ZĄĆĘŁŃÓŚŹŻ][\w-]{2,30}(?:iej|ej|ego|ich|ych"
    r"|skiego|ckiego|ki|y|a)) \Z"
)
_LIVES: Final = re.compile(
    r"(?:\b(?:woon(?:t|achtig)?|wonen|wonende|woonde|adres(?:se)?|adresie|address|adressen|osoite|osoitteessa|live"
    r"|lives|living|mieszkam|mieszka|zamieszkał\w+|bor|bodd?e?|asun|asuu|verhuisd|moved|flyttet|muuttanut|melding"
    r"|melden)\b[^\d\n]{0,14}"
    r"\b(?:op|aan|in|at|to|naar|van|from|na|przy|i|på|til|fra|is|er|on|:)?:? ?(?:de |het |den )?)\Z",
    re.IGNORECASE,
)
_NOT_A_STREET: Final = frozenset(
    ["art", "artikel", "artikkel", "§", "kamer", "room", "pokój", "rom", "huone", "lijn", "line", "bus", "bussi", "buss", "tram", "linia", "linje", "loket", "balie", "desk", "window", "okienko", "skranke", "tiski", "paal", "nummer", "nr", "no", "number", "numer", "zone", "sone", "strefa", "vyöhyke", "fase", "stap", "step", "steg", "vaihe", "krok", "versie", "version", "wersja", "versjon", "versio", "ronde", "groep", "klas", "klasse", "klasa", "perron", "spoor", "platform", "gate", "terminal", "hal", "halle", "etage", "verdieping", "floor", "piętro", "kerros", "hoofdstuk", "chapter", "rozdział", "kapittel", "luku", "pagina", "page", "strona", "side", "sivu", "foto", "bijlage", "annex", "vedlegg", "liite", "deel", "part", "del", "osa", "lid", "par", "nummer", "level", "nivå", "taso", "wijk", "district", "blok", "block", "blokk", "week", "uke", "viikko", "tydzień", "maand", "route", "rute", "reitti", "rijksweg", "snelweg", "afslag", "exit", "baan", "lane", "uge", "om", "ca", "circa", "around", "approx", "minst", "over", "under", "vanaf", "sinds", "tot", "til", "since", "until", "before", "after", "between", "tussen", "mellom", "the", "de", "het", "een", "en", "of", "og", "ja", "i", "a", "an", "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december", "january", "february", "march", "may", "june", "july", "august", "october", "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia", "januar", "februar", "mars", "mai", "juni", "juli", "august", "desember", "tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta", "windows", "android", "ios", "iphone", "ipad", "chrome", "firefox", "edge", "safari", "covid", "article", "artykuł", "punkt", "kohta", "kohdan", "waited", "waiting", "uur", "kwart", "half", "pasnr", "lokaal", "zaal", "sala", "sal", "sali", "spreekkamer", "wachtkamer", "meldpunt", "container", "kontener", "automat", "automaat", "parkeerautomaat", "parkeerplaats", "kiosk", "kiosken", "kasse", "kassa", "kasa", "queue", "kø", "jono", "kolejce", "numerek", "kølapp", "vuoronumero", "ticket", "volgnummer", "ma", "di", "wo", "do", "vr", "za", "zo"]
)  # fmt: skip


def _streets_words(words: list[str], language: str) -> tuple[int, str, float] | None:
    """How many of the last words are the street's name, the rule, and how sure; None if they are no street."""
    last = words[-1]
    bare = last.rstrip(".").lower()
    capital = last[0].isupper()
    for tongue in (language, *(t for t in ("nl", "en", "nb", "fi") if t != language)):
        pattern = _SUFFIX_WORD.get(tongue)
        if pattern is None or not pattern.fullmatch(last):
            continue
        alone = bare in _ALONE[tongue]
        if alone and (len(words) < 2 or not (words[-2][0].isupper() or tongue == language)):
            continue
        if alone and words[-2].lower() in _NOT_BEFORE_TAIL:
            continue
        if not alone and not capital and not (_PLAIN_TAIL.search(bare) and len(bare) > 6):
            continue
        count = 1
        if alone:
            count = 2
        # The capitalised words before belong to it: 'Burgemeester van der Hoop laan', 'Henrik Ibsens gate'.
        while count < len(words):
            word = words[-count - 1]
            if word[0].isupper() and word.lower().rstrip(".") not in _STREET_STOPS:
                count += 1
            elif count + 1 < len(words) and word.lower() in _INFIXES and words[-count - 2][0].isupper():
                count += 2
            else:
                break
        return count, f"street ({tongue}) and number", 0.9 if capital else 0.8
    return None


_ALONE: Final = {language: frozenset(tails.split("|")) for language, tails in _TAILS.items()}
_PLAIN_TAIL: Final = re.compile(
    r"(?:straat|laan|gracht|plein|kade|singel|weg|steeg|dijk|street|gata|gate|veien|vegen|katu|tie|kuja|polku|kaari)\Z"
)
_INFIXES: Final = frozenset(["van", "de", "der", "den", "het", "'t", "ten", "ter", "te", "la", "of", "the", "og", "i"])
_NOT_BEFORE_TAIL: Final = frozenset(
    [
        "the",
        "a",
        "de",
        "het",
        "een",
        "deze",
        "die",
        "dit",
        "dat",
        "this",
        "that",
        "my",
        "mijn",
        "our",
        "onze",
        "uw",
        "your",
        "en",
        "on",
        "in",
        "op",
        "at",
        "of",
        "de",
        "den",
        "en",
        "ei",
        "et",
        "min",
        "denne",
        "to",
        "i",
        "for",
    ]
)
_STREET_STOPS: Final = frozenset(
    [
        "ik",
        "wij",
        "we",
        "i",
        "my",
        "mijn",
        "de",
        "het",
        "een",
        "adres",
        "address",
        "adresse",
        "osoite",
        "aan",
        "op",
        "in",
        "at",
        "from",
        "to",
        "naar",
        "van",
        "ul",
        "hei",
        "hi",
        "hallo",
        "beste",
        "dear",
        "ja",
        "en",
        "and",
        "og",
        "ja",
        "put",
        "hull",
        "dziura",
        "monttu",
        "pothole",
        "melding",
        "the",
        "at",
        "op",
    ]
)


def streets(text: str, language: str) -> Iterator[Span]:
    """Streets with a house number and what follows it (suffix, stairwell, flat)."""
    for number in _GROUP.finditer(text):
        start = number.start()
        window = text[max(0, start - 90) : start]
        tail = _NUMBER_TAIL.match(text, number.end())
        end = tail.end() if tail else number.end()
        yield from _street_before(text, start, end, window, language)
        yield from _english(text, number.start(), number.end())


def _street_before(text: str, start: int, end: int, window: str, language: str) -> Iterator[Span]:
    polish = (_POLISH_CUE if language == "pl" else _POLISH_CUE_SURE).search(window)
    if (
        polish
        and len(polish.group(1).split()) <= 5
        and not re.search(r"\b(?:od|do|jest|nie|i|w|na)\b", polish.group(1))
    ):
        yield Span(start - (len(window) - polish.start()), end, "ADDRESS", "street (pl) and number", 0.9)
        return
    back = _BACK.search(window)
    if not back:
        if re.search(
            r"[^\W\d_]{3,40}(?:straat|laan|weg|gracht|katu|tie|gata|veien)\.? ?,? ?\Z", window, re.IGNORECASE
        ) and not re.search(r"[.!?] ?\Z", window):
            found = re.search(r"[^\W\d_]{3,40}[.,]? ?\Z", window)
            if found:
                yield Span(start - (len(window) - found.start()), end, "ADDRESS", "street and number", 0.8)
        return
    words = back.group().split()
    street = _streets_words(words, language)
    if street:
        count, rule, confidence = street
        name = re.search(r"(?:\S{1,45} {1,2}){%d}\Z" % count, window)
        if name:
            yield Span(start - (len(window) - name.start()), end, "ADDRESS", rule, confidence)
        return
    if language == "pl":
        case = _STREET_CASES.search(window)
        if case:
            yield Span(start - (len(window) - case.start(1)), end, "ADDRESS", "street (pl) in a case and number", 0.7)
            return
    last = words[-1]
    if not last[0].isupper() or last.lower() in _NOT_A_STREET or len(last) < 3:
        return
    first = re.search(r"((?:[A-ZÀ-ŽØÅÆ][\w'’.-]{0,40} (?:(?:van|de|der|den|ten|ter) ){0,2}){1,4})\Z", window)
    if not first:
        return
    place = start - (len(window) - first.start())
    lead = text[max(0, place - 40) : place]
    if _LIVES.search(lead):
        yield Span(place, end, "ADDRESS", "name and number after 'lives at'", 0.75)
    elif re.match(
        r",? {0,2}\n? ?(?:[1-9]\d{3} ?[A-Z]{2}\b|\d{2}-\d{3}\b|\d{4,5} [A-ZÅÄÖØÆ][a-zåäöøæ]+"
        r"|[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b|te \d{4} ?[A-Z]{2})",
        text[end : end + 30],
    ):
        yield Span(place, end, "ADDRESS", "name and number before a postcode", 0.85)


_ENGLISH: Final = re.compile(
    r"(?P<suffix>[A-Za-z]?(?:[-\u2013/]\d{1,4}[A-Za-z]?)?),? {1,2}(?P<name>(?:(?:[A-Z][\w'’.-]{0,30}|the|of|y"
    r"|le) ){0,4}(?:[A-Z][\w'’-]{0,30}) (?P<tail>(?i:" + _TAILS["en"] + r")))\b\.?"
)
_ENGLISH_SHOUT: Final = re.compile(
    r"(?P<suffix>[A-Za-z]?(?:[-\u2013/]\d{1,4}[A-Za-z]?)?) {1,2}(?:[\w'’-]{2,30} ){1,3}(?:street|road|lane|avenue"
    r"|close|drive|crescent|grove|terrace|gardens|rd|ave)\b",
    re.IGNORECASE,
)
_ENGLISH_BEFORE: Final = re.compile(
    r"(?:(?:flat|apt\.?|apartment|unit|suite|room) ?\d{1,4}[A-Za-z]?(?: at)?,? "
    r"|[A-Z][\w'’]{1,20}(?: [A-Z][\w'’]{1,20}){1,3}, )\Z",
    re.IGNORECASE,
)
_HOUSE_BEFORE: Final = re.compile(
    r"(?:(?i:flat|apt\.?|apartment|unit) ?\d{1,4}[A-Za-z]?,? |(?:[A-Z][\w'’]{1,20} ){1,3}(?:House|Cottage|Forge"
    r"|Lodge|Farm|Barn|Court|Mill|Rectory|Vicarage|Hall|Manor|Villa|Gwyn|Bungalow), )\Z"
)


def _english(text: str, start: int, end: int) -> Iterator[Span]:
    found = _ENGLISH.match(text, end) or _ENGLISH_SHOUT.match(text, end)
    if found:
        before = _HOUSE_BEFORE.search(text, max(0, start - 60), start)
        yield Span(before.start() if before else start, found.end(), "ADDRESS", "number and street (en)", 0.9)


# --- Postcodes --------------------------------------------------------------------------------------------------------

_DUTCH: Final = re.compile(r"(?<![\w.,€-])[1-9]\d{3} ?([A-Za-z]{2})(?![\w])")
_TWO_LETTER_WORDS: Final = frozenset(
    [
        "is",
        "in",
        "op",
        "de",
        "en",
        "ik",
        "we",
        "of",
        "om",
        "te",
        "er",
        "na",
        "zo",
        "ze",
        "je",
        "me",
        "al",
        "af",
        "ga",
        "nu",
        "kg",
        "km",
        "cm",
        "mm",
        "kr",
        "zl",
        "ml",
        "st",
        "nr",
        "dg",
        "uf",
        "pm",
        "am",
        "on",
        "at",
        "to",
        "by",
        "it",
        "as",
        "so",
        "if",
        "do",
        "go",
        "he",
        "an",
        "no",
        "my",
        "up",
        "us",
        "or",
        "be",
        "i",
        "på",
        "og",
        "er",
        "vi",
        "du",
        "av",
        "nå",
        "så",
        "da",
        "de",
        "en",
        "et",
        "om",
        "ja",
        "se",
        "on",
        "ei",
        "jo",
        "ne",
        "te",
        "me",
        "ma",
        "po",
        "za",
        "od",
        "do",
        "ze",
        "to",
        "ta",
        "na",
        "we",
        "są",
        "by",
        "mi",
        "my",
        "co",
        "no",
        "go",
        "bo",
        "ale",
        "mb",
        "gb",
        "kb",
        "kw",
        "hp",
        "vs",
        "zł",
        "eu",
        "uk",
        "nl",
        "pl",
        "fi",
        "ad",
        "bc",
        "an",
        "ev",
        "cv",
        "bv",
        "nv",
        "ca",
        "ok",
        "oo",
        "eh",
    ]
)
_POLISH: Final = re.compile(
    r"(?<![\w.,-])\d{2}-\d{3}(?![\w-])(?= {1,2}[A-ZĄĆĘŁŃÓŚŹŻ]|[^\n]{0,1}\Z|[,.\n)]| [a-ząćęłńóśźż]{4,})"
)
_BRITISH: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:GIR ?0AA|(?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]"
    r"|[A-HK-Y]\d[ABEHMNPRVWXY])) ?\d[ABD-HJLNP-UW-Z]{2})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_TOWN_AFTER: Final = re.compile(
    r"(?<![\w.,/-])(\d{4,5})(?![\w/-])(?= {1,2}([A-ZÅÄÖØÆ][a-zåäöøæ]{1,20}|[A-ZÅÄÖØÆ]{3,20})\b)"
)
_POSTCODE_WORD: Final = re.compile(
    r"(?:postcode|postkode|postnr|postnummer|postinumero|kod pocztowy|kod|zip|pc)\.?[^\w\n]{0,4}(?:is |er |on |to )?\Z",
    re.IGNORECASE,
)
_POST_AFTER_WORD: Final = re.compile(r"(?<![\w.,/-])(?:\d{2}-\d{3}|\d{4,5}|\d{4} ?[A-Za-z]{2})(?![\w/-])")


def postcodes(text: str, language: str) -> Iterator[Span]:
    """Postcodes: Dutch, Polish, British; Norwegian and Finnish only with a town beside them or a word for it."""
    upper = text.isupper()
    for found in _DUTCH.finditer(text):
        letters = found.group(1)
        lower = letters.lower()
        if lower in ("sa", "sd", "ss"):
            continue
        if letters.isupper() and not (upper and lower in _TWO_LETTER_WORDS):
            yield Span(found.start(), found.end(), "POSTCODE", "postcode (NL)", 0.9)
        elif lower not in _TWO_LETTER_WORDS or text[found.start() + 4] != " ":
            if not re.match(r"\d{4}(?:kg|km|cm|mm|kr|ml|mb|gb|kw)\Z", found.group(), re.IGNORECASE):
                yield Span(found.start(), found.end(), "POSTCODE", "postcode (NL)", 0.75)
        elif _POSTCODE_WORD.search(text, max(0, found.start() - 30), found.start()):
            yield Span(found.start(), found.end(), "POSTCODE", "postcode (NL) after a word for it", 0.85)
    for found in _POLISH.finditer(text):
        if language == "pl" or _POSTCODE_WORD.search(text, max(0, found.start() - 30), found.start()):
            yield Span(found.start(), found.end(), "POSTCODE", "postcode (PL)", 0.85)
    for found in _BRITISH.finditer(text):
        if found.group().isupper() or (language == "en" and (" " in found.group())):
            yield Span(found.start(), found.end(), "POSTCODE", "postcode (UK)", 0.85)
    if language in ("nb", "fi"):
        digits = 4 if language == "nb" else 5
        for found in _TOWN_AFTER.finditer(text):
            if len(found.group(1)) == digits:
                yield Span(found.start(1), found.end(1), "POSTCODE", f"postcode ({language}) before a town", 0.7)
        for found in _POST_AFTER_WORD.finditer(text):
            if _POSTCODE_WORD.search(text, max(0, found.start() - 30), found.start()):
                yield Span(found.start(), found.end(), "POSTCODE", "postcode after a word for it", 0.85)
