"""Words that no list gives: months and days, companies and brands that look like names, offices, places in a town."""

CALENDAR = """
januari februari maart april mei juni juli augustus september oktober november december maandag dinsdag woensdag
donderdag vrijdag zaterdag zondag january february march may june july august october monday tuesday wednesday
thursday friday saturday sunday feb mrt apr jun jul aug sep sept okt oct nov dec mon tue wed thu fri sat sun styczeń
luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień stycznia lutego marca
kwietnia maja czerwca lipca sierpnia września października listopada grudnia poniedziałek wtorek środa czwartek
piątek sobota niedziela januar februar mars mai juni juli august desember mandag tirsdag onsdag torsdag fredag
lørdag søndag tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu
joulukuu tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta
marraskuuta joulukuuta tammikuussa helmikuussa maaliskuussa huhtikuussa toukokuussa kesäkuussa heinäkuussa elokuussa
syyskuussa lokakuussa marraskuussa joulukuussa maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai
maanantaina tiistaina keskiviikkona torstaina perjantaina lauantaina sunnuntaina nederlands engels duits frans pools
turks arabisch spaans oekraïens fries english dutch german french polish turkish arabic spanish ukrainian irish
welsh scottish polski angielski niemiecki ukraiński norsk engelsk polsk tysk svensk somali nynorsk suomi englanti
ruotsi venäjä viro kerst pasen pinksteren hemelvaart koningsdag sinterklaas christmas easter ramadan wielkanoc jul
påske joulu pääsiäinen vappu juhannus
"""

ORGANISATIONS = """
jumbo lidl aldi kruidvat hema etos blokker praxis gamma karwei ikea action primark zara plus spar coop dirk vomar
deen hoogvliet heijn kfc mcdonalds shell esso tinq bp postnl dhl dpd ups gls fedex ns arriva connexxion qbuzz keolis
gvb ret htm kpn ziggo vodafone tmobile odido tele2 eneco vattenfall essent greenchoice vitens evides waternet stedin
liander enexis rabobank ing abn amro asn triodos bunq sns knab digid eherkenning mijnoverheid belastingdienst uwv
svb cak duo rdw ind coa ggd ggz cjib kvk kadaster politie brandweer rijkswaterstaat prorail heijmans bam
volkerwessels ballast nedam strukton dura vermeer google microsoft apple samsung huawei android iphone ipad windows
chrome firefox safari edge whatsapp facebook instagram twitter tiktok youtube linkedin teams zoom outlook gmail
hotmail paypal ideal tikkie klarna visa mastercard maestro amex skoda volkswagen toyota renault peugeot opel ford
citroen kia hyundai tesla volvo bmw audi mercedes nissan mazda fiat seat dacia suzuki tesco asda sainsbury
sainsburys morrisons waitrose boots argos greggs costa starbucks nando nandos wetherspoons barclays lloyds natwest
hsbc nationwide santander monzo dvla hmrc nhs royal mail evri hermes yodel arup serco capita veolia biffa suez
biedronka żabka lidlu rossmann orlen allegro inpost pko pekao mbank zus krus nfz urząd mzk mpk ztm pkp pks budimex
rema kiwi meny bunnpris joker obs biltema clas ohlson elkjøp posten nav altinn skatteetaten vy ruter skyss kolumbus
statnett telenor telia ice dnb sparebank nordea finn vipps bankid prisma s-market k-market k-citymarket citymarket
alepa sale lidlin tokmanni gigantti stockmann posti kela vero vr hsl nysse dna elisa telia yit skanska lemminkäinen
caruna fortum helen osuuspankki op danske suomi kanta omakanta traficom migri dvv poliisi booking netflix spotify
amazon bol coolblue wehkamp zalando marktplaats funda airbnb uber bolt lime felyx greenwheels swapfiets flixbus
"""

NOT_IN_DICTIONARIES = {"nl": "waarmee daarmee hiermee gaarne", "fi": "eli"}
"""Ordinary words that the dictionaries lack."""

