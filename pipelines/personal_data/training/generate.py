# ruff: noqa: E501, S311
"""Makes labelled comments for training from templates and the shipped word list. No line of an evaluation set goes in.

A template line holds `[this|or that]` choices and `{SLOT}`s. Slots of persons are marked; the same names also fill
streets, companies and schools, unmarked, so that only context tells.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipelines.personal_data.inflection import bases
from pipelines.personal_data.reading import DATUM
from pipelines.personal_data.training.written import ANEW, with_names, written
from pipelines.personal_data.words import LANGUAGES, Code, words

TEMPLATES = Path(__file__).with_name("templates")
HANDS = (TEMPLATES, TEMPLATES / "more")
"""Folders of templates, each by another hand."""
CHOICES = 15
FAMILIAR = 4  # how much more often a name is drawn that texts have often
STRANGE = 6  # how much less often one is, with accents that the language has not
ACCENTS = {"nl": "éèëïöüáóç", "en": "é", "pl": "ąćęłńóśźż", "nb": "æøåéóòüö", "fi": "äöåšž"}
CAPITALS = 0.2  # of the sentences without names
WRITTEN = 0.4  # of the comments are written by hand
MARKED = {"N", "F", "S", "I", "NA", "IS", "Fi", "Si", "Ni", "NAi", "NAs"}
_CHOICE = re.compile(r"\[([^\[\]]*)\]|\(([^()\[\]]*\|[^()\[\]]*)\)")
_SLOT = re.compile(r"\{([A-Za-z]+)(?::(\w+))?\}")


class Example(NamedTuple):
    """A text, its language and the spans of its names."""

    text: str
    language: str
    spans: list[tuple[int, int]]


def title(word: str) -> str:
    """With a capital at the start of each part."""
    return re.sub(r"(^|[-' ])([^\W\d_])", lambda m: m.group(1) + m.group(2).upper(), word)


@cache
def pools(language: str) -> dict[str, tuple[list[str], list[float]]]:
    """First names, surnames (local and foreign), ordinary words by frequency, towns and brands."""
    listed, codes = words()
    number = LANGUAGES.index(language)
    found: dict[str, tuple[list[str], list[float]]] = {
        key: ([], [])
        for key in (
            "first",
            "last",
            "first abroad",
            "last abroad",
            "word",
            "noun",
            "town",
            "brand",
            "proper",
            "both first",
            "both last",
            "foreign",
        )
    }

    def put(key: str, word: str, weight: float) -> None:
        found[key][0].append(word)
        found[key][1].append(weight)

    strength = (0.0, 1.0, 6.0, 30.0)
    at_home = re.compile(f"[a-z{ACCENTS[language]}' -]+")
    for word, place in listed.items():
        code = codes[place]
        common = code.common[number]
        met = (FAMILIAR if 5 in code.common else 1) / (1 if at_home.fullmatch(word) else STRANGE)
        form = language == "fi" and _is_form(word, listed, codes)
        if code.first and not form:
            # Polish forms are in the list too; a form may be met anywhere a first name is.
            key = "first" if code.first_in[number] else "first abroad"
            if code.first >= 2 and 2 <= common <= 4 and (code.first_in[number] or code.first == 3):
                put("both first", word, 1)
            put(key, word, met * strength[code.first] / (6 if common == 4 else 2 if common in (2, 3) else 1))
        if code.last and len(word) > 2 and not form:
            key = "last" if code.last_in[number] else "last abroad"
            if code.last >= 2 and 2 <= common <= 4 and code.last_in[number]:
                put("both last", word, 1)
            put(key, word, met * strength[code.last] / (20 if common == 4 else 3 if common == 3 else 1))
        if 1 <= common <= 4 and not code.first and code.last <= 1 and len(word) > 1:
            put("word", word, 4.0**common)
            if 4 <= len(word) <= 9 and common <= 3 and not code.last:
                put("noun", word, common)
        elif 1 <= common <= 4:
            # A common name is met often for being a name, hardly for being a word.
            put("word", word, (0.05 if code.first >= 2 or code.last >= 2 else 0.4) * 4.0**common)
        elif common == 5 and not (code.first or code.last) and len(word) > 3:
            put("proper", word, 1)
        if code.foreign and not common and not (code.first or code.last):
            put("foreign", word, 1)
        if code.place:
            put("town", word, 0.3 if code.first >= 2 or code.last >= 2 else 1)
        if code.organisation:
            put("brand", word, 1)
    return found


_FINNISH_FORM = re.compile(
    r"\w+(?:ns[aä]|poika|tytär|oj[ae]n?|oi(?:n|t[aä]|hin|ss[aä]|st[aä]|ll[ae]|lt[aä]|ksi)|itt[aä])"
)


def _is_form(word: str, listed: Mapping[str, int], codes: list[Code]) -> bool:
    """Whether a Finnish name is another in one of its cases: the templates say in which one it is to be."""
    return bool(_FINNISH_FORM.fullmatch(word)) or any(
        base in listed and (codes[listed[base]].first >= 2 or codes[listed[base]].last >= 2)
        for base in bases(word, "fi")
    )


MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en": "January February March April May June July August September October November December",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu",
}
DAYS = {
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "pl": "poniedziałek wtorek środę czwartek piątek sobotę niedzielę",
    "nb": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "fi": "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai",
}
LABELS = {
    "nl": "Tel Telefoon telefoonnummer Mobiel mobiel Adres adres Postcode postcode BSN bsn Rekening IBAN rekeningnummer Klantnummer Kenteken kenteken Geboortedatum geb Kenmerk Zaaknummer zaaknummer Melding melding Ref Referentie Email E-mail mail tel T M Dossier Factuur Aanvraag ip IP-adres Pasnummer Dossiernummer",
    "en": "Tel Phone phone Mobile Address address Postcode BSN Account IBAN DOB Born Reference Ref ref Case Email email Ticket Licence Plate Reg NI NINO Invoice Order IP Passport Contact",
    "pl": "Tel tel Telefon telefon Adres adres Kod PESEL Pesel Konto konto Sprawa Numer numer Nr nr Rejestracja Mail mail E-mail Decyzja Data ur Wniosek IP kom",
    "nb": "Tlf tlf Telefon Mobil mob Adresse adresse Postnr Fødselsnummer fødselsnummer fnr Konto konto Sak sak Saksnummer Ref ref E-post epost Skilt Regnr Født født Referanse IP",
    "fi": "Puh puh Puhelin Osoite osoite Postinumero Hetu hetu Henkilötunnus Henkilötunnukseni Tili tili Asia Asianumero Rekisteri Sähköposti sähköposti Syntynyt synt s Tunnus IP Numero numero Dnro",
}
LEADS = {
    "nl": ("van", "van de", "de", "het", "in", "bij", "naar", "te", "uit", "en", "op de", "aan de", "door", "via", ""),
    "en": ("of", "the", "in", "at", "near", "to", "from", "and", "by", "on", "via", ""),
    "pl": ("w", "na", "z", "do", "i", "przy", "od", "przez", "ulicy", ""),
    "nb": ("i", "på", "av", "til", "fra", "ved", "og", "hos", "den", ""),
    "fi": ("ja", "tai", "että", "kun", "on", "myös", ""),
}
INFIXES = ("van", "van", "de", "de", "van de", "van der", "van den", "ten", "ter", "den", "van 't", "'t")
ABROAD_INFIXES = (
    "El ",
    "Al ",
    "El-",
    "Al-",
    "Ben ",
    "da ",
    "dos ",
    "de la ",
    "von ",
    "bin ",
    "Van ",
    "Abu ",
    "Mac",
    "O'",
)


class Maker:
    """Fills templates of one language."""

    def __init__(self, language: str, chance: random.Random, sentences: list[str], hands: int = len(HANDS)) -> None:
        self.language = language
        self.sentences = sentences
        self.chance = chance
        self.pools = pools(language)
        self.cumulative = {key: list(_running(weights)) for key, (_, weights) in self.pools.items()}
        positive: list[str] = []
        negative: list[str] = []
        into = positive
        lines = (line for hand in HANDS[:hands] for line in (hand / f"{language}.txt").read_text("utf-8").splitlines())
        for line in lines:
            if line.startswith("# "):
                into = positive if line == "# positive" else negative
            elif line:
                # A line with many choices stands for as many lines.
                into += [line.replace("\\n", "\n")] * (1 + line.count("|") // CHOICES)
        # Names where nothing around them says so: what a capital and a list are worth by themselves.
        bare = [
            "{WW} {N} {WW}",
            "{WW} {F} {WW}",
            "{WW} {S} {WW}",
            "{WW} {NA} {WW}",
            "{WW} {NA}",
            "{F} {WW}",
            "{N} {WW}",
            "{WW} ({NA}) {WW}",
            "{WW}, {NA} {WW}",
        ]
        if language == "pl":
            bare += ["{WW} {NAi} {WW}", "{WW} {Si} {WW}", "{WW} {Fi} {WW}", "{NAi} {WW}", "{WW} {Ni}"]
        if language == "fi":
            bare += [
                f"{{WW}} {{{who}:{case}}} {{WW}}" for who in ("Nfi", "Ffi", "Sfi") for case in ("n", "lle", "lta", "a")
            ]
        if language in ("nb", "nl", "en"):
            bare += ["{WW} {NAs} {WW}", "{NAs} {WW}"]
        self.positive, self.negative = positive + bare * (len(positive) // (3 * len(bare)) + 1), negative
        self.fillers = [
            "{WW}",
            "{CAPW} {WW}",
            "{WW} {WW}",
            "{C} {WW}",
            "{LAB} {X}",
            "{LAB}: {X} {WW}",
            "{WW} {X} {WW}",
            "{X} {T} {WW}",
            "{WW} ({ABB}) {WW}",
            "{ST} {WW}",
            "{T} {WW}",
            "{VEN} {WW}",
            "{WW} {PRO}",
            "{C}",
            "{CAPW}",
            "{CAPW} {W}",
            "{CAPW} {NUM}",
            "{PRO} {WW}",
        ] * 2

    def pick(self, pool: str) -> str:
        items = self.pools[pool][0]
        return self.chance.choices(items, cum_weights=self.cumulative[pool])[0]

    # Names

    def first(self) -> str:
        name = title(self.pick("first" if self.chance.random() < 0.7 else "first abroad"))
        roll = self.chance.random()
        if roll > 0.92:
            name = title(self.pick("both first"))
        elif roll < 0.03:
            name += self.chance.choice("- ") + title(self.pick("first"))
        elif roll < 0.09:
            name = self.odd(name)
        elif roll < 0.11:
            name = title(self.pick("proper"))
        return name

    def odd(self, name: str) -> str:
        """A name that no list has."""
        other = self.pick("last" if self.chance.random() < 0.5 else "first")
        cut = self.chance.randint(2, max(2, len(name) - 2))
        return title((name[:cut] + other[-self.chance.randint(2, 5) :]).lower())

    def last(self) -> str:
        chance = self.chance
        name = title(self.pick("last" if chance.random() < 0.7 else "last abroad"))
        roll = chance.random()
        if roll > 0.92:
            name = title(self.pick("both last"))
        elif roll < 0.10:
            name = self.odd(name)
        elif roll < 0.17:
            name = title(self.pick("proper"))
        elif roll < 0.19:
            name = title(self.pick("town"))
        elif roll < 0.23 and self.language in ("nl", "nb", "fi"):
            name = title(self.pick("noun") + self.pick("noun"))
        if self.language == "nl" and chance.random() < 0.3:
            infix = chance.choice(INFIXES)
            name = (infix if chance.random() < 0.7 else title(infix)) + " " + name
        elif chance.random() < 0.04:
            infix = chance.choice(ABROAD_INFIXES)
            name = infix + name
        if chance.random() < 0.07:
            name += "-" + title(self.pick("last"))
        return name

    def initials(self) -> str:
        letters = self.chance.choices("ABCDEFGHIJKLMNOPRSTWZ", k=self.chance.choice((1, 1, 1, 2, 2, 3)))
        style = self.chance.random()
        return (
            ". ".join(letters) + "."
            if style < 0.3
            else "".join(f"{c}." for c in letters)
            if style < 0.92
            else "".join(letters)
        )

    def full(self) -> str:
        chance = self.chance
        roll = chance.random()
        if roll < 0.14:
            return f"{self.initials()} {self.last()}"
        if roll < 0.20:
            return f"{self.first()} {self.first()} {self.last()}"
        if roll < 0.24:
            return f"{self.first()} {chance.choice('ABDEFHJKLMPRST')}. {self.last()}"
        if roll < 0.28:
            return f"{self.last()} {self.first()}"
        return f"{self.first()} {self.last()}"

    def someone(self) -> str:
        roll = self.chance.random()
        return self.first() if roll < 0.4 else self.full() if roll < 0.85 else self.last()

    # Inflection, roughly: enough that endings are met

    def genitive(self, name: str) -> str:
        return name if name[-1] in "sxz" and self.chance.random() < 0.6 else name + "s"

    def polish(self, name: str) -> str:
        return " ".join(self._polish(part) for part in name.split(" "))

    def _polish(self, word: str) -> str:
        pick = self.chance.choice
        for ending, forms in (
            ("ski", ("skiego", "skiemu", "skim", "skich", "ski")), ("cki", ("ckiego", "ckiemu", "ckim")),
            ("ska", ("skiej", "ską", "ska")), ("cka", ("ckiej", "cką")), ("ek", ("ka", "kowi", "kiem", "ku")),
            ("iec", ("ca", "cowi", "cem")), ("ia", ("ii", "ię", "ią", "i", "iu")), ("ka", ("ki", "ce", "kę", "ką", "ko")),
            ("ta", ("ty", "cie", "tę", "tą")), ("ra", ("ry", "rze", "rę", "rą")), ("na", ("ny", "nie", "nę", "ną", "no")),
            ("a", ("y", "ie", "ę", "ą", "o", "i")), ("o", ("y", "ie", "ę", "ą")), ("e", ("ego", "emu", "em")), ("y", ("ego", "emu", "ym")), ("i", ("ego", "emu", "im")),
        ):  # fmt: skip
            if word.endswith(ending) and len(word) > len(ending) + 1:
                return word[: -len(ending)] + pick(forms)
        if word[-1].isalpha() and word[-1] not in "ąęu":
            return word + pick(("a", "owi", "em", "iem", "ie", "owej", "ów", "om"))
        return word

    def finnish(self, name: str, case: str) -> str:
        *rest, word = name.split(" ")
        if rest and self.chance.random() < 0.3:
            rest = [self._finnish(part, case) for part in rest]
        return " ".join((*rest, self._finnish(word, case)))

    def _finnish(self, word: str, case: str) -> str:
        lower = word.lower()
        stem = word
        if lower.endswith("nen"):
            stem = word[:-3] + "se"
        elif lower.endswith("s"):
            stem = word[:-1] + "kse"
        elif lower[-1] not in "aeiouyäöå":
            stem = word + "i"
        elif case not in ("a", "an"):
            for strong, weak in (
                ("kk", "k"),
                ("pp", "p"),
                ("tt", "t"),
                ("nt", "nn"),
                ("lt", "ll"),
                ("rt", "rr"),
                ("mp", "mm"),
                ("nk", "ng"),
                ("ht", "hd"),
                ("t", "d"),
                ("ki", "e"),
            ):
                if strong == "ki" and lower.endswith("ki") and len(word) > 4:
                    stem = word[:-2] + "e"
                    break
                if strong != "ki" and lower[:-1].endswith(strong) and not lower[:-1].endswith(("st",)):
                    stem = word[: -1 - len(strong)] + weak + word[-1]
                    break
        back = any(c in "aou" for c in lower)
        a = "a" if back else "ä"
        endings = {
            "n": "n",
            "lle": "lle",
            "lta": "lt" + a,
            "lla": "ll" + a,
            "sta": "st" + a,
            "a": a if stem[-1] not in "aäe" else "t" + a,
            "an": stem[-1] + "n",
        }
        return stem + endings[case]

    # What is no person

    def company(self) -> str:
        chance, s, f = self.chance, self.last(), self.first()
        forms = {
            "nl": (f"{s} & Zn.", f"{s} en Zonen", f"Bakkerij {s}", f"Slagerij {s}", f"Garage {s}", f"{self.initials()} {s} Bouw B.V.", f"{f} {s} Transport BV", f"Kapsalon {f}", f"Café {f}", f"Van {s} Groep", f"Hoveniersbedrijf {s}", f"{s} Makelaars", f"Autobedrijf {f} {s}", f"{s} Advocaten", f"{s} Infra B.V.", f"Restaurant {f}", f"{s} & {self.last()} Notarissen"),
            "en": (f"{s} & Sons", f"{s} and Sons Ltd", f"{s} Bakery", f"{s} Construction Ltd", f"{s} & {self.last()} LLP", f"{f} {s} Ltd", f"{f}'s Cafe", f"{s} Homes", f"{s} Group plc", f"The {s} Arms"),
            "pl": (f"{s} i Synowie", f"Firma {s} Sp. z o.o.", f"Piekarnia {s}", f"{s} Bud S.A.", f"Apteka u {self.polish(f)}", f"Zakład {s}", f"Salon {f}", f"{s} Development Sp. z o.o."),
            "nb": (f"{s} & Sønner AS", f"{s} Bygg AS", f"Rørlegger {s} AS", f"{s} og {self.last()} ANS", f"{f}s Kafé", f"Salong {f}", f"Brødrene {s}", f"{s} Transport"),
            "fi": (f"{s} Oy", f"Rakennus {s} Oy", f"{s} & Pojat Oy", f"Leipomo {s}", f"Kahvila {f}", f"Kuljetus {s} Ky", f"Parturi {f}", f"{s} & Kumppanit"),
        }  # fmt: skip
        return chance.choice(forms[self.language])

    def street(self) -> str:
        chance = self.chance
        s, f = title(self.pick("last")), title(self.pick("first"))
        w = title(self.pick("noun"))
        end = {
            "nl": chance.choice(("straat", "laan", "weg", "plein", "gracht", "kade", "singel", "dijk", "park", "hof")),
            "en": chance.choice((" Street", " Road", " Lane", " Avenue", " Close", " Park", " Drive", " Way", " Square", " Gardens")),
            "pl": "", "nb": chance.choice(("gata", "veien", "gate", "vei", "plass", "parken", "torget")), "fi": chance.choice(("katu", "tie", "kuja", "polku", "puisto", "tori", "ranta")),
        }[self.language]  # fmt: skip
        forms = {
            "nl": (f"{s}{end}", f"{w}{end}", f"{f} {s}{end}", f"Burgemeester {s}{end}", f"Van {s}{end}", f"Prins {f}{end}", f"Koningin {f}{end}", f"Jan van {s}{end}", f"Willem de {w}{end}", f"Sint {f}{end}", f"{s.lower()}{end}"),
            "en": (f"{s}{end}", f"{w}{end}", f"{f} {s}{end}", f"St {f}'s{end}", f"Queen {f}{end}", f"{f}{end}", f"Upper {s}{end}"),
            "pl": (self.polish(s), f"{self.polish(f)} {self.polish(s)}", title(self.pick("noun")), f"Jana {self.polish(s)}", f"Świętej {self.polish(f)}", f"{self.polish(s)}"),
            "nb": (f"{s}{end}", f"{s}s {end}", f"{f} {s}s {end}", f"{f}s {end}", f"{w}{end}", f"Kong {f}s {end}"),
            "fi": (f"{self._finnish(s, 'n')}{end}", f"{f} {self._finnish(s, 'n')} {end}", f"{w}{end}", f"{self._finnish(f, 'n')} {end}"),
        }  # fmt: skip
        return chance.choice(forms[self.language])

    def venue(self) -> str:
        w, w2 = title(self.pick("noun")), title(self.pick("noun"))
        s, f = self.last(), self.first()
        article = {
            "nl": ("De ", "Het ", "'t ", ""),
            "en": ("The ", "St ", "Old ", ""),
            "pl": ("Pod ", "", "Nr "),
            "nb": ("", "St. ", "Øvre "),
            "fi": ("", "Pikku "),
        }[self.language]
        forms = (
            f"{self.chance.choice(article)}{w}",
            f"{self.chance.choice(article)}{w} {w2}",
            f"{f} {s}",
            s,
            f"St. {f}",
            f,
            title(self.pick("town")),
        )
        return self.chance.choices(forms, weights=(6, 3, 1, 1, 1, 1, 2))[0]

    def brand(self) -> str:
        """A shop, a product, an app: often a word that no list has, or one that is somebody's name too."""
        chance = self.chance
        roll = chance.random()
        if roll < 0.3:
            return title(self.pick("proper"))
        if roll < 0.45:
            return title(self.pick("brand"))
        if roll < 0.65:
            return self.odd(title(self.pick("noun")))
        if roll < 0.75:
            return title(self.pick("noun")) + chance.choice((" ", "", "-")) + title(self.pick("noun"))
        if roll < 0.83:
            return title(self.pick("foreign")) + chance.choice(("", " " + title(self.pick("noun"))))
        if roll < 0.9:
            return self.odd(title(self.pick("noun")))[: chance.randint(3, 5)]
        if roll < 0.96:
            return title(self.pick("noun"))
        return title(self.pick("last"))

    def with_capitals(self, text: str) -> str:
        """With a capital at one or two of its words, as people write what they think important."""
        found = text.split(" ")
        for _ in range(self.chance.choice((1, 1, 2))):
            at = self.chance.randrange(len(found))
            if len(found[at]) > 3:
                found[at] = found[at][:1].upper() + found[at][1:]
        return " ".join(found)

    def word(self) -> str:
        """A word as it is met: now and then a compound or a slip of the pen that no list has."""
        word = self.pick("word")
        roll = self.chance.random()
        if roll < 0.05 and len(word) > 4:
            at = self.chance.randrange(1, len(word) - 1)
            word = word[:at] + word[at + 1 :] if roll < 0.025 else word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif roll < 0.10 and self.language in ("nl", "nb", "fi"):
            word = self.pick("noun") + self.pick("noun")
        return word

    def words(self) -> str:
        """Some words in a row, with here and there a number, a capital, an abbreviation, a town or a street."""
        chance = self.chance
        if chance.random() < 0.5:
            real = chance.choice(self.sentences).rstrip(".!?").split(" ")
            start = chance.randrange(max(1, len(real) - 4))
            real = real[start : start + chance.randint(3, 9)]
            if start == 0 and chance.random() < 0.8:
                real[0] = real[0][:1].lower() + real[0][1:]
            stretch = " ".join(real)
            return self.with_capitals(stretch) if chance.random() < CAPITALS else stretch
        found = []
        for _ in range(chance.randint(3, 11)):
            roll = chance.random()
            if roll < 0.90:
                found.append(self.word())
            elif roll < 0.92:
                found.append(self.slot("NUM", None))
            elif roll < 0.94:
                found.append(self.slot(chance.choice(("C", "CAPW")), None))
            else:
                kind = chance.choice(("ABB", "ABB", "PRO", "T", "T", "T", "ST", "ST", "BR", "C", "C", "D", "M"))
                lead = chance.choice(LEADS[self.language])
                found.append(f"{lead} {self.slot(kind, None)}".strip())
            if chance.random() < 0.05:
                found[-1] += ","
        return " ".join(found)

    def slot(self, name: str, case: str | None) -> str:
        chance = self.chance
        simple: dict[str, Callable[[], str]] = {
            "N": self.full, "F": self.first, "S": self.last, "I": lambda: f"{self.initials()} {self.last()}",
            "IS": lambda: f"{self.initials()} {self.last()}", "NA": self.someone,
            "Fi": lambda: title(self.pick("first")) if chance.random() < 0.6 else self.polish(self.first()),
            "Si": lambda: self.polish(self.last()), "Ni": lambda: self.polish(self.full()),
            "NAi": lambda: self.polish(self.someone()) if chance.random() < 0.7 else self.someone(),
            "NAs": lambda: self.genitive(self.someone()),
            "Nfi": lambda: self.finnish(self.someone(), case or "n"), "Ffi": lambda: self.finnish(self.first(), case or "n"),
            "Sfi": lambda: self.finnish(self.last(), case or "n"),
            "X": lambda: DATUM * chance.randint(6, 14), "T": lambda: title(self.pick("town")),
            "BX": self.brand, "FW": lambda: title(self.pick("foreign")) if chance.random() < 0.7 else self.pick("foreign"),
            "BR": lambda: title(self.pick("brand")), "CO": self.company, "ST": self.street,
            "STi": self.street, "STfi": self.street, "VEN": self.venue, "VENi": self.venue,
            "W": lambda: self.word(), "WW": lambda: self.words(), "ABB": lambda: "".join(chance.choices("ABCDEFGHIJKLMNOPRSTUVWZ", k=chance.randint(2, 4))),
            "LAB": lambda: chance.choice(LABELS[self.language].split()), "PRO": lambda: title(self.pick("proper")), "CAPW": lambda: title(self.pick("word")), "UPW": lambda: self.pick("word").upper(),
            "C": lambda: title(self.pick("noun") + self.pick("noun")),
            "M": lambda: chance.choice(MONTHS[self.language].split()), "D": lambda: chance.choice(DAYS[self.language].split()),
            "NUM": lambda: str(chance.choice((chance.randint(1, 9), chance.randint(10, 99), chance.randint(100, 9999)))),
            "TIME": lambda: f"{chance.randint(7, 22)}.{chance.choice(('00', '30', '15'))}",
            "EUR": lambda: chance.choice(("€ 12,50", "85 euro", "£40", "120 zł", "450 kr", "1.200 euro", "€3,-")),
        }  # fmt: skip
        return simple[name]()

    def sentence(self, template: str) -> tuple[str, list[tuple[int, int]]]:
        """One filled template with the spans of its persons."""
        while (found := _CHOICE.search(template)) is not None:
            options = (found.group(1) if found.group(1) is not None else found.group(2)).split("|")
            template = template[: found.start()] + self.chance.choice(options) + template[found.end() :]
        text, spans, at = "", [], 0
        for slot in _SLOT.finditer(template):
            text += template[at : slot.start()]
            value = self.slot(slot.group(1), slot.group(2))
            if slot.group(1) in MARKED or (slot.group(1).endswith("fi") and slot.group(1) != "STfi"):
                spans.append((len(text), len(text) + len(value)))
            text += value
            at = slot.end()
        return text + template[at:], spans

    def another(self, name: str) -> str:
        """A name like one: as many parts, initials where it has some, in its case; now and then the name itself."""
        chance = self.chance
        if chance.random() > ANEW[self.language] or name.endswith(("'s", "’s")):
            return name
        if re.search(r"\b[^\W\d_]\b\.?", name):
            found = f"{self.initials()} {self.last()}"
        elif " " in name:
            found = self.full()
        else:
            listed, codes = words()
            code = codes[listed[name.lower()]] if name.lower() in listed else Code()
            found = self.first() if code.first >= code.last else self.last()
        return found.lower() if name.islower() else found.upper() if name.isupper() else found

    def written(self) -> Example:
        """A comment written by hand, with other names."""
        text, spans = with_names(self.chance.choice(written()[self.language]), self.another)
        return Example(text, self.language, spans)

    def comment(self) -> Example:
        """A comment of some sentences, with or without a greeting and a signature, as tidy or untidy as people write."""
        chance = self.chance
        if chance.random() < WRITTEN:
            return self.written()
        pieces: list[tuple[str, list[tuple[int, int]]]] = []
        wanted = chance.choices((1, 2, 3, 4), weights=(5, 4, 2, 1))[0]
        share = chance.choice((0.0, 0.35, 0.6, 1.0))
        for _ in range(wanted):
            if chance.random() < 0.22:
                whole = chance.choice(self.sentences)
                pieces.append((self.with_capitals(whole) if chance.random() < CAPITALS else whole, []))
                continue
            template = chance.choice(self.positive if chance.random() < share else self.negative + self.fillers)
            roll = chance.random()
            if roll < 0.22 and "{NA}" != template != "{N}":
                template += chance.choice((" {WW}", ", {WW}", " {WW}"))
            elif roll < 0.32 and not template.startswith("{"):
                template = "{WW}" + chance.choice((" ", ", ", " ")) + template
            elif roll < 0.36:
                template += chance.choice(("", ",", ".", "\n")) + chance.choice(
                    (" {LAB} {X}", " {LAB}: {X}", " {X} {T}", " ({ABB})", "\n{X} {T}", "\n{X}, {T}")
                )
            pieces.append(self.sentence(template))
        separators = [
            chance.choice((". ", ". ", ". ", "! ", "? ", ", ", " ", "\n", ".\n", "\n\n", "... ", " - ")) for _ in pieces
        ]
        if chance.random() < 0.18:  # a letter: its closing line and its name stand alone
            pieces.append(("", []))
            name = self.someone() if chance.random() < 0.85 else ""
            lines = (
                DATUM * 9,
                DATUM * 6 + " " + self.slot("T", None),
                self.slot("T", None),
                DATUM * 12 + ", " + self.slot("T", None),
            )
            below = ["\n" + chance.choice(lines) for _ in range(chance.choice((0, 0, 0, 1, 2, 3)))]
            body = name + "".join(below)
            closing = next(
                (
                    line
                    for line in self.positive
                    if re.match(r"\[(?:Groet|Regards|Pozdrawiam|Hilsen|Terveisin)\|", line)
                ),
                "",
            )
            words_ = _CHOICE.search(closing)
            said = chance.choice(words_.group(1).split("|")) if words_ and chance.random() < 0.8 else ""
            said += chance.choice((",", "", "", "."))
            separators[-1] = chance.choice((".\n\n", "\n\n", ".\n", "\n"))
            gap = chance.choice(("\n", "\n\n", "\n", " "))
            lead = f"{said}{gap}" if said.strip(",.") else ""
            pieces[-1] = (lead + body, [(len(lead), len(lead) + len(name))] if name else [])
            separators.append("")
        text, spans = "", []
        for i, (sentence, found) in enumerate(pieces):
            if (i and chance.random() < 0.6 and separators[i - 1] in (". ", "! ", "? ", "\n\n")) or (
                i == 0 and chance.random() < 0.7
            ):
                sentence = sentence[:1].upper() + sentence[1:]
            spans += [(a + len(text), b + len(text)) for a, b in found]
            text += sentence + (separators[i] if i + 1 < len(pieces) else chance.choice((".", "", "", "!", "!!")))
        roll = chance.random()
        if roll < 0.14:
            text = text.lower()
        elif roll < 0.18 and len(text.upper()) == len(text):
            text = text.upper()
        return Example(text, self.language, [(a, b) for a, b in spans if a < b and b <= len(text)])


def _running(weights: list[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def comments(count: int, seed: int, sentences: Mapping[str, list[str]], hands: int = len(HANDS)) -> Iterator[Example]:
    """Generated comments, the languages in turn, from the templates of the first `hands`; `sentences` are whole ones
    without names, by language."""
    chance = random.Random(seed)
    makers = [Maker(language, chance, sentences[language], hands) for language in LANGUAGES]
    for number in range(count):
        yield makers[number % len(makers)].comment()
