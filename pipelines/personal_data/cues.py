"""Words that say a name stands beside them: a title, a relative, an office, a greeting, a closing line.

All languages in one table: a word that means two things in two languages is rare, and the weights of each language
settle what it is worth there.
"""

from typing import Final

from pipelines.personal_data.wordlists import set_of

_WORDS: Final = {
    # Titles
    "T": """
    mevrouw mevr mw meneer mijnheer dhr heer juffrouw juf meester familie fam wed weduwe drs ir ing jhr mr mrs
    ms miss mister dr doctor sir prof professor cllr councillor rev father sister pan pani pana panu panem panią
    państwo państwa ks mgr inż fru frk frøken herr hr herra hra rouva rva neiti tohtori pastori lt col captain
    """,
    # Relatives and those near
    "K": """
    zoon dochter man vrouw moeder vader broer zus zusje broertje oma opa tante oom neef nicht kleinzoon
    kleindochter zoontje dochtertje buurman buurvrouw buurjongen vriend vriendin partner ex echtgenoot
    echtgenote schoonmoeder schoonvader schoonzoon pleegkind pleegzoon kindje baby cliënt huurder huisgenoot
    mantelzorger stiefzoon son daughter husband wife mother father mum mom dad brother sister nan gran grandma
    grandad grandson granddaughter nephew niece uncle aunt auntie neighbour neighbor friend boyfriend girlfriend
    fiancé carer landlord tenant flatmate roommate toddler boy girl client stepson cousin twins kid syn syna
    synowi synem córka córki córce córkę córką mąż męża mężowi mężem żona żony żonie żonę żoną matka matki matce
    mama mamy mamę mamie ojciec ojca ojcu tata taty brat brata bratu siostra siostry siostrze siostrę babcia
    babci babcię dziadek dziadka wnuk wnuka wnuczka wnuczki wnuczkę sąsiad sąsiada sąsiadowi sąsiadka sąsiadki
    sąsiadce sąsiadkę teściowa teściowej teść kolega koleżanka koleżanki ciocia ciotka wujek narzeczony kuzyn
    podopieczny lokator sønn sønnen datter datteren dattera mann mannen kone kona mor moren far faren bror
    broren søster søsteren nabo naboen bestemor bestefar farmor mormor tante onkel samboer samboeren kjæreste
    barnebarn svigermor niese nevø venn venninne pappa mamma poikani tyttäreni mieheni vaimoni äitini isäni
    veljeni siskoni sisareni naapurini mummoni vaarini ukkini lapseni lapsenlapseni anoppini appeni tätini
    setäni enoni ystäväni avopuolisoni puolisoni kumppanini kummipoikani pojan pojalle tytön tytölle äidin isän
    miehen vaimon naapurin pojanpoikani tyttärelläni tyttärelleni äidilläni äidilleni isälläni pojallani
    pojalleni pikku
    """,
    # Offices and roles
    "R": """
    medewerker medewerkster behandelaar consulent consulente jeugdconsulent klantmanager casemanager ambtenaar
    inspecteur toezichthouder wijkagent agent boa wethouder burgemeester raadslid contactpersoon projectleider
    collega teamleider leidinggevende receptioniste baliemedewerker vrijwilliger vrijwilligster huisarts
    advocaat notaris gemachtigde conciërge beheerder badmeester chauffeur aanvrager melder beller klant inwoner
    bewoner eigenaar rekeninghouder ondergetekende begeleider begeleidster hulpverlener maatje schuldhulpmaatje
    stagiaire architect aannemer wijkverpleegkundige officer worker caseworker inspector manager advisor adviser
    planner colleague receptionist assistant supervisor gentleman lady fella guy bloke woman caller resident
    customer applicant owner witness driver librarian nurse solicitor caretaker teacher headteacher volunteer
    lifeguard warden urzędnik urzędniczka urzędnika pracownik pracownica pracownika pracownicy inspektor
    kierownik kierowniczka asystentka asystent kurator kuratorka radny radna referent strażnik lekarz lekarka
    adwokat mecenas wychowawczyni wychowawca kierowca dyrektor dyrektorka właściciel właścicielka najemca
    zastępca zastępczyni zastępczynią opiekunka opiekun bibliotekarka wnioskodawca odbiorca pełnomocnik księgowa
    sekretarka klient klientka nauczycielka saksbehandler saksbehandleren byggesaksbehandler behandler rådgiver
    rådgiveren lærer læreren rektor avdelingsleder fastlege fastlegen lege advokat ordfører ordføreren inspektør
    kontaktperson sjåføren verge kollega sjefen innringer kunde beboer eier kontoeier kontohaver søker
    bibliotekar vaktmester veileder sykepleier medarbeider työntekijä työntekijän sosiaalityöntekijä virkailija
    käsittelijä päättäjä tarkastaja opettaja rehtori lääkäri isännöitsijä asianajaja asiakas soittaja hakija
    omistaja saaja tilinomistaja kirjastonhoitaja hoitaja ohjaaja kuljettaja esimies päällikkö johtaja asukas
    vuokralainen edunvalvoja
    """,
    # Greetings
    "G": """
    beste hallo hoi hoihoi dag hey hee goedemorgen goedemiddag goedenavond goedendag geachte lieve ha dear hi hello
    morning hiya szanowna szanowny cześć hej witaj witam drogi droga panie kjære hei heisann moi terve heippa
    tervehdys hyvä huomenta
    """,
    # What introduces a name
    "I": """
    voorletters initialen initials inicjały initialer
    heet heten heette genaamd genoemd noemt ene zekere naam voornaam achternaam meisjesnaam tnv namens genaamde
    called named name names surname fullname forename aka spelled spelt nazywam nazywa nazywał nazywała imię
    imieniu imieniem nazwisko nazwisku nazwiskiem niejaki niejaka niejakiego podpisano jako heter navn
    navnet etternavn fornavn kalt nimi nimeni nimeltä nimeltään nimellä nimensä nimeään sukunimi sukunimeni
    etunimi niminen esittäytyi nimimerkki nimim
    """,
    # Closing lines
    "C": """
    groet groeten groetjes gr grt grtz grtjs mvg vrgr hoogachtend liefs regards wishes sincerely faithfully
    cheers yours best pozdrawiam pozdrowienia poważaniem szacunku pozdr pzdr serdecznie hilsen hilsning mvh vh
    klem terveisin terveiset terv yt ystävällisesti kunnioittavasti kiittäen t
    """,
    # Thanks and praise
    "M": """
    bedankt dank dankjewel complimenten compliment hulde lof pluim petje chapeau thanks thank thx cheers kudos
    shout props dziękuję dziekuje dzięki dzieki podziękowania brawo szacunek pochwała takk skryt ros kudos
    kiitos kiitokset kehut ruusuja hatunnosto
    """,
    # Talking to, hearing from
    "S": """
    sprak gesproken spreek spreekt spreken gebeld bel belde bellen mail mailde vraag vroeg contact geholpen
    doorverbonden gehoord spoke spoken talked talk met saw asked ask ring rang phoned told helped served
    assisted contacted emailed rozmawiałem rozmawiałam rozmawiałam dzwoniłem dzwoniłam pisałem pisałam mówiłem
    mówiłam pytałem skierowano przekazać snakket snakka ringte ringt traff møtte hjulpet hjelp spurte kontaktet
    puhuin soitin juttelin keskustelin kysyin tapasin asioin soittakaa kuulin
    """,
}
TITLES: Final = set_of("mr mrs ms dr drs mw dhr mevr hr fru pan pani")
"""Titles that are never taken for a name themselves."""

INFIXES: Final = set_of(
    "van de der den 't ’t t ten ter te von zu zum vom el al la le di da del della dos das du af bin ibn v d vd v.d op"
)

CUES: Final = {word: kind for kind, listed in _WORDS.items() for word in listed.split()}

SAYING: Final = set_of(
    """
    zei zegt vertelde beloofde schreef mailde belde vroeg antwoordde wist hing gaf deed keek heeft had was is
    zou kan kon wil wilde moet said says told promised wrote replied asked answered knew gave was is has had
    would can could will never always hung powiedział powiedziała mówi mówił mówiła twierdzi obiecał obiecała
    napisał napisała odpowiedział był była jest ma miał może nie sa sier lovet skrev svarte mente spurte er var
    har hadde kan kunne vil skal sanoi sanoo lupasi kirjoitti vastasi kysyi on oli ei van at from in on fra z w
    på
    """
)
