"""Finds where somebody lives: a street with a house number. A street without a number stays.

Every detector starts at the digit groups of a text and looks back over a few words, so time is linear in the text.
"""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.births import MONTHS
from pipelines.personal_data.cues import CUES
from pipelines.personal_data.numbers import YEAR, Groups
from pipelines.personal_data.spans import LANGUAGES, PLACEHOLDERS, Span
from pipelines.personal_data.wordlists import any_of, set_of

# What the last word of a street is or ends in, by language.
_TAILS: Final = {
    "nl": """
    straat straatje str laan laantje ln weg wg wegje weggetje pad paadje plein pleintje pln gracht grachtje kade kaai
    dijk dijkje singel steeg steegje dreef hof hofje weitje veldje bosje
    plantsoen park markt brink baan wal werf haven ring burg kamp akker veld weide wei zoom rand oord hoek horst
    einde eind hout bos berg heuvel duin polder meer plas boulevard passage erf es esch tuin tuinen terp wijk
    kwartier vaart sloot brug sluis kampen gaarde gaard stede stee wiek molen donk driehoek buurt ven heide heem
    klooster poort strjitte leane dyk buorren
    """,
    "en": """
    street st road rd lane ln avenue ave close cl drive dr court ct crescent cres way terrace grove gardens square
    sq place pl hill row mews walk park green rise view parade broadway approach quay wharf villas mount gate
    wynd brae heath end fold croft meadow meadows bank yard boulevard path passage circus common vale dene
    cottages buildings strand embankment highway parkway bridge side ridge field fields chase drove bypass
    """,
    "nb": """
    gata gate gt gaten vei veien vn vegen veg allé alle alleen alléen plass plassen torg torget torv torvet bakken
    bakke svingen sving stien sti lia lien kroken krok haugen haug jordet løkka brygge brygga kaia kai tunet tun
    kaien terrasse åsen ås toppen faret ringen marka moen odden stranda strand engen enga skogen kleiva grenda stubben
    dalen dal smuget smau veita parken berget neset ura sletta høgda vollen tråkket tråkka løypa myra hagen
    leitet
    """,
    "fi": """
    katu tie kuja polku raitti aukio tori ranta rinne kaari kaarre puistikko puisto puistotie väylä penger
    portti laituri mäki piha taival linja bulevardi esplanadi silta rivi kulma lenkki kallio niitty harju kumpu
    laita reuna ura syrjä kadun tien kujan polun katua tietä kadulla tiellä kujalla vägen gatan
    """,
}
_ALONE: Final = {language: set_of(tails) for language, tails in _TAILS.items()}
ALL_ALONE: Final = frozenset().union(*_ALONE.values())
ENGLISH_TAILS: Final = _ALONE["en"]
ENGLISH_ENDINGS: Final = ("way", "gate", "croft", "mead")
"""What an English street of one word ends in."""
# In English a word that ends so is a street by itself; in the other languages all of them end words.
_ENDINGS: Final = {
    language: ENGLISH_ENDINGS if language == "en" else tuple(sorted(tails)) for language, tails in _ALONE.items()
}
# In lower case only these make a street of a word: the others end too many ordinary ones.
PLAIN_TAILS: Final = tuple(
    sorted(
        set_of(
            "straat str laan ln pln gracht plein kade singel weg wg steeg dijk strjitte leane street gata gate veien"
            " vegen katu tie kuja polku kaari plantsoen"
        )
    )
)
# 'Rantak. 18', 'granv. 66': katu and vei as their first letter.
SHORTENED: Final = {"fi": re.compile(r"\w{4,30}k\."), "nb": re.compile(r"\w{3,30}[vg]\.")}
_NO_TAILS: Final = {"nl": ("tie",), "en": ("tie", "gate"), "pl": ("tie",), "nb": ("tie", "laan"), "fi": ("laan",)}
"""What ends ordinary words of a language, and streets of another: 'locatie 12', 'investigate 3'."""
_SHORTEST_IN_LOWER_CASE: Final = 6
_STREET_TITLES: Final = set_of(
    "burg. burgm. pres. prof. past. gebr. kard. mons. koning. prins. dokt. deken. gen. biskop."
)
_INFIXES: Final = set_of("van de der den het 't ten ter te la of the og i")
_CAPITAL_INFIXES: Final = frozenset(("Van", "De", "Den", "Ter", "Ten"))  # Van Speijkstraat
_NOT_BEFORE: Final = set_of(
    """
    the a de het een deze die dit dat this that my mijn our onze uw your en on in op at of den ei et min denne
    to i for
    """
)
_NOT_PART: Final = set_of(
    """
    ik wij we i my mijn de het een adres address adresse osoite aan op in at from to naar van ul hei hi hallo beste
    dear ja en and og put hull dziura monttu pothole melding the adresse
    """
)
NOT_A_STREET: Final = set_of(
    """
    art artikel artikkel § kamer room pokój rom huone lijn line bus bussi buss tram linia linje loket balie desk
    window okienko skranke tiski paal nummer nr no number numer zone sone strefa vyöhyke fase stap step steg
    vaihe krok versie version wersja versjon versio ronde groep klas klasse klasa perron spoor platform terminal
    hal halle etage verdieping floor piętro kerros hoofdstuk chapter rozdział kapittel luku pagina page strona
    side sivu foto bijlage annex vedlegg liite deel part del osa lid par level nivå taso wijk district blok
    block blokk week uke viikko tydzień maand route rute reitti heenweg terugweg onderweg omweg
    rijksweg snelweg afslag exit baan lane uge om ca
    circa around approx minst over under vanaf sinds tot til since until before after between tussen mellom the
    de het een en of og ja i a an januari februari maart april mei juni juli augustus september oktober november
    december january february march may june july august october stycznia lutego marca kwietnia maja czerwca
    lipca sierpnia września października listopada grudnia januar februar mars mai desember tammikuuta
    helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta
    joulukuuta windows android ios iphone ipad chrome firefox edge safari covid article artykuł punkt kohta
    kohdan waited waiting uur kwart half pasnr lokaal zaal sala sal sali spreekkamer wachtkamer meldpunt
    container kontener automat automaat parkeerautomaat parkeerplaats kiosk kiosken kasse kassa kasa queue kø
    jono kolejce numerek kølapp vuoronumero ticket volgnummer ma di wo do vr za zo szkole podstawowej szkoła
    parking parkeerzone route hole loket działka działki działce obręb parcela uchwała zarządzenie perceel kavel tontti
    kiinteistö gnr bnr valtatie kantatie seututie yhdystie riksvei fylkesvei europavei autosnelweg
    """
)

