"""The plain cases of personal data, bare, in a sentence and shouted; what stays; and what holds for every text."""

import pytest

from pipelines.personal_data import Scrubber

SCRUBBER = Scrubber()

PLAIN = [
    "jan.jansen@example.nl",
    "06-12345678",
    "+31 6 1234 5678",
    "+44 7914 060651",
    "NL91ABNA0417164300",
    "NL91 ABNA 0417 1643 00",
    "111222333",
    "4539 5460 8806 7230",
    "Dorpsstraat 12",
    "Kerkweg 12a",
    "ul. Długa 5/7 m. 3",
    "Mannerheimintie 12 A 4",
    "Storgata 112",
    "12 Rosewood Crescent",
    "1234 AB",
    "192.168.1.20",
    "2001:db8::1",
    "44051401359",
    "131052-308T",
    "XK-482-P",
    "https://mijn.example.nl/bevestig?token=8fJ2kQ71xPzLw",
]


@pytest.mark.parametrize(
    ("language", "text", "address"),
    [
        ("nl", "Boom bij 3e Esdoorndwarsstraat 14 hs is omgevallen", "3e Esdoorndwarsstraat 14 hs"),
        ("nl", "Lamp stuk bij kanaalpad 7b al een week", "kanaalpad 7b"),
        ("nl", "De bewoners op Zwenkgras 15 klagen", "Zwenkgras 15"),
        ("nl", "Groet,\nLammerenweitje 21-3, 1826-KD Alkmaar", "Lammerenweitje 21-3, 1826-KD"),
        ("pl", "Mieszkam pod szkołą (ul. Jaśminowa 5B/14).", "ul. Jaśminowa 5B/14"),
        ("pl", "Dziura w jezdni Jesionowa 97, wczoraj", "Jesionowa 97"),
        ("pl", "Pan z Rynku 9 pomaga", "Rynku 9"),
        ("pl", "Zofia, wieś Nowa Brzezina 12", "Nowa Brzezina 12"),
        ("pl", "zam. Wola Leśna 31B, proszę o odpis", "Wola Leśna 31B"),
        ("pl", "mieszkam przy ul. Żwirki i Wigury 31A m. 12", "ul. Żwirki i Wigury 31A m. 12"),
        ("nl", "De stoep bij Van Houtenstraat 97-hs ligt los", "Van Houtenstraat 97-hs"),
        ("nl", "De koffie staat klaar op de Tsjerkestrjitte 24", "Tsjerkestrjitte 24"),
        ("nl", "Een lamp bij Zandpad 8 is stuk", "Zandpad 8"),
        ("nl", "naam: S. Vis\nadres: zeeweg 310 a 2224cg katwijk", "zeeweg 310 a 2224cg"),
        ("nl", "WAT IS DIT? HAVENKADE 9B 4511 KM BRESKENS", "HAVENKADE 9B 4511 KM"),
        ("fi", "Rantak. 7 b 22, 90570 oulu, jo toista viikkoa", "Rantak. 7 b 22, 90570"),
        ("nl", "Ik woon op de Vonder 19 sinds mei", "de Vonder 19"),
        ("en", "my neighbour at no. 17 Tanner Close", "no. 17 Tanner Close"),
        ("fi", "Roskis täynnä, metsätie 4 as 12 edessä", "metsätie 4 as 12"),
        ("nl", "Groet,\nHof van Zweden 212\n1824ab Alkmaar", "Hof van Zweden 212\n1824ab"),
        ("nl", "Groet, Ahmed Bakker, Maanlicht 41", "Maanlicht 41"),
        ("nl", "Zwaantje Vis, Havendijk 3 zwart, 8064 PR Zwartsluis", "Havendijk 3 zwart, 8064 PR"),
        ("nl", "Groet,\nDe Meent 21\n7971 ga Havelte", "7971 ga"),
        ("en", "The flat is Avondster 41, top floor", "Avondster 41"),
        ("nl", "Wij wonen op Vonder 4A-02 sinds mei", "Vonder 4A-02"),
        ("nl", "Adres is Kolkweg 9 C3, bel maar", "Kolkweg 9 C3"),
        ("fi", "Terveisin\nKoskikatu 9 c B 7, Oulu", "Koskikatu 9 c B 7"),
    ],
)
def test_an_address_is_taken_out_however_it_is_written(language: str, text: str, address: str) -> None:
    scrubbed = SCRUBBER.scrub(text, language)
    covered = {i for s in scrubbed.spans for i in range(s.start, s.end)}
    start = text.index(address)
    assert {i for i in range(start, start + len(address)) if text[i].isalnum()} <= covered