FIRST_NAMES = {
    "nl": """
aafke aagje aaltje abel adriaan aline alwin anneke annelies anneloes annemiek annemieke antje arend arjan arnoud auke
baukje bea beitske bertus boudewijn bram brechtje carla cas chiel coby coen cor corrie daan demi desirée dewi dieuwke
dineke djoeke doortje douwe driek durk ebbe eefje egbert eline ellis elsbeth elske engel eveline evert fedde femke
fieke fien fiene floor floortje foekje fokke freek frouke geert geertje gerlof gerrit gert gertie gijs gijsbert
giovanni gonda greetje griet hanneke hanny harm harmen hedwig heleen hendrikje hennie henny hessel hetty hidde hiltje
hinke hylke ids imke inge ingmar ivo jaap jacintha jacomijn jahmiro jair janna jannes jannie jantien jantje jeroen
jikke jildou jitske jochem joep joke jolien joost joris josje jurgen jurre kaatje kars karst keimpe klaas klaasje
klazien koert koos krijn lammert leendert leentje lieke lies liesbeth liselotte lobke loes lotte luuk maaike maarten
maartje machteld marijke marijn mariska marleen marloes meike menno merijn mieke mien miep minke mirte myrthe neeltje
nelis nelleke nynke okke onno otte pauline petra pieter pieternel pim pleun quincy rein reinder reinier reintje rens
renske riekie rika rinske rixt roelie roelof romano rommert rowdy rudolf ruurd saakje sander sanne shanaya sharona
shurandy sietse sietske sipke sjaak sjaan sjef sjoerd sjouke stijn swaantje sweder sybren sytse teun teunis thijs
thirza tijmen tijs tineke titia tjalling tjeerd tjerk trijntje trudy truus ubbo ulbe urvin wendelien wiebke wiebren
wieke wietse wijnand willemien willemijn wim wobbe wopke wouter wytske ymke ype yvonne zwaantje
""",
    "en": """
abi agatha alasdair alfie algernon aneurin angharad aoife archie barnaby bernadette bethan bev blodwen bradley brendan
bridget bronwen bryony caitlin callum caoimhe carys ceri cerys ciaran clive clodagh col conor cormac dafydd daz debs
deirdre delyth dervla des diarmuid dilys doreen doug dougal dylan eamon eilidh eilish eleri eoin ewan fergus fiona gaz
geraint ginny gladys glenys graeme greta gwen gwyneth hamish hattie hetty hilda huw ianto iestyn ieuan imogen innes
iolo isla jemima jez jools kaz keiran kelv kieran kirsty lachlan lorcan maeve mairi maisie malc marge maureen meg
mhairi mick mo morag morwenna muriel myfanwy nesta nia niamh nige oisín orla padraig pam phil pippa raj rhian rhiannon
rhodri rhys roisin ronan rory ruaridh róisín saoirse seamus shaz shirl sian sile sinead sinéad siobhan siân sorcha
stan steph stu séamus tadhg tamsin taz tegan tel trish tristan una vic wilf winnie wyn zak
""",
    "pl": """
adaś adrian aga agatka agnieszka agusia ala alicja alka ania anka antek antoś anulka asia aśka bartek bartuś basia
baśka beatka bogna boguś bolek bożenka czarek czesia czesiek danka danusia darek dorotka edek edyta ela elżunia ewcia
ewka ewunia felek filipek franek frania franuś gabrysia genek gienia gosia gośka grażynka grzesiek grzesio grześ hala
hania hanka hela helenka heniek irenka iwonka iza jacuś jadzia jagoda janeczek janek jasiek jasio jaś joasia jola
jolanta jolka jula julcia jurek józek józia jędrek kacper kacperek kamilka karolcia karolinka kasia kazik kinga
klaudia kostek krysia kryśka krzysiek krzysio krzyś kuba kubuś lidka lilka lodzia lucek lucynka ludka lusia maciek
maciuś madzia magda magdzia maja majka malwina maniek manius marcelek marcinek mareczek marek marta martusia maryla
marylka marysia maryśka marzenka mateuszek mati małgosia michałek michaś miecio mietek mietka mikołajek milena mirek
mirka misia miłosz mundek natalka nela nikola ola olek oleńka oliwka paweł pawełek pela piotrek piotruś poldek przemek
radek rafałek romek rozalka rysiek ryś sabinka sandra stachu stasia stasiek staszek staś stefcia stefek szymek szymuś
sławek sławka tadek tadzio terenia teresa tola tomeczek tomek tomuś tosia tosiek tymuś ula ulka urszula wacek wandzia
wera weronka wiesia wiesiek wiktor wiola wiolka witek wojtek wojtuś władek władzia zbychu zbyszek zdzisiek zenek zenon
ziuta zosia zośka zuza zuzanna zuzka zygmunt zygmuś żaneta
""",
    "nb": """
agnar albert aleksander amund anders andrine anja anlaug annbjørg anne-grete are arild arne arnfinn arnhild arnt arve
asbjørn asgeir aslak aslaug astrid atle aud audhild audun bendik bente bergljot berit birger birgit bjarne bjørg
bjørgulf bjørn bodil borgny brage brit brynhild brynjar bård børge dagmar dagny dagrun edel egil eilert eilif einar
eirik eirin eivind elin ellinor embla endre erlend erling eskil espen eva evy eyolf finn frode frøydis geir geirmund
gerd gjermund gorm grete gro gudbrand gudmund gudrun gunhild gunn gunnar gunnbjørg gunnlaug gunnvor guri guro guttorm
gyda gøran haldis halldis halldor hallgeir hallgrim hallstein hallvard halvard halvor harald hedda hedvig heidi helga
helge herdis hermund hilde hjalmar hjørdis hogne hroar håkon håvard idar idunn inga ingar ingebjørg ingeborg ingebrigt
inger ingjerd ingrid ingunn ingvald ingvar ingvild iselin ivar iver jarl jarle jens jermund jonas jorid jorun jorunn
jostein jørgen jørn kai kari karsten kjell kjellaug kjersti kjerstin kjetil knut kolbjørn kristoffer kyrre lars leif
leikny leiv lillian linn liv live ludvig magne magnhild magnus malvin mari marit marius mikkel modolf mona morten nils
nina njål oda odd oddbjørn oddgeir oddlaug oddmund oddny oddrun oddvar ola olaf olaug olav oline ottar pernille petter
pål ragna ragnar ragnhild ragnvald randi rannveig reidar reidun roald roar rolf rolv runar rune ruth sara selma
sigbjørn sigfred sigfrid sigmund signe sigrid sigrun sigurd sigve sindre siren siri siv sivert sjur snorre solbjørg
solrun solvei solveig solvor stein steinar steinulf stian stig storm sunniva svanhild svein sveinung sverre synne
synnøve sølve sølvi tarjei terje thea thor thorvald tora toralf torbjørg torbjørn tordis tore torfinn torgunn torhild
toril torill torkel torleif tormod torstein torunn torvald trine trond trude trygve turid tuva tyra tørres ulrik unn
unni vebjørn vegar vegard vemund vetle vibeke vidar vigdis vilde viljar wenche ylva yngvar yngvild åge åse åshild
åsmund åsne åsta øistein ørjan øystein øyvind
""",
    "fi": """
aapo aatu aija aila aini aino-kaija alpo anja anneli annikki ansa anssi antero armi arto arvo asko aulis aune aura
eelis eemeli eerikki eero eeva eija eila einari eine eino elina ella elli elma elsa elvi emmi ensio erja erkki esa
esko eveliina fanni hanna hannele hannu harri heikki heimo heini heli helka hellin helmi helvi hilkka hilla hilma iida
iina iiris iiro iivari ilkka ilma ilmari ilpo ilta impi inkeri ippe irja irma irmeli isko isto jaakko jaana jali
jalmari jani janne jari jarkko jarmo jasmiini jenna jere jesse joni jonne jooa joona joonas jorma jouko jouni juha
juhana juhani juho jukka julius jussi jutta jyri jyrki kaarina kaarlo kaija kaino kaisa kaisu kalervo kalevi kalle
kari katariina katja katri kauko kerttu kimmo kirsi kirsti kyllikki kyösti lahja laila lari lasse lauri leena leevi
leila lemmikki lempi lenni liisa lilja loviisa lumi luukas maaria maarit maija maiju maila mailis malla manta manu
marita maritta maritza marja marjaana marjatta marjo marju marjukka marjut markku markus martta mati matias matti
mauno mauri meeri meri merja mervi miika miikka mika mikko milja milla minna mira mirja mirjami mirkka miro mirva
niilo niina niklas noora nuutti oili oiva okko olavi olga olli onerva onni orvokki oskari osmo otso outi paavali paavo
pasi paula pauli pekka pentti pertti petri petteri pihla pinja pirjetta pirjo pirkko päivi päivikki raakel raija raili
raimo raisa rasmus rauha rauli rauno reijo reima reino riikka riina riitta risto ritva roope saana saara saija saila
sakari saku salla sami sampo samuli sanna santeri santtu sari satu seija seppo silja simo sini sinikka sirkka sirpa
sisko sohvi soila sonja suoma susanna suvi sylvi taavi taija taina taisto tanja tapani tapio tarja taru tatu tauno
teemu teija tellervo teppo terhi tero tiia tiina timo toini toivo topi touko tuija tuire tuomas tuomo tuovi tuukka
tuula tuuli tuulia tuulikki tyyne ulla unto urho urpo usko vappu veera veijo veikko venla verneri vesa vieno viivi
vilho vilja ville vilma voitto vuokko väinö yrjö
""",
    "": """
aaliyah abdelaziz abdelkader abdelkarim abderrahim abdi abdikadir abdirahman abdullahi abena abimbola abiodun abla
abubakar achraf adaeze adaora adebayo adeola adil adnan afework afroditi afua ahlam aicha aishwarya aisling ajay
akinyi akua aleksandar alem alemayehu alganesh aliaksandr alicja alisha amal amara amina aminata amir amira amit amma
ananya anass andrei andriy anil anita anjali anouar antoanela anuradha aparna arash aravind arif arjun armando arta
artem arturas arwa aryan asad asha ashok asif asma asmaa asmara aster atakan ayaan ayan ayesha ayse ayub ayşe azadeh
aziz azra aïcha badr bahar bahrija balázs baran bashir bassem batoul behnam bekele berat berhane betül beyza bilal
bilkis biniam bogdan bojan boubacar brahim bukola burak busra büşra candan cansu catarina chaimae chandra chiamaka
chiara chidinma chima chinedu chinonso chukwuemeka ciprian cristiano cuma czar dalia damla daria davit deepak deepika
dejan denisa desta devika dhruv diana dina dinesh divya dmitri dmytro domnica doruk douae dounia driss duygu ebele
ebony ebrima ebru ecem edona efosa ekaterina ekrem elham elif elira eman emeka emine emir engin enis ephrem erdal
erdem ermias ersin esma esra eszter evangelos eyob fadi fadma fadumo fahima faisal farah farhan farhia fariba farid
farida faridah farzaneh fatemeh fatiha fatima fatimah fatma fatou fatoumata fawzi faysal feven fikret filmon firas
folake freweini funda funmi gabor galina gamze gebre genet ghada ghislaine gintaras giorgos goitom gopal gurpreet
gökhan gülay gülsüm haben habiba hadi hafsa hakan hakim halil halima hamid hamza hana hanan hanane harpreet harsha
hasan hasna hassan hatice hawa hayat hela hend henok hiba hicham hind hodan houda huda hui hung huseyin hussein
hüseyin ibrahima ibtissam idil idris ifeanyi ifeoma ihsan ijeoma ikram ilham ilias ilona iman imane imran indira ines
inna ioana ionut irina iryna ismahan ismail issam ivana iveta jae jagdish jamal jamila jasmina jaspreet jelena jihane
jin jing joud juma jyoti kadiatou kadir kamal karim karima kasem kaveh kavita kebede kehinde kemal kenan khadija
khadra khaled khalid kidane kidist kiran kofi kojo komal krishna krisztina kumar kwabena kwadwo kwaku kwame kwasi
kübra lakshmi lale lamia laszlo latifa layla leila levent liban lina linh liudmila loubna lucian lula luwam lwam lydie
maciej magdi mahad maher mahlet mahmoud maja malika mamadou manjit manoj manpreet mariama marios marouane marwa marwan
maryam maryan maryna mbali medhat meena mehdi mehmet mei melek mengistu merhawi meron merve meryem mesut mihaela mihai
milan milica mina minh mireille miriana miroslav moha mohamed mohammed mona monir mouna mounir mourad moussa muhammed
muna murat mursal mustafa mustapha myrto nabil nabila nada nadeem nadia nadir naima najat najib nanda naoual narges
nasra nasrin natalija navdeep nawal nazanin nazlı neha nermin neslihan ngozi nguyen nihad nikhil nikita nikolai nilay
nina nisha nishant nnamdi nouha nour noura nourdin nur nura nuri nursel obinna oleh oleksandr oleksandra oleksii olena
olesya olha olumide oluwaseun omar omari onur osama osman othmane oumaima oumar ovidiu oyelaran pardeep parisa parveen
pavlo petronela pinar pooja prakash pranav prasad pratik priya priyanka pınar qasim quyen rabia rachid rachida
radoslaw radu rafiq raghu rahel rahim rahul rajiv raju rakesh ramazan ramesh rami rana rania ranjit rashid ravi raza
rebwar reda reem rekha reyhan reza ridwan rim ritu robel roksolana roya rozerin ruben rukia sabah sabri sadia safaa
safia sagal sahar sahra said saida salah salim salma salman samar samia samira samuel sana sanaa sanaz sandeep sandhya
sangeeta sanjay sarita satish savita sayed saïda seble selim selin selma semere semra senait senthil serap serdar
serhat serhii sevda sevgi sevim shabana shabnam shadi shahid shaima sharifa shazia sheetal shilpa shirin shreya shukri
siham simran sina sinem sirwan slobodan snezana soheil solomon songül soraya souad soufian soufiane sowmya srinivas
stoyan subhash sukhdeep suleiman sultan suman sumaya sunil sunita suresh surinder sushma svetlana swati szilvia tahir
taiwo tamara tanisha tarik tariq tatiana tedros temesgen teodora tesfaye thandi thanh thi thu thuy tolga tomoko tsegay
tunde turgut tuğba uchenna umar umut usha usman uğur valeriya vasile vesna vijay vikram viktoriia vinod violeta viorel
vlad volkan volodymyr vusi wael wafa wahid wail walid wanjiru waqas warsame wassim wei winta xin xiu yahia yahya yara
yared yasemin yasin yasmina yassin yassine yavuz yeliz yemi yetunde yiğit yohannes yonas yordanos younes youness
yousra youssef yuki yuliia yunus yuri yusra yusuf zahir zahra zainab zakaria zakariya zara zehra zekeriya zelda zeynep
zhi ziad zineb zlata zoltán zsolt zsuzsanna zsófia zühal özcan özge özgür özlem
""",
}
"""First names that people of these languages know and the packages lack: short forms, regional ones, and under no
language those of the many origins of today's towns. From memory; what only an evaluation set gave is left out."""