_HOUSE: Final = re.compile(
    r"[1-9]\d{0,3}(?!\d)(?![.,:]\d)(?![a-z]{3})"
    r"(?! ?(?:%|€|euro|kr\b|zł|quid|pounds?|pence|keer|x\b|uur|min|dagen|weken|maand|jaar|weeks|days|hours"
    r"|times|km|cm|meter|mm\b|m2|m\b(?! ?\d|\.)|°))"
    # 'til Kongsvinger 1. mars'
    rf"(?!\.? (?i:{any_of(' '.join(MONTHS))})\b)"
)
# 'Kerstmarkt 2025': hardly a house has such a number.
_YEAR: Final = re.compile(YEAR + r"(?![\w/-])")
_NUMBER_TAIL: Final = re.compile(
    r"(?:"
    r"[A-Za-z] ?/ ?\d{1,4}[a-zA-Z]?(?!\w)"  # 3A/11
    r"|[A-Za-z]-\d{1,3}(?!\w)| [A-Z]\d{1,2}(?!\w)"  # 4A-01; 9 C3
    r"| ?[a-z] [A-Z] \d{1,3}(?!\w)"  # 11 b A 3
    r"|(?: ?[/\u2013-] ?\d{1,4}[a-zA-Z]?){1,2}(?: ?[mM]\.? ?\d{1,4})?"  # 5/7 m. 3; 77-3; 33-35
    r"|[- ]?(?:I{1,3}|IV|VI{0,3})(?!\w)"  # 31-II
    r"|[- ]?(?:bis|ter|hs|huis|boven|rood|zwart|zw|rd|wit|bg|bov|ben)\b\.?(?: ?[A-Za-z]\b)?"
    r"|(?:(?:-|(?<=\d))[A-Za-z]| -? ?[A-Z]| [b-h]| a(?= \d{4} ?[A-Za-z]{2}\b|[,.\n]|\Z)|-)"
    r"(?<![-\d])(?![\w'’/])(?: ?\d{1,3}[a-zA-Z]?(?!\w))?"  # 12a; 12 A 4
    r")?"
    r"(?:,? \d{1,2}\. ?(?:etg\.?|etasje|krs\.?|kerros|piętro)(?!\w))?"
    r"(?:, (?:kamer|room|rom|pokój|pok\.|huone) \d{1,4}[a-zA-Z]?(?!\w))?"
    r"(?:,? (?:m\.?|lok\.?|of\.|as\.?|lh\.?|asunto|leil\.?|leilighet|kl\.?|klatka|bnr\.?|bolig|flat|apt\.?|app\.?"
    r"|mieszk\w*\.?|lokal|H|U) ?(?:\d{1,4}[a-zA-Z]?|[A-Z])(?!\w)|as\d{1,3}(?!\w)){0,2}",
)
_WORD_END: Final = re.compile(r"[^\W\d_][\w'’.-]{0,40}\Z")
_MOST_WORDS: Final = 5
_LONGEST_FIRST: Final = 45
_ORDINAL: Final = re.compile(r"(?<!\w)\d{1,2}(?:e|de|ste) \Z")  # 2e Pijnboomdwarsstraat
_LONGEST_ORDINAL: Final = 7
POLISH_CUES: Final = set_of(
    """
    ul ulica ulicy ulice ulicę ulicą al aleja alei aleje aleją aleję aleju alej os osiedle osiedlu osiedla pl plac placu
    place rondo wieś wsi wsią miejscowość miejscowości kolonia osada przysiółek
    """
)
_POLISH_CUE: Final = re.compile(
    r"(?<!\w)(?:(?:ul|al|os|pl)\.|" + any_of(" ".join(POLISH_CUES)) + r") {1,2}((?:[\w.'’-]{1,30} ){1,4})\Z",
    re.IGNORECASE,
)
POLISH_STREET: Final = set_of("ul ulica ulicy ulice ulicę ulicą")
_POLISH_CUE_SURE: Final = re.compile(r"(?<!\w)(?:ul\.|ulic[ayeęą]) ((?:[\w.'’-]{1,30} ){1,4})\Z", re.IGNORECASE)
_POLISH_NOT: Final = re.compile(r"(?<!\w)(?:od|do|jest|nie|i|w|na|przy|nr|koło|za|o|z)(?!\w)", re.IGNORECASE)
_TWO_CALLED: Final = re.compile(r"(?<=\w) i (?=[A-ZĆŁŃÓŚŹŻ])")  # ul. Żwirki i Wigury
_POLISH_CASE: Final = re.compile(
    r"(?<!\w)(?:na|przy|ulicy|z|do|od|koło|obok|pod) "
    r"((?:[A-ZĆŁŃÓŚŹŻ][\w.-]{1,30} ){0,2}[A-ZĄĆĘŁŃÓŚŹŻ][\w-]{2,30}(?:iej|ej|ego|ich|ych|ki|y|a)) \Z"
)
# 'Dietla 70/3': a house and a flat, behind up to three words with capitals.
_POLISH_FLAT: Final = re.compile(r"[A-Za-z]?/\d{1,3}(?![\d/.-])")
_POLISH_NAMED: Final = re.compile(r"(?<!\w)((?:\d{1,2} )?(?:[A-ZĆŁŃÓŚŹŻ][\w.-]{1,30} ){1,3})\Z")
# 'Rynek 6', 'z Rynku 6'; 'Dziura na Lipowa 114', as in 'ulica Lipowa'.
_POLISH_ALONE: Final = re.compile(r"(?<!\w)(Rynek|Rynku|Rynkiem) \Z")
# Streets that are called after a day, with a capital that a date has not.
_NATIONAL_DAY: Final = re.compile(
    r"(?<![\w-])\d{1,2}(?:-go)? (?:Stycznia|Lutego|Marca|Kwietnia|Maja|Czerwca|Lipca|Sierpnia|Września|Października"
    r"|Listopada|Grudnia) \Z"
)
_POLISH_WHERE: Final = set_of("na przy z do od koło obok pod nad za w")
_POLISH_FEMININE: Final = re.compile(r"[A-ZĆŁŃÓŚŹŻ]\w{1,30}(?:ow|sk|ck|dzk|ist|yst|ln|rn|nn|czn|żn|śn)(?:a|ej|ą)")


