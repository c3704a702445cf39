"""Readers of other people's files: what becomes a factor, what is left out and why, what is rejected and where."""

from collections import Counter
from datetime import date

import pytest
from factors.catalogue import reader
from factors.catalogue.reader import Entry
from factors.domain.records import GwpSet, Perimeter, Source
from factors.domain.regions import Regions
from factors.importing import base_carbone, boavizta, ember, own
from factors.importing.plan import plan
from factors.importing.tables import FileError, Parsed, decode

SOURCE = Source(name="Example", link="Example, file 1", licence="CC BY 4.0", year=2026)


def by_id(parsed: Parsed) -> dict[str, Entry]:
    return {located.entry.id: located.entry for located in parsed.located}


BASE_CARBONE_HEADER = (
    "Type Ligne;Identifiant de l'élément;Type de l'élément;Statut de l'élément;Nom base français;Nom base anglais;"
    "Nom attribut français;Nom frontière français;Unité français;Localisation géographique;Date de modification;"
    "Période de validité;Incertitude;Type poste;Total poste non décomposé;CO2b"
)
BASE_CARBONE = "\n".join([
    BASE_CARBONE_HEADER,
    "Elément;1;Facteur d'émission;Valide générique;Electricité;Electricity;2023 - mix moyen;consommation;kgCO2e/kWh;"
        "France continentale;2024-05-01;;10;;0,052;",
    "Poste;1;;;;;;;;;;;;Amont;0,0104;",
    "Poste;1;;;;;;;;;;;;Combustion à la centrale;0,0361;",
    "Poste;1;;;;;;;;;;;;Transport et distribution;0,0055;",
    "Elément;2;Facteur d'émission;Valide générique;Gazole routier;Road diesel;;;kgCO2e/litre;"
        "France continentale;2020-05-01;décembre-2027;5;;3,1;0,13",
    "Elément;3;Facteur d'émission;Archivé;Vieux facteur;;;;kgCO2e/kg;Monde;2010-01-01;;;;1;",
    "Elément;4;Facteur d'émission;Valide générique;Réparation de machines - 2023;;;;kgCO2e/keuro (2023) HT;France;2025-01-01;;50;;250;",
    "Elément;5;Facteur d'émission;Valide spécifique;Autocar;Coach;;;kgCO2e/passager.km;France continentale;2025-01-01;;;;0,04;",
    "Elément;6;Facteur d'émission;Valide générique;Objet;;;;kgCO2e/zorglub;France continentale;2025-01-01;;;;1;",
    "Elément;7;Facteur d'émission;Valide générique;Ailleurs;;;;kgCO2e/kg;Atlantide;2025-01-01;;;;1;",
    "Elément;8;Facteur d'émission;Valide générique;Rien;;;;kgCO2e/kg;Monde;2025-01-01;;;;n.d.;",
    "Elément;9;Donnée source;Valide générique;Une source;;;;kgCO2e/kg;Monde;2025-01-01;;;;1;",
    "Elément;10;Facteur d'émission;Valide générique;Temps;;;;kgCO2e/kg;Monde;2025-01-01;bientôt;;;1;",
])  # fmt: skip


def test_base_carbone_elements_become_factors_with_unit_place_and_validity(regions: Regions) -> None:
    entries = by_id(base_carbone.read(BASE_CARBONE, regions, SOURCE, reader.gases()))
    electricity = entries["base-carbone-1"].content
    assert (electricity.activity, electricity.region, electricity.perimeter) == (
        "electricity",
        "FR",
        Perimeter.CONSUMPTION,
    )
    assert (electricity.value, electricity.valid_from, electricity.valid_to) == (
        0.052,
        date(2023, 1, 1),
        date(2024, 1, 1),
    )
    diesel = entries["base-carbone-2"].content
    assert (diesel.activity, diesel.unit, diesel.valid_to) == ("base_carbone.2", "kgCO2e/litre", date(2028, 1, 1))
    assert (diesel.biogenic_co2, diesel.published_year, diesel.name.en) == (0.13, 2020, "Road diesel")
    assert entries["base-carbone-4"].content.unit == "kgCO2e/kEUR"
    assert entries["base-carbone-5"].content.unit == "kgCO2e/(person*km)"