@pytest.mark.parametrize("shout", [False, True], ids=["as written", "shouted"])
@pytest.mark.parametrize("frame", ["{}", "Graag reactie aan {} voor vrijdag.", "({})", "zie {}, dank"])
@pytest.mark.parametrize("datum", PLAIN)
def test_a_plain_datum_is_taken_out(datum: str, frame: str, shout: bool) -> None:
    text = frame.format(datum)
    text, datum = (text.upper(), datum.upper()) if shout and "https" not in datum else (text, datum)
    scrubbed = SCRUBBER.scrub(text, "nl")
    assert datum not in scrubbed.text
    covered = {i for s in scrubbed.spans for i in range(s.start, s.end)}
    start = text.index(datum)
    assert {i for i in range(start, start + len(datum)) if text[i].isalnum()} <= covered


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mevrouw Jansen", "Jansen"),
        ("MEVROUW JANSEN", "JANSEN"),
        ("Ik sprak dhr. van der Velde aan de balie", "van der Velde"),
        ("dat zegt dhr van ommen ook", "van ommen"),
        ("mevrouw de wit was er niet", "de wit"),
        ("Ik sprak met Karima el B. aan de balie", "Karima el B."),
        ("Marta K. z okienka była miła", "Marta K."),
        ("J. de Kleine loket 4 spreekt te zacht", "J. de Kleine"),
        ("Terugstorten t.n.v. M. Th. van 't Veld?", "M. Th. van 't Veld"),
        ("Aanvraag van Sjoerd 't Veld is afgewezen", "Sjoerd 't Veld"),
        ("Dank voor alles.\n\nMet vriendelijke groet,\nWil de Bruin", "Wil de Bruin"),
        ("Piet Schouten hier, ik bel over de kliko", "Piet Schouten"),
        ("Roos van balie 3 was geweldig", "Roos"),
        ("Geachte heer Dijkgraaf,\nU schreef mij", "Dijkgraaf"),
        ("Naam en voorletters: Sapulette, J.S.", "Sapulette, J.S."),
        ("De lantaarn brandt al weken niet! Femke", "Femke"),
        ("Hoogachtend,\nTj. Hoekstra", "Tj. Hoekstra"),
        ("Mijn naam is Fatma Demir en ik wacht nog", "Fatma Demir"),
        ("MIJN NAAM IS FATMA DEMIR", "FATMA DEMIR"),
        ("Mrs O'Brien told me so", "O'Brien"),
        ("my name is Oluwaseun Adeyemi", "Oluwaseun Adeyemi"),
        ("Pani Kowalska z okienka", "Kowalska"),
        ("nazywam się Jan Nowak", "Jan Nowak"),
        ("jeg heter Kari Nordmann", "Kari Nordmann"),
        ("Nimeni on Aino Korhonen", "Aino Korhonen"),
        ("herra Virtanen soitti", "Virtanen"),
        ("Jan de Vries", "Jan Vries"),
        ("JAN DE VRIES", "JAN VRIES"),
        ("Gisteren gaf Karin Jansen informatie over mijn aanvraag", "Karin Jansen"),
        ("In the park Daniel Osei hit my car", "Daniel Osei"),
        ("In our flat Amira Haddad has no heating", "Amira Haddad"),
        ("Ik sprak mevrouw Zandbrug en meneer Oudmolen", "Zandbrug Oudmolen"),
        ("Geachte heer Van\nOosterwold,\n\nU schreef mij", "Van Oosterwold"),
        ("hoi met marijke v d heide van boven, lift stuk", "marijke heide"),
        ("MENEER KNOOPSCHAAR WAS WEER TE LAAT", "KNOOPSCHAAR"),
        ('Haar naambordje zei "B. Demirci", meer weet ik niet', "B. Demirci"),
        ("Achternaam spelt ze als H-A-I-L-U, zei ze", "H-A-I-L-U"),
        ("Iso kiitos Hannulle ja Virtaselle", "Hannulle Virtaselle"),
        ("rozmawiałem z panem Tadeuszem Kowalskim", "Tadeuszem Kowalskim"),
    ],
)
def test_a_name_after_a_salutation_or_an_introduction_is_taken_out(text: str, name: str) -> None:
    scrubbed = SCRUBBER.scrub(text)
    assert not set(name.lower().split()) & set(scrubbed.text.lower().split())


