"""What is called after somebody and is no person: companies, streets and buildings, storms, brands.

One is told by what stands before the words that may be a name, behind them, or by how the last of them ends.
"""

import re
from typing import Final, NamedTuple

from pipelines.personal_data import public
from pipelines.personal_data.kinds import kind_of
from pipelines.personal_data.reading import Line
from pipelines.personal_data.wordlists import set_of

# 'Peek & Cloppenburg' is a shop, 'Kwame & Saoirse' are two people.
_AND_CAPITAL: Final = re.compile(r" & ([^\W\d_]+)")
_CAPITAL_AND: Final = re.compile(r"([^\W\d_]+) & \Z")
# A company keeps its name, and so does a street, a square or a school that is called after somebody.
_NO_PERSON_AFTER: Final = re.compile(
    r"['’]?s? (?:&|en|and|og|ja|i|u\.) (?:Zn|Zoon|Zonen|Zn\.|Sons?|Co|Partners|Synowie|Syn|Sønner|Sønn|Pojat|Kumpp)\b"
    r"|(?: [A-ZÅÄÖØÆŁ&][\w&-]*){0,3} (?:B\.? ?V|N\.? ?V|V\.?O\.?F|Ltd|LLP|plc|PLC|Inc|GmbH|AS|ASA|ANS|Oyj?|Ky"
    r"|Sp\. ?z|S\.A|s\.c|Groep|Group|Arms)\b"
    r"|['’]?s?[ -](?:[Ss]traat|[Ll]aan|[Pp]lein|[Mm]arkt|[Gg]racht|[Kk]ade|[Ss]ingel|[Ss]luis|[Ss]teeg|Street|Road|rd"
    r"|Rd|Lane|Avenue|Ave|Way|Close|Walk|Ride|Square|Gardens|Park|School|Station|Inn|Stadium|Theatre"
    r"|Hospital|Church|Hall|House|Garden|Green|Farm|Court|Bridge|Estate|Library|Surgery|Academy|College|Primary|Playground"
    r"|Wood|Woods|Mill|Tower|Towers|Trust|Foundation|Society|Centre|gate|gata|vei|veien|vegen"
    r"|plass|torg|senter|senteret|sykehus|barnehage|kirke|skole|katu|kadu\w+|tie|tien|tiellä|kuja\w*|polku|polu\w+"
    r"|puisto\w*|aukio\w*|tori\w*|silta|koulu\w*"
    r"|[Ss]chool|[Pp]ark|[Bb]rug|[Tt]unnel|[Ff]onds|[Bb]uurt|[Ww]ijk|[Pp]rijs|[Tt]oernooi|[Zz]iekenhuis|[Kk]erk|[Mm]useum|[Ss]tadion|Centrum|Center|Residence)\b"
)
# In Finnish alone: 'informatie' ends like a street there.
_NO_FINN_AFTER: Final = re.compile(r" \w+(?:tie|katu|kadulla|polku|kuja|puisto|koulu|kirkko|talo)\b")
_STORMS: Final = set_of("storm orkaan orkan hurricane wichura huragan myrsky stormen")
# 'Bakkerij Jansen' is a shop, 'speeltuin De Vrolijke Vos' a playground, 'storm Ciarán' a storm.
BUSINESSES: Final = (
    set_of(
        """
    bakkerij slagerij kapsalon café cafe restaurant garage hotel firma apotheek autobedrijf aannemersbedrijf
    makelaardij notariskantoor basisschool school stichting brasserie eetcafé drogisterij juwelier bloemist
    hoveniersbedrijf bouwbedrijf taxi transportbedrijf rijschool manege camping kliniek piekarnia apteka salon
    restauracja zakład hurtownia cukiernia kwiaciarnia przychodnia rørlegger salong kafé kafe brødrene frisør bakeri
    malermester tannlege leipomo kahvila parturi ravintola kampaamo kauppa hotelli taksi
    zwembad speeltuin sporthal buurthuis wijkcentrum dorpshuis verzorgingshuis zorgcentrum kinderdagverblijf
    kinderopvang theater museum bibliotheek lyceum college vereniging voetbalclub scouting supermarkt pub nursery
    academy przedszkole szkoła szkole szkoły liceum teatr kino muzeum fundacja stowarzyszenie klub barnehage
    barnehagen skole sykehjem sykehjemmet borettslag borettslaget idrettslag butikk päiväkoti päiväkodin koulu
    koulun hoivakoti palvelutalo uimahalli lukio yhdistys bar baru barze zajazd karczma pizzeria gospoda
    ijssalon wijkcomité buurtcomité feestzaal theehuis eethuis snackbar restauracji kawiarnia kawiarni piekarni
    restauranten treningssenter gatekjøkken bakeriet ravintolassa kahvilassa kahvilan pizzeriassa kampaamossa
    """
    )
    | _STORMS
)
# 'park Rozendaal', 'ulicę Adama Asnyka': what is called by the words behind it, in one language. In English they stand
# before it; and but for Polish a first name behind it is rather a person's: 'In het park Ahmed gezien?'
_PLACES: Final = {
    "nl": set_of("boerderij kwekerij zaal park sportpark brug sluis wijk buurt polder rotonde parkeergarage"),
    "pl": set_of(
        """
    ulica ulicy ulicę ulice plac placu skwer skweru rondo ronda rondzie aleja alei aleję osiedle osiedlu osiedla pomnik
    pomnika kościół kościoła sklep sklepu park parku parkiem basen basenie most mostu moście las lasu dworzec dworcu
    stadion stadionie hala hali przystanek przystanku pętla pętli rynek rynku jezioro jeziora jeziorem baru barze
    """
    ),
    "nb": set_of("parken broen stasjon holdeplass holdeplassen skolen kirken kiosk kiosken"),
    "fi": set_of("pysäkki silta asema"),
}
_BUSINESS_ENDINGS: Final = tuple(
    set_of(
        """
    vereniging school club hotel museum winkel bakkerij tehuis centrum zaal comité salon bedrijf handel stichting
    forening klubb skole senter seura koulu
    """
    )
)
"""What longer words for them end in: 'gymnastiekvereniging', 'idrettsforening'."""
STREET_WORDS: Final = set_of(
    "street road rd lane avenue ave close drive grove crescent terrace square gardens way walk ride mews row"
)
_GREENS: Final = set_of("park hill green wood woods mill common heath bridge gate house hall field fields court")
_AT_GREENS: Final = set_of("in at through near outside along across around behind opposite towards inside")
_STREET: Final = re.compile(
    r"[^\W\d_]{3,}(?:straat|laan|plein|gracht|kade|singel|steeg|plantsoen|dreef|weg|stadion|school|park|ziekenhuis"
    r"|gata|gaten|veien|vegen|plassen|torget"
    r"|parken|skolen|katu|kadulla|kadun|kuja|kujan|polku|puisto|puiston|puistossa|tori|torilla)(?!\w)",
    re.IGNORECASE,
)

