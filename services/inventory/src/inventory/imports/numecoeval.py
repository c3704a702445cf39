"""Inventories of NumEcoEval and G4IT: up to four tables of data centres, physical and virtual equipment, and applications.

Headings and format: G4IT's `apiloadinputfiles` and the import templates of NumEcoEval; `;`, UTF-8 with or without a
byte-order mark or Windows-1252, dates in four spellings, headings that may end with a stray `;`. A name tells one thing:
of two rows with one name both are refused, and so is what depends on a refused row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from inventory.domain.vocabulary import Kind, SiteKind
from inventory.imports.cloud import cloud_allocation, provider_of
from inventory.imports.dates import NUMECOEVAL_DATES
from inventory.imports.places import country_code, country_name
from inventory.imports.reading import (
    Defaults,
    Entity,
    FileFailure,
    Notice,
    Place,
    Reading,
    Reject,
    SourceFile,
    SourceRow,
    name_of,
)
from inventory.imports.tables import Row, Table, squeezed
from inventory.imports.tabs import Tab, TabRow, WorkbookLimits, tabs_of
from inventory.imports.words import KINDS, STATUSES, code_of

SOURCE = "numecoeval"
"""The source where neither the row nor the sender says one."""

SITES, PHYSICAL, VIRTUAL, APPLICATIONS = "datacenter", "physical", "virtual", "application"
_ORDER = (SITES, PHYSICAL, VIRTUAL, APPLICATIONS)
_REQUIRED = {
    SITES: ("nomcourtdatacenter", "localisation"),
    PHYSICAL: ("nomequipementphysique", "type"),
    VIRTUAL: ("nomequipementvirtuel", "vcpu"),
    APPLICATIONS: ("nomapplication", "typeenvironnement", "nomequipementvirtuel"),
}
_TAGS = {
    PHYSICAL: {"entity": "nomentite", "usage_country": "paysdutilisation"},
    VIRTUAL: {
        "entity": "nomentite",
        "cluster": "cluster",
        "equipment_type": "typeeqv",
        "storage_capacity": "capacitestockage",
        "distribution_key": "clerepartition",
        "average_load": "chargemoy",
        "annual_usage": "dureeutilisationannuelle",
    },
}
_FIELDS = {
    "code": "nomCourtDatacenter",
    "name": "nomLongDatacenter",
    "country": "localisation",
    "pue": "pue",
    "site": "nomCourtDatacenter",
    "host": "nomEquipementPhysique",
    "quantity": "quantite",
    "model.name": "modele",
    "begins_on": "dateAchat",
    "acquired.on": "dateAchat",
    "retired_on": "dateRetrait",
    "declared.annual_kwh": "consoElecAnnuelle",
    "configuration.cpu.cores": "nbCoeur",
    "allocation.vcpu": "vCPU",
    "machine": "nomEquipementVirtuel",
    "machines.0": "nomEquipementVirtuel",
    "owner": "utilisateur",
}
_NAMES = {
    SITES: "nomCourtDatacenter",
    PHYSICAL: "nomEquipementPhysique",
    VIRTUAL: "nomEquipementVirtuel",
    APPLICATIONS: "nomApplication",
}
_COMPUTING = frozenset({Kind.SERVER, Kind.STORAGE, Kind.LAPTOP, Kind.DESKTOP, Kind.THIN_CLIENT})


class NumEcoEval:
    """See the module."""

    name = "numecoeval"
    strict = True

    def __init__(self, limits: WorkbookLimits) -> None:
        """`limits` of a workbook; the tables may also be its sheets."""
        self._limits = limits

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read the tables of all files together, what others depend on first. Raises FileFailure for a file without one."""
        tables = [table for file in files for table in self._tables(file)]
        for kind in _ORDER:
            for table_kind, table in tables:
                if table_kind == kind:
                    yield from _Reader(table, kind, defaults).read()

    def column(self, tab: str, field: str) -> str:
        """The heading of a field; a name is that of the table's own."""
        if field in ("external_id", "source", "kind"):
            return {"source": "nomSourceDonnee", "kind": "type"}.get(field, _NAMES.get(tab, field))
        return _FIELDS.get(field, field)

    def _tables(self, file: SourceFile) -> list[tuple[str, Table]]:
        found: list[tuple[str, Table]] = []
        for tab in tabs_of(file, self._limits):
            header = tab.header()
            kind = None if header is None else table_kind([text or "" for text in header.texts])
            if header is not None and kind is not None:
                table = _OneOfFour(tab, header, kind)
                table.require(*_REQUIRED[kind])
                found.append((kind, table))
        if not found:
            rule = "it has none of the headings nomCourtDatacenter, nomEquipementPhysique, nomEquipementVirtuel, nomApplication"
            raise FileFailure(file.name, "", "not_numecoeval", rule)
        return found


