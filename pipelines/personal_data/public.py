"""Names that are nobody's private data: shops and firms called after somebody, and those whom streets honour.

Kept unless a title or an introduction stands before them: a Mr John Lewis is a person.
"""

from typing import Final, Protocol

_NAMES: Final = """
albert_heijn jan_linders bakker_bart van_der_valk van_gelder heijmans dirk_van_den_broek dirk_van_den_broeck c_&_a
peek_&_cloppenburg vroom_&_dreesmann douwe_egberts van_houten de_bijenkorf van_haren van_oord van_wijnen van_gansewinkel
jan_de_rijk van_mossel van_dale van_nelle simon_lévelt smit_&_dorlas ten_cate ter_beek koninklijke_bam royal_haskoning
dura_vermeer jan_snel jan_van_der_hoorn joris_ide floris_van_bommel piet_zoomers piet_klerkx henk_scholten kees_smit
leen_bakker jan_monkey trekpleister marskramer schoenenreus dolcinis hans_anders pearle specsavers simon_levelt
willem_de_zwijger willem_van_oranje willem_barentsz willem_barents willem_ii anne_frank johan_cruijff johan_cruyff
rembrandt_van_rijn vincent_van_gogh johannes_vermeer jan_steen frans_hals piet_mondriaan jan_van_eyck michiel_de_ruyter
johan_de_witt johan_van_oldenbarnevelt hugo_de_groot jan_pieterszoon_coen joost_van_den_vondel anton_philips
henri_dunant florence_nightingale aletta_jacobs annie_mg_schmidt dick_bruna joke_smit multatuli erasmus spinoza
christiaan_huygens antoni_van_leeuwenhoek simon_stevin thorbecke cort_van_der_linden drees troelstra pieter_stuyvesant
peter_stuyvesant maarten_tromp piet_hein kenau_hasselaer prins_bernhard prins_hendrik prins_alexander prinses_beatrix
prinses_irene prinses_margriet prinses_christina prinses_amalia koningin_wilhelmina koningin_juliana koningin_emma
koningin_maxima koning_willem koning_willem-alexander willem-alexander sint_jan sint_joris sint_maarten sint_nicolaas
sinterklaas zwarte_piet maarten_luther martin_luther_king nelson_mandela mahatma_gandhi john_f_kennedy jean_monnet
robert_schuman konrad_adenauer karel_de_grote pater_damiaan don_bosco titus_brandsma dr_schaepman dr_nolens
hendrik_ido_ambacht den_haag den_bosch den_helder den_burg den_ham den_dolder de_bilt de_meern de_lier de_rijp de_wijk
de_brink ter_apel ter_aar bergen_op_zoom alphen_aan_den_rijn capelle_aan_den_ijssel krimpen_aan_den_ijssel the_hague
john_lewis marks_&_spencer marks_and_spencer rolls_royce aston_martin harley_davidson ben_&_jerry jack_daniels
johnnie_walker jim_beam laura_ashley paul_smith fred_perry ted_baker karen_millen hobbs dorothy_perkins austin_reed
balfour_beatty laing_o'rourke kier mcdonald's burger_king wendy's sainsbury's morrisons harry_ramsden harry_potter
charlie_brown peter_rabbit peter_pan robin_hood father_christmas santa_claus winnie_the_pooh paddington sherlock_holmes
james_bond mickey_mouse donald_duck big_ben joy_division anne_of_green_gables queen_elizabeth queen_victoria king_george
king_charles king_edward prince_albert prince_charles prince_william prince_of_wales princess_diana winston_churchill
charles_darwin charles_dickens william_shakespeare jane_austen isaac_newton alan_turing emmeline_pankhurst captain_cook
horatio_nelson nelson duke_of_wellington robert_burns walter_scott john_radcliffe st_john_ambulance st_george st_andrew
st_david st_patrick st_mary st_john st_peter st_paul st_james st_thomas rosa_parks barack_obama jan_paweł_ii jana_pawła
adam_mickiewicz juliusz_słowacki mikołaj_kopernik fryderyk_chopin tadeusz_kościuszko józef_piłsudski henryk_sienkiewicz
bolesław_prus maria_skłodowska-curie maria_curie-skłodowska maria_konopnicka jan_matejko jan_kochanowski
jan_iii_sobieski stanisław_wyspiański stefan_wyszyński stefan_batory kazimierz_wielki władysław_jagiełło królowa_jadwiga
ignacy_paderewski józef_poniatowski józef_bem roman_dmowski lech_wałęsa wisława_szymborska czesław_miłosz stanisław_lem
janusz_korczak jerzy_popiełuszko święty_mikołaj pan_tadeusz bolek_i_lolek krzysztof_komeda andrzej_wajda emilia_plater
wojciech_kossak stary_browar henrik_ibsen karl_johan kari_traa edvard_munch edvard_grieg bjørnstjerne_bjørnson
knut_hamsun sigrid_undset fridtjof_nansen roald_amundsen henrik_wergeland christian_michelsen olav_tryggvason st_olav
kong_haakon kong_harald kong_olav kong_oscar dronning_sonja dronning_maud dronning_eufemia kronprins_haakon håkon_vii
thorvald_meyer peer_gynt per_gynt clas_ohlson helly_hansen jens_evensen brødrene_dahl peppes_pizza narvesen thon_hotell
ole_bull ludvig_holberg peter_wessel_tordenskiold trygve_lie einar_gerhardsen gro_harlem_brundtland julenissen
espen_askeladd aleksis_kivi tove_jansson johan_ludvig_runeberg runeberg jean_sibelius alvar_aalto eino_leino mannerheim
carl_gustaf_emil_mannerheim urho_kekkonen j_v_snellman elias_lönnrot mikael_agricola minna_canth akseli_gallen-kallela
paavo_nurmi väinö_linna väinö_tanner tarja_halonen martti_ahtisaari joulupukki aleksanteri k-rauta rauta_k vivaldi
mozart wolfgang_amadeus_mozart johann_sebastian_bach beethoven chopin händel debussy puccini pavarotti elvis_presley
frank_sinatra christian_dior yves_saint_laurent calvin_klein hugo_boss tommy_hilfiger ralph_lauren michael_kors
louis_vuitton giorgio_armani gianni_versace karl_lagerfeld jean_paul_gaultier marc_jacobs paco_rabanne jimmy_choo
steve_madden levi_strauss mercedes_benz dr_oetker dr_max dr_martens ben_sherman jack_wolfskin jack_&_jones
helena_rubinstein elizabeth_arden bart_smit henk_ten_hoor van_cranenbroek van_den_borre van_lanschot hunkemöller
gerry_weber claudia_sträter tom_tailor max_mara hertog_jan jan_en_alleman jan_met_de_pet jan_modaal jan_publiek
joost_mag_het_weten leger_des_heils ronald_mcdonald emma_kinderziekenhuis sophia_kinderziekenhuis
juliana_kinderziekenhuis wilhelmina_kinderziekenhuis jeroen_bosch_ziekenhuis johan_cruijff_arena johan_cruyff_court
krajicek_playground maxima_medisch beatrix_theater sint_franciscus sint_antonius sint_lucas sint_elisabeth sint_anna
frankie_&_benny's frankie_and_benny's harvey_nichols holland_&_barrett robert_dyas william_hill paddy_power thomas_cook
ernest_jones toni_&_guy taylor_wimpey david_wilson_homes charles_church knight_frank marie_curie sue_ryder
leonard_cheshire st_mungo's barnardo's henry_hoover elizabeth_line victoria_line jubilee_line joe_bloggs john_doe
joy_to_the_world virgin_mary king's_cross charing_cross piotr_i_paweł ignacy_krasicki jan_niezbędny irena_eris
gran_canaria toi_toi trzech_króli matki_boskiej świętego_jana święta_anna święta_barbara tadeusz_rejtan krzysztof_kolumb
edward_gierek ola_nordmann kari_nordmann anton_sport bertel_o_steen jonas_b_gundersen baker_hansen baker_brun godt_brød
deli_de_luca wayne's_coffee liv_og_røre rosa_sløyfe moods_of_norway ole_lukkøye sankthans st_hans robert's_coffee
ravintola_harald musti_ja_mirri veljekset_keskinen matti_meikäläinen maija_meikäläinen kalle_kustaa pyhä_henrik
pyhä_maria tuomasmessu estée_lauder yves_rocher merry_christmas friesland drenthe zeeland brabant limburg twente
vlaanderen
"""
_LISTED: Final = [tuple(name.split("_")) for name in _NAMES.split()]
_BY_FIRST: Final[dict[str, list[tuple[str, ...]]]] = {}
for _name in _LISTED:
    _words = tuple(word for word in _name if word != "&")
    _BY_FIRST.setdefault(_words[0][:4], []).append(_words)


class Words(Protocol):
    """The words of a text."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> str: ...


_LONGEST: Final = max(len(parts) for some in _BY_FIRST.values() for parts in some)


def covers(words: "Words", first: int, last: int) -> bool:
    """Whether the words of a text from `first` to `last` are part of a public name, in any case and inflected."""
    for at in range(max(0, first - _LONGEST + 1), first + 1):
        for name in _BY_FIRST.get(words[at][:4].lower(), ()):
            if last < at + len(name) <= len(words) and all(
                _alike(words[at + n].lower(), part) for n, part in enumerate(name)
            ):
                return True
    return False


def _alike(word: str, part: str) -> bool:
    if word == part:
        return True
    stem = part[: max(3, len(part) - 2)]
    return len(part) > 3 and word.startswith(stem) and len(word) <= len(part) + 4