def _says_no_name(word: str) -> bool:
    """Whether a word before does not make a surname of the next: it is no name itself, nor a title."""
    lower = word.lower().rstrip(".")
    return lower in _POLISH_WHERE or (not word[0].isupper() and lower not in CUES)


LIVING: Final = set_of(
    """
    woon woont woonachtig wonen wonende woonde adres adresse adresie address adressen osoite osoitteessa live lives
    living mieszkam mieszka zamieszkał zamieszkała zamieszkały zamieszkali zamieszkałe zamieszkałego zamieszkałej
    zamieszkałym zamieszkałych zam zameldowany zameldowana zameldowani bor bod bode bodd bodde asun asuu verhuisd
    moved flyttet muuttanut flat apartment woning leilighet leiligheten asunto mieszkanie ligplaats
    woonboot woonark
    """
)
_LIVES: Final = re.compile(
    r"(?<!\w)" + any_of(" ".join(LIVING)) + r"\b[^\d\n]{0,14}"
    r"(?:\b(?:op|aan|in|at|to|naar|van|from|na|przy|i|på|til|fra|is|er|on)?|[.:]):? ?\Z",
    re.IGNORECASE,
)
_ARTICLE_BEFORE: Final = re.compile(r"(?<!\w)(?:de|het|den|['’]t) \Z", re.IGNORECASE)
_CAPITALS: Final = re.compile(r"(?:[A-ZÀ-ŽØÅÆ][\w'’.-]{0,40} (?:(?:van|de|der|den|ten|ter) ){0,2}){1,4}\Z")
_POSTCODE_NEXT: Final = re.compile(
    r",? {0,2}\n? ?(?:[1-9]\d{3} ?(?:[A-Z]{2}|[a-z]{2})\b|\d{2}-\d{3}\b|\d{4,5} [A-ZÅÄÖØÆ][a-zåäöøæ]+"
    r"|[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b|te \d{4} ?[A-Z]{2})"
)
# The text is looked at again with placeholders: 'Groet, [NAAM], Zonnedauw 38'.
SIGNED: Final = frozenset(PLACEHOLDERS[language]["NAME"].strip("[]").lower() for language in LANGUAGES)
_SIGNED: Final = re.compile(r"\[" + any_of(" ".join(SIGNED)) + r"\](?:, ?|\n)\Z", re.IGNORECASE)
_LONGEST_SIGNED: Final = 16
_ENDS_LINE: Final = re.compile(r"[.,]?\s*(?:\n|\Z)")
_WINDOW: Final = 90
NUMBER_WORDS: Final = set_of("nr no nummer")
_NUMBER_WORD: Final = re.compile(" " + any_of(" ".join(NUMBER_WORDS)) + r"\.? \Z", re.IGNORECASE)
_AMOUNT: Final = re.compile(r"[€£$] ?\Z")
LOCATIVE: Final = set_of(
    """
    op aan bij tegenover naast langs nabij hoogte thv t.h.v bewoners bewoner woning at near opposite outside beside
    na przy koło obok ved utenfor på overfor osoitteessa kohdalla
    """
)
"""What stands before the name of a place, and hardly before that of a thing with a number."""