def test_base_carbone_sub_items_become_perimeters_of_their_own(regions: Regions) -> None:
    entries = by_id(base_carbone.read(BASE_CARBONE, regions, SOURCE, reader.gases()))
    parts = {
        perimeter: entries[f"base-carbone-1-{perimeter}"].content for perimeter in ("upstream", "direct", "losses")
    }
    assert {content.perimeter for content in parts.values()} == {Perimeter.UPSTREAM, Perimeter.DIRECT, Perimeter.LOSSES}
    assert sum(content.value for content in parts.values()) == pytest.approx(0.052)
    assert all(content.valid_from == date(2023, 1, 1) for content in parts.values())


def test_base_carbone_says_what_it_leaves_out_and_where_it_rejects(regions: Regions) -> None:
    parsed = base_carbone.read(BASE_CARBONE, regions, SOURCE, reader.gases())
    assert parsed.skipped == {"status Archivé": 1, "type Donnée source": 1}
    assert [(reject.line, reject.field, reject.code) for reject in parsed.rejects] == [
        (10, "Unité français", "unit"),
        (11, "Localisation géographique", "unknown_region"),
        (12, "Total poste non décomposé", "not_a_number"),
        (14, "Période de validité", "not_a_period"),
    ]


GASES_HEADER = BASE_CARBONE_HEADER + ";CO2f;CH4f;CH4b;N2O;Code gaz supplémentaire 1;Valeur gaz supplémentaire 1"
BASE_CARBONE_GASES = "\n".join([
    GASES_HEADER,
    "Elément;1;Facteur d'émission;Valide générique;Gaz naturel;Gas;;;kgCO2e/kWh;France;2024-05-01;;30;;0,24;;0,2;0,03;0;0,01;;",
    "Elément;2;Facteur d'émission;Valide générique;Disjoncteur;Breaker;;;kgCO2e/kg;France;2024-05-01;;5;;235;;;;;;SF6;235",
    "Elément;3;Facteur d'émission;Valide générique;Incomplet;Part;;;kgCO2e/kg;France;2024-05-01;;;;3;;1;;;;;",
    "Elément;4;Facteur d'émission;Valide générique;Inconnu;Unknown;;;kgCO2e/kg;France;2024-05-01;;;;3;;1;;;;Divers;2",
    "Elément;5;Facteur d'émission;Valide générique;Négatif;Negative;;;kgCO2e/kg;France;2024-05-01;;-5;;3;;;;;;;",
])  # fmt: skip


def test_base_carbone_gases_become_masses_that_make_the_total_and_the_uncertainty_a_spread(regions: Regions) -> None:
    parsed = base_carbone.read(BASE_CARBONE_GASES, regions, SOURCE, reader.gases())
    entries = {entry_id: entry.content for entry_id, entry in by_id(parsed).items()}
    gas = entries["base-carbone-1"]
    assert dict(gas.gases) == {"CO2": 0.2, "CH4_fossil": 0.001, "N2O": pytest.approx(0.01 / 265)}
    assert gas.gwp_set is GwpSet.AR5
    assert gas.gsd2 == pytest.approx(1.3)
    assert reader.rules().violations(gas) == []
    assert dict(entries["base-carbone-2"].gases) == {"SF6": pytest.approx(0.01)}
    for left_out, why in (("base-carbone-3", "total"), ("base-carbone-4", "Divers")):
        content = entries[left_out]
        assert content.gases == ()
        assert content.note is not None
        assert why in content.note.fr
    assert [(reject.line, reject.field, reject.code) for reject in parsed.rejects] == [(6, "Incertitude", "negative")]


def test_base_carbone_gases_are_counted_with_the_set_that_the_caller_names(regions: Regions) -> None:
    parsed = base_carbone.read(BASE_CARBONE_GASES, regions, SOURCE, reader.gases(), GwpSet.AR6)
    gas = by_id(parsed)["base-carbone-1"].content
    assert dict(gas.gases)["CH4_fossil"] == pytest.approx(0.03 / 29.8)
    assert gas.gwp_set is GwpSet.AR6


