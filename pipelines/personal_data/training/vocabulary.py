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
