"""The words beside a number that say what it is the number of, in Dutch, English, Polish, Norwegian and Finnish.

Inflected forms, compounds (`zaaknummer`, `rakennuslupahakemus`, `byggesak`) and the commonest slips of the keyboard.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

_AWAY = 4  # words that may stand between a label and its number


class Role(Enum):
    NUMBER_LABEL = auto()  # names the number of a case: zaaknummer, kenmerk, reference
    CASE = auto()  # names the case itself: zaak, melding, application
    NUMBER = auto()  # nr, nummer, number
    FILLER = auto()  # het, is, my, under
    OTHER_THING = auto()  # names the number of something else: order, KvK, factuur, tel
    WORD = auto()


_NUMBER_WORD = r"(?:nummers?|nrs?|no|num|number|numbers|numer\w{0,3}|numero\w{0,4}|id|code|kod|kode)"
_CASE_STEMS = (
    # nl
    r"zaak|zaken|zaaks|melding|meldings|meldingen|meld|aanvraag|aanvraags|dossier|dossiers|klacht|klachten|bezwaar"
    r"|vergunning|vergunnings|omgevingsvergunning|ticket|incident|beschikking|beschikkings|besluit|registratie|procedure"
    r"|ontvangst|signaal|casus|verzoek|aangifte|correspondentie|brief|behandel"
    # en
    r"|case|cases|report|request|application|complaint|enquiry|inquiry|objection|appeal|incident|planning|permit|claim|job"
    # pl, with and without its own letters
    r"|spraw[aęyąi]|sprawie|zgłoszeni\w{1,3}|zgloszeni\w{1,3}|wnios\w{2,5}|decyzj\w{1,3}|pism\w{1,3}|odwołani\w{1,3}"
    r"|odwolani\w{1,3}|skarg\w{1,2}|skardze|wezwani\w{1,3}|postanowieni\w{1,3}"
    # nb
    r"|sak|saka|saken|saker|saks|byggesak\w{0,2}|\w{3,14}sak(?:en)?|vedtak(?:et)?|søknad\w{0,3}|soknad\w{0,3}"
    r"|henvendelse\w{0,2}|klage\w{0,2}|meldt|meldinga|journal|innsyn"
    # fi
    r"|asia\w{0,3}|päätö\w{1,8}|paato\w{1,8}|\w{0,12}ilmoitu\w{1,7}|\w{0,12}hakemu\w{1,7}|oikaisuvaatimu\w{1,7}"
    r"|tiket\w{1,6}|valitu\w{1,7}|tapau\w{1,8}|palaut\w{1,6}|\w{0,10}lupa|luvan|lupani"
)
_NUMBER_LABELS = (
    # as people type them in haste
    r"(?:za+k-?num+er|za+ksnum+er|meldings?-?num+er|saks?-?num+er|ref+er[ae]n[csz]e?|ref+erence|refrence|refernce|refrentie|kenmrk"
    r"|asianro|asianum+ero)"
    r"|(?:\w{0,12}kenmerk\w{0,2}|referen[ct]ie\w{0,2}|reference|references|referencji|referanse\w{0,2}|ref|refnr|refno"
    r"|zaaknr|meldnr|zaakid|onskenmerk|uwkenmerk|znak\w{0,3}|sygn|sygnatur\w{1,2}|dnro|diaari\w{0,12}|arkivsak\w{0,4}"
    r"|\w{0,12}tunnus\w{0,4}|viite\w{0,8}|arkivref)"
    rf"|\w{{0,12}}(?:{_CASE_STEMS}|referen[ct]ie|referanse|ref|kenmerk|lupa|hakemus|päätös|ilmoitus|palaute|tapaus|diaari)"
    rf"-?(?:{_NUMBER_WORD}|n:o|nro\w{{0,3}}|tunnus\w{{0,4}}|nummeret|nummer\w{{0,2}})"
)
_OTHER_THINGS = (
    # orders, invoices, accounts
    r"order\w{0,8}|bestel\w{0,10}|bestilling\w{0,6}|zamówieni\w{1,3}|zamowieni\w{1,3}|tilau\w{1,9}|factu\w{1,10}|faktur\w{0,9}"
    r"|invoice\w{0,2}|lasku\w{0,8}|bill|rekening\w{0,8}|iban|konto\w{0,8}|kont[ao]|tili\w{0,8}|account|betalings\w{0,10}|kid"
    r"|klant\w{0,8}|customer|klient\w{0,3}|kunde\w{0,8}|asiakas\w{0,8}|debiteur\w{0,8}|polis\w{0,8}|pakket\w{0,8}|track\w{0,10}"
    r"|zending\w{0,8}|parcel|paczk\w{1,2}|pakke\w{0,8}|artikel\w{0,8}|serienummer|serial"
    # companies and meters
    r"|kvk\w{0,8}|rsin|btw\w{0,8}|vat|nip|regon|krs|org|orgnr|organisasjonsnummer|ytunnus|meter\w{0,8}|tellerstand"
    r"|licznik\w{0,3}|måler\w{0,9}|maler\w{0,9}|mittari\w{0,8}|ean|barcode|streepjescode|strekkode\w{0,2}|viivakoodi\w{0,3}|gtin"
    # telephones and addresses
    r"|tel|telefoon\w{0,8}|telefon\w{0,8}|telephone|phone|mobiel\w{0,2}|mobil\w{0,5}|mobile|mob|mobnr|gsm|tlf"
    r"|puh|puhelin\w{0,8}|kom[oó]rk\w{1,2}|whatsapp|sms|postcode|postal|pocztowy|postnummer|postinumero"
    # persons
    r"|bsn\w{0,8}|burgerservicenummer|sofi\w{0,8}|pesel\w{0,3}|personnummer\w{0,2}|f[øo]dselsnummer\w{0,2}|fnr|hetu\w{0,3}"
    r"|henkilötunnu\w{0,6}|nino|ni|nhs|insurance|paspoort\w{0,8}|passport|rijbewijs\w{0,8}|paszport\w{0,3}|dow[oó]d\w{0,3}|pass"
    r"|passi\w{0,3}|geboren|geb|born|dob|urodzon\w{1,2}|ur|født|fodt|syntynyt|synt"
    # things with numbers on them
    r"|kenteken\w{0,6}|plate|rejestrac\w{2,6}|rekisteri\w{0,9}|skilt\w{0,3}|regnr|lijn\w{0,2}|line|bus\w{0,3}|linia|linii|linja"
    r"|linje|tram\w{0,2}|kamer\w{0,7}|room|pok[oó]j\w{0,2}|huone\w{0,4}|loket|counter|okienk\w{1,2}|volgnummer|wachtnummer|queue"
    r"|vuoronumero\w{0,3}|numerek|kølapp\w{0,2}|kø|kaart\w{0,8}|card|kart\w{1,3}|kort\w{0,8}|euro|eur|art|paragraaf|ust|dz|poz"
)
_FILLERS = (
    r"is|was|als|het|de|een|mijn|m|n|uw|ons|onze|jullie|onder|met|van|over|op|bij|eh|uh|ehm|nog|dit|deze|die|dat|in|staat|volgens"
    r"|the|a|an|my|your|our|under|with|of|on|it|its|has|this|that|s|was|got|given|as"
    r"|jest|to|moja|moje|mojej|moim|moją|mój|pod|o|w|z|na|ta|ma|dnia"
    r"|er|som|min|mitt|deres|fra|med|på|om|den|det|har|fikk"
    r"|on|oli|minun|se|numerolla"
)
_ROLES: tuple[tuple[re.Pattern[str], Role], ...] = tuple(
    (re.compile(words), role)
    for words, role in (
        (_OTHER_THINGS, Role.OTHER_THING),
        (_NUMBER_LABELS, Role.NUMBER_LABEL),
        (_CASE_STEMS, Role.CASE),
        (rf"{_NUMBER_WORD}|nro\w{{0,3}}|n", Role.NUMBER),
        (_FILLERS, Role.FILLER),
    )
)


@lru_cache(maxsize=8192)
def role_of(word: str) -> Role:
    """What a word, in lower case, says of a number beside it."""
    for pattern, role in _ROLES:
        if pattern.fullmatch(word):
            return role
    return Role.WORD


class Label(NamedTuple):
    role: Role | None  # NUMBER_LABEL, CASE, OTHER_THING, or None
    away: int  # words between it and the candidate that are no fillers


_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_ABBREVIATION = re.compile(
    r"\w{0,12}(?:nr|ref|no|sygn|dnro|zn|zgł|dec|tel|art|mob|puh|tlf|poz|ust|geb|ur)", re.IGNORECASE
)
_STOP = re.compile(r"[.!?;@/0-9]")
_COPULA = frozenset({"is", "was", "to", "jest", "er", "on", "oli", "being"})


def label_before(text: str, start: int, letters: int) -> Label:
    """The nearest label among so many letters before a place, in the same sentence."""
    stretch = text[max(0, start - letters) : start]
    away, numbered, upto = 0, False, len(stretch)
    words = list(_WORD.finditer(stretch))
    for place in range(len(words) - 1, -1, -1):
        word = words[place]
        gap = stretch[word.end() : upto]
        if (stop := _STOP.search(gap)) and not (stop.group() == "." and _ABBREVIATION.fullmatch(word.group())):
            break
        if "\n\n" in gap and away:
            break
        upto = word.start()
        role = role_of(word.group().casefold())
        if role is Role.NUMBER:
            numbered = True
        elif role is Role.WORD:
            away += 1
            if away > _AWAY:
                break
        elif role is not Role.FILLER:
            owner = _word_before(stretch, words, place)
            if role is Role.CASE and not away and (numbered or owner is Role.NUMBER):
                role = Role.NUMBER_LABEL  # "zaak nr", "numer sprawy"
            elif owner is Role.OTHER_THING:
                role = owner  # "invoice reference"
            return Label(role, away)
    return Label(None, away)


def _word_before(stretch: str, words: list[re.Match[str]], place: int) -> Role | None:
    """The role of the word before one, where nothing but space is between them."""
    if place == 0 or not stretch[words[place - 1].end() : words[place].start()].isspace():
        return None
    return role_of(words[place - 1].group().casefold())


def label_after(text: str, end: int) -> bool:
    """Whether a label follows: "2026-1187 is mijn zaaknummer"."""
    stretch = text[end : end + 40]
    words = [word.casefold() for word in _WORD.findall(_STOP.split(stretch, maxsplit=1)[0])[:4]]
    if not words or words[0] not in _COPULA:
        return False
    roles = [role_of(word) for word in words[1:]]
    for place, role in enumerate(roles):
        if role is Role.CASE:
            return Role.NUMBER in roles[max(0, place - 1) : place + 2]
        if role not in (Role.FILLER, Role.NUMBER):
            return role is Role.NUMBER_LABEL
    return False