SURNAMES = {
    "nl": """
aalbers aalders akkerman alblas amrani azzouzi bakema balk barendregt bax beekhuis benali benhaddou bensaid berends
biharie bijl bijlsma bloemendaal boedhoe boekhout boersma boonstra borst bosma bouma boutaleb bouzidi braam brandsma
brinkman broekhuizen bruins bruinsma buitenhuis chaouch cornelissen damstra dekker dijkema dijkstra donker doorn drost
duin dussel eijk el-amrani elzinga engels faber feenstra folkerts gerritsen gerritsma goudsmit groeneveld groenewegen
groot haagsma haan haddad haveman heemskerk hekman helder hiemstra hoekstra hofstede hofstra hogenboom hollander
hoogeveen houtman huijbregts huizinga idrissi jager jagroep jongsma jonker kaddouri kalpoe kamphuis kamstra karsten
keizer khattabi klaassen kleijn klomp koekkoek kooijman kooistra koopmans kramer kroon kuiper kuipers lammers landman
leijten lodewijks loman luiten maas mahabier mangal mansouri mensink mollema mulder nagel nijboer nijhuis nijland
noordhoek oldenburg ooms oosterhuis oostra otten ouali oudshoorn pals peeters pieters pietersz plantinga poelstra
postma pronk ramdhani ramdin ramlal reitsma rietveld rijkers roosendaal rozema ruiter schaap scheffer schipper
schippers schouten schutte sewnath sietsma sikkema slagter slot smeets soebedar spaans staal steenbergen steenstra
sterk stienstra stolk swart talsma terpstra tuinman tuinstra uijl uitdewilligen veenstra veldkamp veltman verbeek
verbruggen verhagen verheijen verhoeven verkerk vermeer visscher vlieger vogelaar vonk voskuil vreeman wagenaar
weerstand weijers westerhof westra wiersma wijdenbosch wijnja wolters yahiaoui zandstra zijlstra zonneveld zouhair
zoutendijk zwart zwiers
""",
    "en": """
ackroyd adebayo adeleke adeyemi afolabi agyeman akhtar amoah ansah appiah arkwright asante asare ashworth aspinall
barraclough beaumont birtwistle blenkinsop boateng braithwaite brathwaite broadbent butterworth cadwallader chaudhry
cholmondeley chowdhury clutterbuck colquhoun crabtree cruickshank dalgleish dalgliesh danso dhillon entwistle eze
fairweather farquhar featherstone fothergill gallagher geraghty gill goldsworthy grewal grimshaw haddock hardcastle
hargreaves heathcote hebblethwaite higginbotham hollingsworth horrocks hoskins hutchinson inchbald iqbal jessop kaur
kershaw lightfoot livesey longbottom lovelace macgillivray mahmood mcgillicuddy mensah mulholland nettleship nuttall
nwosu obi ogilvie ogunleye okafor okeke okonkwo okoye oladipo oldroyd ollerenshaw onyango openshaw ormerod osei osgood
owusu pankhurst parmar patel pengelly penhaligon pettigrew pickersgill postlethwaite prendergast pritchard quaye
rahman ramsbottom ravenscroft rowbotham rowbottom sandhu satterthwaite scarisbrick sesay shufflebottom shuttleworth
sidebottom sidhu singh sivakumar smethurst southworth stanhope strickland subramanian sugden sutcliffe tattersall
thistlewood thwaite tregenza trevithick tunnicliffe twelvetrees ullathorne urquhart venkatesh wainwright warburton
weatherby wetherby whitlock widdecombe wigglesworth winterbottom womersley woolley wrigglesworth
""",
    "pl": """
bielecki brzozowski chmielewski domagała gołębiowski kowalczyk kubacki kępa mazurek pająk pawlak szczepaniak szymański
wierzbicki wróblewski zawadzki żuławski
""",
    "nb": """
aamodt aanestad aas aasen aasland aune bakke bakken berntsen birkeland bjerke bjørnstad borgen brekke brenden bråten
bøe dahle dalen dyrnes egeland eide eidsvik eliassen ellingsen engebretsen engen espeland evensen fagerli fjeld
fjeldstad flaten foss fosse fossum furuseth gjerde gjertsen grindheim grønli gulbrandsen gundersen haaland haga hagen
halland halvorsen hammer hanssen hauge haugen haugland heggelund helgesen helland henriksen hermansen hjelle hoel
holen holte hovland husby iversen jakobsen jenssen johannessen klausen kleven knutsen kolstad kristoffersen kvale kvam
kvamme langeland larssen lien lindseth lunde løken løvås madsen mathisen midtbø mikalsen moe mohn mork myhre myklebust
mæland nakken nesse nordby nordli nygaard nygård næss nævdal odden opsahl osnes paulsen pettersen ramstad rognstad
rustad ruud røed rønning rønningen sande sandnes sandvik seljeseth skaar skjelbred skogen skoglund sletten solheim
sollie sommerfelt stenersen stokke storli strømmen sund sveen svendsen sæther sætre sørensen tangen teigen thoresen
thorsen tvedt tveit tveiten ulvestad valen vang vangen vatne vik vold wiik wold ås åsen ødegaard ødegård øien øvrebø
""",
    "fi": """
aaltonen ahonen ahtiainen airaksinen alanen anttila asikainen eerola eloranta eronen haapala haapanen hakala halonen
harju hautala heikkilä heikkinen heino heinonen hiltunen hirvonen holmström huttunen hyvönen häkkinen hämäläinen
härkönen ikonen immonen jalonen jokela jokinen juvonen jääskeläinen kallio karhu karjalainen karppinen kemppainen
kettunen kinnunen kivelä kivinen koivisto kokko kokkonen kolehmainen komulainen korhonen korpela koskela koskinen
kosonen kuisma kukkonen kurki kärkkäinen laaksonen lahtela lahtinen laine laitinen lampinen latvala lehtinen lehtola
lehtonen leinonen leppänen liimatainen lindholm lindqvist lindroos linna luoma mattila miettinen moilanen mustonen
mäenpää mäkelä mäkinen männistö nevalainen nieminen niskanen nurmi nurminen nykänen nyman ojala oksanen paananen
pajunen pakarinen parviainen peltola peltomaa peltonen pesonen pietilä pitkänen pulkkinen puustinen rautiainen rinne
rissanen ruotsalainen räsänen räty saarela saarelainen saarinen sallinen salminen salo salonen savolainen seppälä
seppänen sillanpää siltala sipilä soininen sundström suominen tamminen tanskanen tikkanen timonen toivonen tolvanen
tuominen turunen uusitalo vainio valkonen vanhanen vartiainen vesterinen virtanen vuorela vuori väisänen väänänen
ylönen
""",
}
"""Surnames, likewise."""