EMBER = """country_code,country_or_region,year,latest_year,emissions_intensity_gco2_per_kwh
FRA,France,2025,2025,40.5
,World,2025,2025,460
,EU,2025,2025,200
CAF,Central African Republic (the),2025,2025,0.0
ZZZ,Nowhere,2025,2025,100
DEU,Germany,2025,2025,n/a
,Mars,2025,2025,100
"""


def test_ember_rows_become_the_production_of_their_year_in_kilograms(regions: Regions) -> None:
    parsed = ember.read(EMBER, regions, SOURCE)
    entries = by_id(parsed)
    assert set(entries) == {"electricity-fr-2025-ember", "electricity-world-2025-ember", "electricity-eu-2025-ember"}
    france = entries["electricity-fr-2025-ember"].content
    assert (france.value, france.unit, france.perimeter) == (0.0405, "kgCO2e/kWh", Perimeter.PRODUCTION)
    assert (france.valid_from, france.valid_to) == (date(2025, 1, 1), date(2026, 1, 1))
    assert parsed.skipped == {ember.ZERO: 1, ember.GROUPING: 1}
    assert [(reject.line, reject.code) for reject in parsed.rejects] == [(6, "unknown_region"), (7, "not_a_number")]


BOAVIZTA = """manufacturer,name,subcategory,gwp_total,gwp_manufacturing_ratio,report_date,sources
Dell,PowerEdge R740,Server,8640,0.152,Jan 2019,dell.com/r740.pdf
Dell,Wyse 3030,Thin Client,70,0.59,2016,
HP,Twice,Laptop,200,0.7,2020,
HP,Twice,Laptop,300,0.7,2021,
HP,No share,Laptop,300,,2021,
HP,Too much,Laptop,300,7.76,2021,
Seagate,Exos,Hard drive,20,0.5,2021,
"""


def test_boavizta_rows_become_the_manufacturing_of_a_model_without_its_use(regions: Regions) -> None:
    parsed = boavizta.read(BOAVIZTA, SOURCE)
    server = by_id(parsed)["model-server-dell-poweredge-r740"].content
    assert server.activity == "embodied.server.dell.poweredge-r740"
    assert (server.stage, server.unit) == ("manufacturing", "kgCO2e/unit")
    assert server.value == pytest.approx(1313.28)
    assert "thin_client" in by_id(parsed)["model-thin-client-dell-wyse-3030"].content.activity


def test_boavizta_doubles_and_impossible_shares_are_rejected_and_missing_shares_left_out() -> None:
    parsed = boavizta.read(BOAVIZTA, SOURCE)
    assert Counter(reject.code for reject in parsed.rejects) == {"suspect_duplicate": 2, "out_of_range": 1}
    assert parsed.skipped == {boavizta.NO_SHARE: 1, boavizta.NO_KIND: 1}


def test_boavizta_reads_the_french_spelling_alike() -> None:
    french = BOAVIZTA.replace(".", "§").replace(",", ";").replace("§", ",")
    assert by_id(boavizta.read(french, SOURCE))["model-thin-client-dell-wyse-3030"].content.value == pytest.approx(41.3)


OWN_HEADER = (
    "id,activity,name_fr,name_en,value,unit,published_year,region,perimeter,ratings,valid_from,"
    "source_name,source_link,source_licence,source_year"
)
OWN_ROW = "heat-fr,heat,Chaleur,Heat,0.1,kgCO2e/kWh,2025,FR,,4/4/5/5/4,2025-01-01,Example,Example p. 3,CC BY 4.0,2025"


def test_converted_values_have_the_digits_that_one_reckons_by_hand(regions: Regions) -> None:
    row = "ARG,Argentina,2021,2021,365.292"
    [located] = ember.read(f"{EMBER.splitlines()[0]}\n{row}\n", regions, SOURCE).located
    assert located.entry.content.value == 0.365292
    header = "manufacturer;name;subcategory;gwp_total;gwp_manufacturing_ratio"
    [located] = boavizta.read(f"{header}\nApple;iMac;Desktop;214,5;0,7600\n", SOURCE).located
    assert located.entry.content.value == 163.02