def streets(text: str, found: Groups, language: str) -> Iterator[Span]:
    """Streets with a house number and what follows it (suffix, stairwell, flat)."""
    for start, end in found:
        if end - start > 4 or text[start] == "0":
            continue
        before = text[start - 1] if start else ""
        after = text[end : end + 1]
        if not (start == 0 or before in " \n(,-:" or (before == "/" and start > 2)) or _AMOUNT.search(
            text, max(0, start - 2), start
        ):
            continue
        if before in " ," and start >= 2:
            street = _before(text, start, end, language)
            if street:
                yield street
                continue
        if (
            after
            and (after in " ,-/\u2013" or after.isalpha())
            and _HOUSE.match(text, start)
            and not _YEAR.match(text, start)
        ):
            yield from _english(text, start, end, language)


def _before(text: str, start: int, end: int, language: str) -> Span | None:
    """The street whose name stands before a number."""
    house_at = start
    if language != "pl" and (between := _NUMBER_WORD.search(text, max(0, start - 10), start)):
        start = between.start() + 1
    at = text.rfind(" ", max(0, start - 46), start - 1) + 1
    word = text[at : start - 1].rpartition("\n")[2].lstrip("(\"'„“«[")
    if not word or not (word[-1].isalpha() or word[-1] in ".,'’"):
        return None
    bare = word.rstrip(".,").lower()
    capital = word[0].isupper()
    is_lettered = text[end : end + 1].isalpha() and not text[end + 1 : end + 2].isalnum()
    floor = max(0, start - _WINDOW)
    day = _NATIONAL_DAY.search(text, floor, start) if language == "pl" else None
    is_short = word.endswith(".") and language in SHORTENED
    may_be_street = (
        capital or is_short or is_lettered or bare.endswith(PLAIN_TAILS) or language == "pl" or bare in ALL_ALONE
    )
    if not day and (bare in NOT_A_STREET or not may_be_street):
        return None
    house = _HOUSE.match(text, house_at)
    if not house or (_YEAR.match(text, house_at) and not _POSTCODE_NEXT.match(text, end)):
        return None
    end = _with_tail(text, end)
    if day:
        return Span(day.start(), end, "ADDRESS", "street (pl) and number", 0.85)
    polish = None
    if language == "pl":
        polish = _POLISH_CUE.search(text, floor, start)
    elif "ul" in text[floor:start].lower():
        polish = _POLISH_CUE_SURE.search(text, floor, start)
    if polish and not _POLISH_NOT.search(_TWO_CALLED.sub("", polish.group(1))):
        return Span(polish.start(), end, "ADDRESS", "street (pl) and number", 0.9)
    words = _words_before(text[floor:start])
    if words:
        street = _street(words, language, is_lettered=is_lettered)
        if street:
            count, rule, confidence = street
            begin = _begin_of(text, floor, start, count)
            ordinal = _ORDINAL.search(text, max(0, begin - _LONGEST_ORDINAL), begin)
            return Span(ordinal.start() if ordinal else begin, end, "ADDRESS", rule, confidence)
        if language == "pl" and (without_cue := _polish(text, floor, start, house.end(), words)):
            begin, rule = without_cue
            return Span(begin, end, "ADDRESS", rule, 0.7)
        if capital and len(bare) >= 3:
            return _unknown_street(text, floor, start, end)
    elif word[-1] == "," and bare.endswith(PLAIN_TAILS):
        return Span(start - 1 - len(word), end, "ADDRESS", "street and number", 0.8)
    return None