class _OneOfFour(Table):
    """A table whose rows say, as their tab, which of the four it is."""

    def __init__(self, tab: Tab, header: TabRow, kind: str) -> None:
        super().__init__(tab, header)
        self.kind = kind

    def place(self, row: TabRow) -> Place:
        return Place(self.tab.file.position, self.kind, row.line)


def table_kind(headings: Sequence[str]) -> str | None:
    """Which of the four tables these headings are of."""
    names = {squeezed(heading) for heading in headings}
    if "nomapplication" in names and "nomequipementvirtuel" in names:
        return APPLICATIONS
    if "nomequipementvirtuel" in names:
        return VIRTUAL
    if "nomequipementphysique" in names:
        return PHYSICAL
    return SITES if {"nomcourtdatacenter", "localisation"} <= names else None


class _Reader:
    """Reads one table."""

    def __init__(self, table: Table, kind: str, defaults: Defaults) -> None:
        self._table = table
        self._kind = kind
        self._defaults = defaults
        self._countries: set[str] = set()
        self._cores = False

    def read(self) -> Iterator[Reading]:
        readers: Mapping[str, Callable[[Row], Iterator[Reading]]] = {
            SITES: self._site,
            PHYSICAL: self._physical,
            VIRTUAL: self._virtual,
            APPLICATIONS: self._application,
        }
        for row in self._table.rows():
            if isinstance(row, Reject):
                yield row
            else:
                yield from readers[self._kind](row)
        file, tab = self._table.tab.file.position, self._kind
        if self._cores:
            rule = "nbCoeur is all cores of a machine: each is taken to have one processor with all its cores"
            yield Notice(file, tab, "assumed_one_cpu", rule)
        for country in sorted(self._countries):
            rule = (
                f"equipment without a data centre stands at the site {_country_site(country)!r}, made for its country; "
                "name a site in the form field `site`, or move it later"
            )
            yield Notice(file, tab, "site_by_country", rule)

    def _site(self, row: Row) -> Iterator[Reading]:
        short = row.text("nomcourtdatacenter", required=True)
        location = row.text("localisation", required=True)
        country = None if location is None else country_code(location)
        if location is not None and country is None:
            rule = f"{location!r} is no country; write its name in English or French, or its ISO 3166-1 code"
            row.refuse("localisation", "unknown_country", rule)
        pue = row.number("pue")
        code = "" if short is None else code_of(short)
        if short is not None and not code:
            row.refuse("nomcourtdatacenter", "malformed", f"{short!r} has neither a letter nor a digit")
        name = name_of(Entity.SITE, self._defaults.org, "", code)
        if row.defects:
            yield row.reject(name)
            return
        content = {
            "org": self._defaults.org,
            "code": code,
            "name": row.text("nomlongdatacenter") or short,
            "kind": SiteKind.DATACENTER,
            "country": country,
            "pue": None if pue is None else float(pue),
        }
        yield SourceRow(row.place, content, row.original, Entity.SITE)

    def _physical(self, row: Row) -> Iterator[Reading]:
        external_id = row.text("nomequipementphysique", required=True)
        kind = row.word(KINDS, "unknown_kind", "type", required=True)
        status = row.word(STATUSES, "unknown_status", "statut")
        bought = row.day(NUMECOEVAL_DATES, "dateachat")
        left = row.day(NUMECOEVAL_DATES, "dateretrait")
        if bought is not None and left is not None and left < bought:
            row.refuse("dateachat", "acquired_after_retired", f"bought on {bought}, after it left on {left}")
        quantity = row.whole("quantite")
        energy = row.number("consoelecannuelle", "consoelecan")
        cores = row.whole("nbcoeur")
        country = self._country(row)
        content: dict[str, Any] = {"kind": kind, **self._identity(row, external_id)}
        content |= _said(name=external_id, status=status, quantity=quantity, begins_on=bought, retired_on=left)
        if model := row.text("modele"):
            content["model"] = {"name": model}
        if bought is not None:
            content["acquired"] = {"on": bought}
        if energy is not None:
            content["declared"] = {"annual_kwh": float(energy)}
        if cores is not None and kind in _COMPUTING:
            self._cores = True
            content["configuration"] = {"cpu": {"units": 1, "cores": cores}}
        if owner := row.text("utilisateur"):
            content["owner"] = owner
        self._tag(row, content)
        depends: list[str] = []
        site = row.text("nomcourtdatacenter")
        if site is not None:
            content["site"] = code_of(site)
            depends.append(name_of(Entity.SITE, self._defaults.org, "", content["site"]))
        if row.defects:
            yield row.reject(name_of(Entity.ASSET, self._defaults.org, content["source"], external_id))
            return
        if site is None and self._defaults.site is None and country is not None:
            yield from self._made_site(row, country)
            content["site"] = _country_site(country)
        self._defaults.complete(content)
        yield SourceRow(row.place, content, row.original, Entity.ASSET, depends)

    def _country(self, row: Row) -> str | None:
        written = row.text("paysdutilisation")
        if written is None or row.text("nomcourtdatacenter") is not None:
            return None
        country = country_code(written)
        if country is None:
            rule = f"{written!r} is no country; write its name in English or French, or its ISO 3166-1 code"
            row.refuse("paysdutilisation", "unknown_country", rule)
        return country

    def _made_site(self, row: Row, country: str) -> Iterator[Reading]:
        """The site of a country, once: it is made when it is not there, and never changed."""
        if country in self._countries:
            return
        self._countries.add(country)
        name = country_name(country)
        content = {
            "org": self._defaults.org,
            "code": _country_site(country),
            "name": name,
            "kind": SiteKind.OFFICE,
            "country": country,
            "implied": True,
        }
        yield SourceRow(row.place, content, row.original, Entity.SITE)

    def _virtual(self, row: Row) -> Iterator[Reading]:
        external_id = row.text("nomequipementvirtuel", required=True)
        vcpu = row.whole("vcpu")
        quantity = row.whole("quantite")
        energy = row.number("consoelecannuelle", "consoelecan")
        identity = self._identity(row, external_id)
        content: dict[str, Any] = {
            "kind": Kind.VIRTUAL_MACHINE,
            **identity,
            **_said(name=external_id, quantity=quantity),
        }
        if energy is not None:
            content["declared"] = {"annual_kwh": float(energy)}
        self._tag(row, content)
        depends: list[str] = []
        provider, instance = row.text("provider"), row.text("typeinstance")
        if provider is not None:
            allocation = cloud_allocation(provider_of(provider), instance, row.text("location"), vcpu)
            if allocation is None:
                rule = f"how many vCPU {instance!r} of {provider} has is not known here; write them into vCPU"
                row.refuse("vcpu", "unknown_instance_type", rule)
            content["allocation"] = allocation
        else:
            host = row.text("nomequipementphysique", required=True)
            if vcpu is not None:
                content["allocation"] = {"vcpu": vcpu}
            elif row.text("typeeqv") != "stockage":
                row.refuse("vcpu", "missing", "the cell is empty")
            source = row.text("nomsourcedonneeequipementphysique") or identity["source"]
            content["host"] = {"source": source, "external_id": host}
            depends.append(name_of(Entity.ASSET, self._defaults.org, source, host))
        if row.defects:
            yield row.reject(name_of(Entity.ASSET, self._defaults.org, identity["source"], external_id))
            return
        self._defaults.complete(content)
        yield SourceRow(row.place, content, row.original, Entity.ASSET, depends)

    def _application(self, row: Row) -> Iterator[Reading]:
        application = row.text("nomapplication", required=True)
        environment = row.text("typeenvironnement", required=True)
        machine = row.text("nomequipementvirtuel", required=True)
        source = self._defaults.source or SOURCE
        machine_source = row.text("nomsourcedonneeequipementvirtuel") or source
        told = " ".join(str(part) for part in (application, environment, machine))
        name = name_of(Entity.APPLICATION, self._defaults.org, source, told)
        code = code_of(application or "")
        if application is not None and not code:
            row.refuse("nomapplication", "malformed", f"{application!r} has neither a letter nor a digit")
        if row.defects:
            yield row.reject(name)
            return
        claim = {"source": machine_source, "external_id": machine, **_said(**{"from": self._defaults.effective_from})}
        content = {
            "org": self._defaults.org,
            "code": code,
            "name": application,
            "machines": [claim],
        }
        depends = [name_of(Entity.ASSET, self._defaults.org, machine_source, machine)]
        yield SourceRow(row.place, content, row.original, Entity.APPLICATION, depends, name)

    def _identity(self, row: Row, external_id: str | None) -> dict[str, Any]:
        source = row.text("nomsourcedonnee") or self._defaults.source or SOURCE
        return {"source": source, "external_id": external_id}

    def _tag(self, row: Row, content: dict[str, Any]) -> None:
        tags = {tag: text for tag, heading in _TAGS[self._kind].items() if (text := row.text(heading)) is not None}
        if tags:
            content["tags"] = tags


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _country_site(country: str) -> str:
    return f"country-{country.lower()}"