# What surnames end in too: 'mevrouw Zandbrug'.
_BUILDING: Final = re.compile(
    r"[^\W\d_]{3,}(?:kerk|kapel|flat|paleis|zaal|theater|museum|brug|tunnel|toren|molen)(?!\w)", re.IGNORECASE
)

_LONGEST_CALLED: Final = 3
_BEFORE_CALLED: Final = frozenset((" ", "\n", " '", " ’", ' "', " „", " “", " «", " (", ": "))


def _is_called_so(line: Line, place: int, *, is_first: bool) -> bool:
    """Whether words with capitals, of which the one at a place is the last before a name, follow what kind of business,
    building or place they and the name are the name of. `is_first` is whether that is a first name."""
    places = _PLACES.get(line.language, ()) if line.language == "pl" or not is_first else ()
    for at in range(place, max(-1, place - _LONGEST_CALLED), -1):
        if line.gap(at) not in _BEFORE_CALLED:
            return False
        if (lower := line[at].lower()) in BUSINESSES or lower in places or lower.endswith(_BUSINESS_ENDINGS):
            return True
        if not line.text[line.starts[at]].isupper():
            return False
    return False


class Named(NamedTuple):
    """Words of a text that may be a name: the places of the first and the last, that of the word before what belongs to
    them (-1 if there is none), and where they begin and end in the text."""

    line: Line
    first: int
    last: int
    before: int
    start: int
    end: int


def is_namesake(named: Named, kinds: tuple[str, str], told: tuple[bool, bool], *, is_titled: bool) -> bool:
    """Whether words are the name of no person. `kinds` are what the lists say of the first and the last of them, in a
    letter; `told` is whether a cue stands before them, and `is_titled` whether that before the first is a title."""
    line, first, last, before, start, end = named
    text = line.text
    last_word = line[last].lower()
    if _NO_PERSON_AFTER.match(text, end) or (line.language == "fi" and _NO_FINN_AFTER.match(text, end)):
        return True
    if last_word in STREET_WORDS and not told[1]:
        return True
    # 'snow in Willow Park'; but 'it was Hye-jin Park'.
    if before >= 0 and last_word in _GREENS and line[before].lower() in _AT_GREENS and line.gap(before) == " ":
        return True
    if not told[0] and (
        _is_called_so(line, before, is_first=kinds[0] in "Ff") or (first < last and line[first].lower() in _STORMS)
    ):
        return True
    if not told[0] and public.covers(line, first, last):
        return True
    if kinds[1] in "udWi" and _STREET.search(text, line.starts[last], end):
        return True
    if kinds[1] in "udWi" and not is_titled and _BUILDING.search(text, line.starts[last], end):
        return True
    partner = _AND_CAPITAL.match(text, end) or (
        text.endswith(" & ", 0, start) and _CAPITAL_AND.search(text, max(0, start - 40), start)
    )
    if not partner or kinds[0] in "FBfb":
        return False
    return kind_of(partner.group(1), line.language)[0] not in "FBfb"