def _polish(text: str, floor: int, start: int, house_end: int, words: list[str]) -> tuple[int, str] | None:
    """Where a Polish street begins that no word for a street stands before, and the rule; None if it is none."""
    case = _POLISH_CASE.search(text, floor, start) or _POLISH_ALONE.search(text, floor, start)
    if case:
        return case.start(1), "street (pl) in a case and number"
    if _POLISH_FLAT.match(text, house_end) and (named := _POLISH_NAMED.search(text, floor, start)):
        return named.start(1), "name, house and flat (pl)"
    if _POLISH_FEMININE.fullmatch(words[-1]) and (len(words) < 2 or _says_no_name(words[-2])):
        return start - 1 - len(words[-1]), "street (pl) and number"
    return None


def named_places(text: str, found: Groups, language: str) -> Iterator[Span]:
    """Words with a capital that no list has and a house number, where a place stands: 'tegenover Zwanebloem 8'. Which
    those are `groups.Groups.of_named_places` tells."""
    for start, end in found:
        if _HOUSE.match(text, start):
            begin = text.rfind(" ", 0, start - 1) + 1
            yield Span(begin, _with_tail(text, end), "ADDRESS", "a name and a number where a place stands", 0.7)


def _with_tail(text: str, end: int) -> int:
    """Where a house number ends with what follows it: a suffix, a stairwell, a flat."""
    tail = _NUMBER_TAIL.match(text, end)
    return tail.end() if tail else end


def _words_before(text: str) -> list[str]:
    """The last words of a text that ends in a blank, with no more than one or two blanks between them."""
    words: list[str] = []
    blanks = 0
    for part in reversed(text.split(" ")[:-1] if text.endswith(" ") else []):
        if not part:
            blanks += 1
            if blanks > 1:
                break
            continue
        word = _WORD_END.search(part)
        if not word:
            break
        words.append(word.group())
        if word.start() or len(words) == _MOST_WORDS:
            break
        blanks = 0
    words.reverse()
    return words


def _begin_of(text: str, floor: int, start: int, count: int) -> int:
    """Where the last words before an offset begin, with what is written right before the first of them."""
    parts = text[floor:start].rsplit(None, count)
    first = parts[-count]
    at = text.index(first, floor + (len(parts[0]) if len(parts) > count else 0))
    return max(at, at + len(first) - _LONGEST_FIRST)


def _unknown_street(text: str, floor: int, start: int, end: int) -> Span | None:
    """A name that is no street by its form, but stands where an address does."""
    first = _CAPITALS.search(text, floor, start)
    if not first:
        return None
    begin = first.start()
    if article := _ARTICLE_BEFORE.search(text, max(0, begin - 4), begin):
        begin = article.start()
    if _LIVES.search(text, max(0, begin - 40), begin):
        return Span(begin, end, "ADDRESS", "name and number after 'lives at'", 0.75)
    if _POSTCODE_NEXT.match(text, end):
        return Span(first.start(), end, "ADDRESS", "name and number before a postcode", 0.85)
    if _SIGNED.search(text, max(0, begin - _LONGEST_SIGNED), begin) and _ENDS_LINE.match(text, end):
        return Span(begin, end, "ADDRESS", "name and number below who signs", 0.75)
    return None