@pytest.mark.parametrize(
    "text",
    [
        "De Kerstmarkt 2025 en de Jaarvergadering 2024 vielen in het water, Zomertuin 2026 niet",
        "Harvest Parade 2025 was fun",
        "Vergadering 12 en Levering 2 kwamen te laat, Fietspad 6 ligt open",
        "op locatie 12 en bij functie 4 van petitie 2",
        "and then walk 600 m along the road",
        "i 2019 oslo var alt bedre",
        "Volg ons op facebook gemeente.nl en op insta: gemeente_molendam",
        "Bel 112 bij spoed, 14 020 voor de gemeente of 0900-8844 voor de politie.",
        "KvK 34117725, ordernummer 483220516, meterstand 00483217",
        "De Kerkstraat is al weken open gebroken",
        "Op 12-03-2026 om 10.15 uur betaalde ik € 1.240,50 aan balie 4",
        "H. de Vries Bouw B.V. heeft de stoep opengebroken",
        "Bakkerij Jansen, Albert Heijn en Jan Linders zijn dicht",
        "De Anne Frankstraat en de Willem de Zwijgerlaan zijn donker",
        "Storm Eunice waaide hier de pannen weg",
        "Boom om t.h.v. Gamma, sinds 8 jan. al",
        "Het bestuur van Gymnastiekvereniging Wilhelmina",
        "Alleen hier in de wijk niet, elders wel",
        "De gracht stinkt, de Geert ook al weken",
        "In het dorpshuis (De Marije) lekt het dak",
        "Er zat een man op de Lange Markt te slapen",
        "Boekwinkel aan het Plein van Spanje is dicht",
        "Waarom duurt een akte uit Aleppo zo lang?",
        "De kerk en de Maria Magdalenakapel zijn dicht",
        "A white Peugeot blocks the ramp every night",
        "Ice was not cleared in Rowan Park all week",
        "Bins not emptied for three weeks",
        "Zmieńcie ulicę Adama Asnyka na deptak",
        "Kirjasto on kiinni Pihlajistossa jo viikon",
        "Dossiernr AB-12 is zoek, ha ha",
        "They fined all of Bluebell Row 40 quid each",
        "I spent € 12 on street parking today",
        "Jeg flyttet til Hamar 3. mai og har meldt fra",
        "Meter van het type A3, serienr 18 207 334 651",
        "Gisteren belde ik 0900-8844 en niemand nam op",
        "01-10-2025  0609881\n01-01-2026  0611020\n01-04-2026  0612345",
        'Gdynia robi to dobrze, a bar „U Stasia" nie',
        "Haarlem regelt t, Utrecht regelt t, wij niet",
        "Ikke ring 112 sa de",
        "de mevrouw van de balie en de meneer van handhaving",
        "Anders, namelijk",
        "Klanttevredenheidsonderzoek",
        "nummer A123, kamer 2.14, bus 73, artikel 4:13 Awb",
        "https://www.example.nl/afval/kalender-2026 werkt niet",
        "Bussi 41 ei tule, jono kesti 35 min",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert SCRUBBER.scrub(text).text == text


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Geboren op 3 maart 1961 te Assen", "3 maart 1961"),
        ("Op mijn verjaardag (3 maart 1961) was u dicht", "3 maart 1961"),
        ("Mam urodziny 7.11.1983, czyli dziś", "7.11.1983"),
        ("Op mijn verjaardag 3 maart was u dicht", ""),
        ("Onze zoon Tom (30-5-2013) krijgt hulp", "30-5-2013"),
        ("Lapsemme on Aino Mäki, 9.2.2019, ei paikkaa", "9.2.2019"),
        ("Voor mijn zoon belde ik op 30-5-2013", ""),
        ("Op 3 maart 1961 brandde het stadhuis af", ""),
    ],
)
def test_a_date_is_taken_out_where_it_says_when_somebody_was_born(text: str, date: str) -> None:
    scrubbed = SCRUBBER.scrub(text)
    assert [text[s.start : s.end] for s in scrubbed.spans if s.type == "BIRTHDATE"] == [date] * bool(date)