NORSE_PARTS = (
    """
al alf ar arn as ás ast aud berg bjørn borg brand bryn bård dag ei eld erl es ey finn frid frøy gaut geir ger grim gud
gunn guld guð hall har has havar hei hel herm her hild hjalm hog holm hå ing ingj ive jo jor jost kar ketil kol lau
leiv liv mag mod nor odd ol orm ot rag ragn ran rand rei ro rolv rør sig siv sjur sol stein stor sun svan svein syn sæ
tor tord tore tryg tyr ulf un ut val var ve veig ver vig vil yng øy øye åd ås
""",
    """
a ald ar arv bera bert bergljot bjørg bjørn borg brand brit dis do e eif finn fred frid gard geir gerd gils grim gunn
gunnar halla hard heid hild ill ke kel kell kjell laug lav leif leik leiv lin ljot mar mod mund nar naug ne nhild ny
ol olf olv or rid rik run stein stina sund tor trud ulf unn ust vald vall var vard vart veig ve vid vin vind vor ward
wenche win yngve ynt åge åld
""",
)
"""The parts of old Nordic first names. Those that texts have are taken for names."""

FINNISH_WORDS = """
aamu aarre aava aatos ahti armas arvo aura auvo helmi hilja hilla ilma ilo ilta impi into kaino kallio kielo kirsi kukka
lahja laine lempi lumi meri mesi minttu oiva onni orvokki pilvi päivi pyry rauha ruusu satu sini sisu soma suloinen sulo
suvi tahto taika taimi taisto tarmo taru tenho toive toivo touko tuisku tuuli tyyne uljas unelma urho usko utu valo
varma vappu vieno vilja voitto ystävä
"""
"""First names that are ordinary words without a plural to speak of."""