def _street(words: list[str], language: str, *, is_lettered: bool) -> tuple[int, str, float] | None:
    """How many of the last words are the street's name, the rule, and how sure; None if they are no street.

    A number with a letter, `is_lettered`, makes one of a word in lower case that a number alone does not.
    """
    last = words[-1]
    bare = last.rstrip(".").lower()
    capital = last[0].isupper()
    if not capital and bare.endswith(_NO_TAILS.get(language, ())) and bare not in ALL_ALONE:
        return None
    if (shortened := SHORTENED.get(language)) and shortened.fullmatch(last):
        return 1, f"street ({language}), shortened, and number", 0.8
    for tongue in (language, *(t for t in _ENDINGS if t != language)):
        alone = bare in _ALONE.get(tongue, ())
        if not alone and not bare.endswith(_ENDINGS.get(tongue, ())):
            continue
        if alone and (len(words) < 2 or words[-2].lower() in _NOT_BEFORE):
            continue
        if alone and tongue != language and not (capital and words[-2][0].isupper()):
            continue
        plain = is_lettered or bare.endswith(PLAIN_TAILS)
        if not alone and not capital and not (plain and len(bare) >= _SHORTEST_IN_LOWER_CASE):
            continue
        if alone and len(bare) < 3 and not (last.endswith(".") or words[-2][0].isupper()):
            continue
        # 'Henrik Ibsens gate', but 'utenfor Torvet'.
        count = 2 if alone and not (capital and words[-2][0].islower()) else 1
        # The capitalised words before belong to it: 'Burgemeester van der Hoopstraat'.
        while count < len(words):
            word = words[-count - 1]
            if word[-1] == "." and len(word) > 3 and not word[0].isupper():
                break
            is_title = word.lower() in _STREET_TITLES
            if (
                word[0].isupper()
                and (word in _CAPITAL_INFIXES or word.lower().rstrip(".") not in _NOT_PART)
                and not (word[-1] == "." and len(word) > 4 and not is_title)
            ):
                count += 1
            elif count + 1 < len(words) and word.lower() in _INFIXES and words[-count - 2][0].isupper():
                count += 2
            else:
                break
        return count, f"street ({tongue}) and number", 0.9 if capital else 0.8
    return None


_ENGLISH: Final = re.compile(
    r"[A-Za-z]?(?:[-\u2013/]\d{1,4}[A-Za-z]?)?,? {1,2}"
    r"(?:(?:(?:[A-Z][\w'’.-]{0,30}|the|of|y|le) ){0,4}[A-Z][\w'’-]{0,30} (?i:" + any_of(_TAILS["en"]) + r")"
    r"|[A-Z][a-z]{2,20}(?:" + "|".join(ENGLISH_ENDINGS) + r")|Heol (?:[A-Z]?[\w'’-]{1,30} ?){1,3})\b\.?"
)
_ENGLISH_LOWER: Final = re.compile(
    r"[A-Za-z]?(?:[-\u2013/]\d{1,4}[A-Za-z]?)? {1,2}(?:[\w'’-]{2,30} ){1,3}"
    r"(?:street|road|lane|avenue|close|drive|crescent|grove|terrace|gardens|rd|ave)\b",
    re.IGNORECASE,
)
_HOUSE_BEFORE: Final = re.compile(
    r"(?:(?i:flat|apt\.?|apartment|unit) ?\d{1,4}[A-Za-z]?,? |(?<!\w)[Nn](?:o|r|umber)\.? "
    r"|(?:[A-Z][\w'’]{1,20} ){0,2}[A-Z][\w'’]{1,20}, )\Z"
)


def _english(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    found = _ENGLISH.match(text, end)
    if not found and language in ("en", "other"):
        found = _ENGLISH_LOWER.match(text, end)
    if found:
        before = _HOUSE_BEFORE.search(text, max(0, start - 60), start)
        begin = start
        # A house's name counts at the start of a line only: 'Rose Cottage, 3 Quay Hill'.
        if before and (
            text[before.start()].lower() in "faun" or before.start() == 0 or text[before.start() - 1] in "\n "
        ):
            begin = before.start()
        yield Span(begin, found.end(), "ADDRESS", "number and street (en)", 0.9)