def test_of_whom_something_is_stays() -> None:
    assert SCRUBBER.scrub("Het dossier van Anna Bakker is kwijt", "nl").text == "Het dossier van [NAAM] is kwijt"
    assert SCRUBBER.scrub("mevrouw van Dijk belde", "nl").text == "mevrouw [NAAM] belde"


def test_placeholders_are_in_the_language_of_the_comment() -> None:
    text = "jan@example.nl"
    written = [SCRUBBER.scrub(text, language).text for language in ("nl", "en", "pl", "nb", "fi", "de", None)]
    assert written == ["[E-MAIL]", "[E-MAIL]", "[E-MAIL]", "[E-POST]", "[SÄHKÖPOSTI]", "[E-MAIL]", "[E-MAIL]"]


def test_a_town_can_choose_placeholders_and_words() -> None:
    scrubber = Scrubber(keep=["Jansen Plein"], scrub=["geheime locatie"], placeholders={"nl": {"PHONE": "[TEL]"}})
    scrubbed = scrubber.scrub("mevrouw Jansen Plein, 06-12345678, op de Geheime Locatie", "nl")
    assert scrubbed.text == "mevrouw Jansen Plein, [TEL], op de [VERWIJDERD]"


def test_contact_details_of_the_event_are_taken_out_in_every_form() -> None:
    contacts = ["Marek Virtanen", "marek@example.pl", "+31612345678"]
    text = "Virtasen ja Marka, virtanen! MAREK@EXAMPLE.PL of 06 1234 5678"
    scrubbed = SCRUBBER.scrub(text, "nl", contacts=contacts)
    assert scrubbed.text == "[NAAM] ja [NAAM], [NAAM]! [E-MAIL] of [TELEFOON]"


def test_contact_details_are_found_in_letters_with_marks_apart() -> None:
    assert SCRUBBER.scrub("over Jose\u0301e", "nl", contacts=["Josée Virtanen"]).text == "over [NAAM]"


def test_a_case_number_stays_even_if_it_looks_like_a_national_id() -> None:
    text = "zaak 111222333, bsn 111222333"
    scrubbed = SCRUBBER.scrub(text, "nl", protected=[(5, 14)])
    assert scrubbed.text == "zaak 111222333, bsn [PERSOONSNUMMER]"


def test_offsets_count_code_points_of_the_text_that_came_in() -> None:
    text = "👍🏽 cafe\u0301, mevrouw Jose\u0301e: jan@example.nl"
    scrubbed = SCRUBBER.scrub(text, "nl")
    assert [text[s.start : s.end] for s in scrubbed.spans] == ["Jose\u0301e", "jan@example.nl"]
    assert scrubbed.text == "👍🏽 cafe\u0301, mevrouw [NAAM]: [E-MAIL]"


def test_the_batch_gives_what_the_single_call_gives() -> None:
    texts = ["bel 06-12345678", None, "", "prima", "mevrouw Jansen"]
    assert SCRUBBER.scrub_many(texts, ["nl"] * 5) == [
        None if text is None else SCRUBBER.scrub(text, "nl").text for text in texts
    ]