def test_own_file_carries_every_field_and_its_source() -> None:
    [located] = own.read(f"{OWN_HEADER}\n{OWN_ROW}\n").located
    content = located.entry.content
    assert (located.line, located.entry.id, content.value, content.criterion) == (2, "heat-fr", 0.1, "gwp")
    assert content.ratings is not None
    assert (content.ratings.reliability, content.ratings.geographic) == (4, 5)
    assert content.source.link == "Example p. 3"


def test_own_file_carries_gases_biogenic_carbon_spread_and_the_mask() -> None:
    header = f"{OWN_HEADER},gwp_set,gases,biogenic_co2,gsd2,source_displayable"
    [located] = own.read(f"{header}\n{OWN_ROW},AR5,CO2=0.07; CH4_fossil=0.001,0.02,1.4,false\n").located
    content = located.entry.content
    assert content.gases == (("CH4_fossil", 0.001), ("CO2", 0.07))
    assert (content.gwp_set, content.biogenic_co2, content.gsd2) == (GwpSet.AR5, 0.02, 1.4)
    assert not content.source.displayable
    assert reader.rules().violations(content) == []
    [reject] = own.read(f"{header}\n{OWN_ROW},AR5,CO2:0.07,,,\n").rejects
    assert (reject.field, reject.code) == ("gases", "malformed")
    [reject] = own.read(f"{header}\n{OWN_ROW},AR5,,,,no\n").rejects
    assert (reject.field, reject.code) == ("source_displayable", "malformed")


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ("0.1", "nan", "value", "not_a_number"),
        (",2025,FR", ",nan,FR", "published_year", "not_a_number"),
        (",2025,FR", ",1e300,FR", "published_year", "out_of_range"),
        ("0.1", "abc", "value", "not_a_number"),
        (",2025,FR", ",20.5,FR", "published_year", "not_whole"),
        ("FR,,", "FR,all,", "perimeter", "unknown"),
        ("4/4/5/5/4", "4/4/5", "ratings", "malformed"),
        ("4/4/5/5/4", "4/4/5/5/9", "ratings", "malformed"),
        ("2025-01-01", "01/01/2025", "valid_from", "not_a_date"),
        ("Example p. 3", "", "source_link", "required"),
    ],
)
def test_own_rows_that_break_a_rule_are_rejected_naming_the_field(old: str, new: str, field: str, code: str) -> None:
    parsed = own.read(f"{OWN_HEADER}\n{OWN_ROW.replace(old, new, 1)}\n{OWN_ROW}\n")
    assert [(reject.line, reject.field, reject.code) for reject in parsed.rejects] == [(2, field, code)]
    assert len(parsed.located) == 1


@pytest.mark.parametrize(("text", "code"), [("", "empty"), ("\n\n", "empty"), ("a,b\n1,2\n", "missing_column")])
def test_a_file_of_another_kind_is_refused_whole(text: str, code: str) -> None:
    with pytest.raises(FileError) as refusal:
        own.read(text)
    assert refusal.value.code == code


def test_files_of_french_spreadsheets_are_decoded() -> None:
    assert decode("é".encode("cp1252")) == decode("é".encode()) == decode("é".encode("utf-8-sig")) == "é"


def test_a_plan_rejects_broken_rules_doubles_and_rivals(regions: Regions) -> None:
    rows = [
        OWN_ROW,
        OWN_ROW.replace("0.1", "0.2"),
        OWN_ROW.replace("heat-fr", "heat-fr-rival"),
        OWN_ROW.replace("heat-fr,heat", "heat-xx,heat.xx").replace(",FR,", ",XX,"),
        OWN_ROW.replace("heat-fr,heat", "Heat FR,heat.other"),
        OWN_ROW.replace("heat-fr,heat", "heat-negative,heat.negative").replace("0.1", "-0.1"),
    ]
    planned = plan(own.read("\n".join([OWN_HEADER, *rows])), [], reader.rules())
    assert [entry.id for entry in planned.added] == ["heat-fr"]
    assert [(reject.line, reject.field, reject.code) for reject in planned.rejects] == [
        (3, "id", "duplicate"),
        (4, "activity", "question_answered"),
        (5, "region", "unknown_region"),
        (6, "id", "malformed"),
        (7, "value", "negative"),
    ]