NAMES_NOT_WORDS = {
    "nl": """
    aaltje adele albert alexander arie astrid axel barry bas benjamin blake bob boudewijn bram charles claus clement
    daan dale darren demi douwe dries dylan ellen els emir erica erika ester eva frank geert gerold gil gloria griet
    guy hans hazel hein helen hendrik henry holden iris jaap jack jan janet jantje joel johannes jonas justine karel
    karin kim klaas kris kristen lasse leopold lila loek lori luis maarten maartje marc mark matt mattie max maxime
    maya mieke mies mohammed nel nik oscar penny peter pierce piet rachel reed rené rex rob robbert robert sari
    spencer steven sydney tim tommy turner uwe vicky violet wade walker warren wim
    """,
    "en": """
    alexander alma amir angela anna barney ben billy blake bob bobby brad brian carl carol caroline carter chad
    clement clint clive colin colleen curt dale dalton dave dean dexter diane dieter dirk dolores emery ester fanny
    felicity fletcher frank fritz gaston gemma glen graham gregg hank harry hector henry holden jack jake jared
    jasmine jasper jean jeff jenna jenny jerome jess jill jimmy joe joey john jose josef josh julia kane karim ken
    kent kirk lambert lars laura lisa lulu luna mack malik marc marcel marge maria martin matt max maya meg mick
    mike milo mina molly morgan murphy neal nelson newton nick pam pascal patricia patsy paula perry peter phoebe
    quinn ralph reagan reed roger rolf rosa ross ruth sam sandra sean serge shahid shay shelly sherry solomon sophie
    spencer stan stella stephanie steven tammy ted teddy terry timothy tom tommy tony tucker turner ursula vera
    veronica victor victoria vince wade wally walter webster willie willy
    """,
    "pl": """
    abby adamowi aga agaty albert alberta alf alfons alfonsa andrew antek antka arek ariel axel bart beaty benedykt
    benedykta bernard bert bill bogdan bogdana bronek bronisz bronka carmen cezar cezara cezary dan daniel daniela
    darek derek donna douglas fabian filip filipa flory frank franklin gabriela gary gilbert gloria gordon graham
    grant henry jamie janowi jarek jasia jasiu jaś jordan juan kaja karl karla kent kingi kornel kostek kubie kuby
    kurt kurta lara laury lech lecha leonid lilia ludwik ludwika luna maciek madison maja maks maksym marek marian
    marko markowi marku mary maćka mika mikołaj mikołaja mila milo miranda nelson nelsona nestor nikola omar oscar
    oscara oscarem pascal paulina pauliny paweł pawle pawła pawłem pawłowi piotrowi piotruś rob robinson romy rosa
    rosie rysia sabina sofie spencer tom tomek tomka toni tony wiktor wiktora wiktoria wiktorii wirginia witek
    wojtek wojtka zośka
    """,
    "nb": """
    adam agnes aksel anders ane anna arild arne aurora axel benjamin bert bob bobby børge carl carter cathrine dean
    donna drake elise ester eva frank geir gitte gloria grace grant gry guri harry hedda helene helga helge henry
    hilde ida inga irene iver jan jens jensen jules justin karen kim klara knut kurt kyle kåre lauren leif lena lene
    lester linda line linn lisa lise lotte lucia luke luna maja maren mari martin matt max maya mikkel miller morten
    nelson newton nora ola ole pascal peter porter pål rasmus rita rosa sander sidney signe sindre siv sondre stan
    stella sten svein teddy tess tim tina tine tora tore tove trine ulla unn verner øystein
    """,
    "fi": """
    ahti ainon airin akseli akselilla akselille akselin annin arin auroran bridget chester eevan esteri georgia
    graham harrin hermanni hertta inka jana jennin jess jodi joelle jukan jussi jussin karille kati katin kerry
    kirsi kirsin kustaan lotan maijan manun mari martta matin mattia mauri mikon otso paulan pekan rikun sadun saku
    sannan saran sepon sirkku teijon terhon terttu tomin topi topin tuija tuomasta urho veikko veikon vuokko
    """,
}
"""First names, by the language whose dictionary has them in lower case too, that are hardly met as words there."""
