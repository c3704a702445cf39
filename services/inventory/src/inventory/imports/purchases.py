"""When known assets were bought, and for how much: a list by serial number, external id or name, beside an inventory
that does not know it (RVTools). A row of no known asset, or of several, is refused by whoever applies it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from inventory.imports.dates import NUMECOEVAL_DATES
from inventory.imports.reading import Defaults, Entity, FileFailure, Reading, Reject, SourceFile, SourceRow, name_of
from inventory.imports.tables import Row, Table, squeezed
from inventory.imports.tabs import WorkbookLimits, tab_that
from inventory.imports.words import plain

_HEADINGS = {
    "source": ("source",),
    "serial": ("serial", "serialnumber", "servicetag", "numerodeserie", "nserie", "noserie", "sn"),
    "external_id": ("externalid", "id", "identifiant", "inventorynumber", "numerodinventaire", "assettag"),
    "name": ("name", "hostname", "host", "nom", "nomdhote", "equipement", "asset"),
    "on": (
        "acquiredon",
        "purchasedate",
        "dateofpurchase",
        "dateachat",
        "datedachat",
        "purchasedon",
        "invoicedate",
        "datedefacture",
        "datelivraison",
        "datedelivraison",
        "deliverydate",
    ),
    "price": (
        "priceeur",
        "price",
        "prix",
        "prixeur",
        "prixht",
        "montant",
        "montantht",
        "valeur",
        "value",
        "cost",
        "cout",
    ),
    "condition": ("condition", "etat"),
    "age": ("ageyears",),
    "life": ("plannedlifeyears", "duree", "dureeannees", "amortissement", "lifeyears"),
    "support_kind": ("supportkind",),
    "support_price": ("supporteurperyear",),
}
_MATCH = ("serial", "external_id", "name")
_CONDITIONS = {
    plain(spelling): word
    for word, spellings in {
        "new": ("new", "neuf"),
        "refurbished": ("refurbished", "reconditionne"),
        "leased": ("leased", "lease", "location", "leasing", "loue"),
        "taken_back": ("taken back", "taken_back", "repris"),
    }.items()
    for spelling in spellings
}
_FIELDS = {
    "match.serial": "serial",
    "match.external_id": "external_id",
    "match.name": "name",
    "acquired.on": "on",
    "acquired.price_eur": "price",
    "acquired.condition": "condition",
    "acquired.age_years": "age",
    "planned_life_years": "life",
    "support.kind": "support_kind",
    "support.eur_per_year": "support_price",
}
_OWN = {"on": "acquired_on", "price": "price_eur", "age": "age_years", "life": "planned_life_years"}


class Purchases:
    """See the module."""

    name = "purchases"
    strict = True

    def __init__(self, limits: WorkbookLimits) -> None:
        """`limits` of a workbook."""
        self._limits = limits

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read each file. Raises FileFailure for one that names no assets or says nothing of them."""
        for file in files:
            found = tab_that(lambda cells: is_purchases(cells, exactly=False), file, self._limits)
            if found is None:
                rule = "it needs a column serial, external_id or name, and one of acquired_on, price_eur and the like"
                raise FileFailure(file.name, "", "not_purchases", rule)
            for row in Table(*found).rows():
                yield row if isinstance(row, Reject) else _reading(row, defaults)

    def column(self, tab: str, field: str) -> str:
        """The column of a field, as our own files call it."""
        meaning = _FIELDS.get(field)
        return field if meaning is None else _OWN.get(meaning, meaning)


def is_purchases(cells: Sequence[str], *, exactly: bool = True) -> bool:
    """Whether these are headings of a list of purchases; `exactly`: and none of anything else."""
    names = {squeezed(cell) for cell in cells} - {""}
    meant = {meaning for meaning, spellings in _HEADINGS.items() if names & set(spellings)}
    known = {spelling for spellings in _HEADINGS.values() for spelling in spellings}
    says = meant - {"source", *_MATCH}
    return bool(meant & set(_MATCH) and says) and (not exactly or (names <= known and bool(says & {"on", "price"})))


def _reading(row: Row, defaults: Defaults) -> Reading:
    match = {name: text for name in _MATCH if (text := row.text(*_HEADINGS[name])) is not None}
    if not match:
        row.refuse("serial", "missing", "the row names no asset: serial, external_id and name are empty")
    acquired: dict[str, Any] = {}
    day = row.day(NUMECOEVAL_DATES, *_present(row, "on"))
    price = _price(row)
    condition = row.word(_CONDITIONS, "unknown_condition", *_present(row, "condition"))
    age = row.number(*_HEADINGS["age"])
    said = {"on": day, "price_eur": price, "condition": condition, "age_years": None if age is None else float(age)}
    acquired = {name: value for name, value in said.items() if value is not None}
    life = row.number(*_HEADINGS["life"])
    content: dict[str, Any] = {"org": defaults.org, "match": match}
    if acquired:
        content["acquired"] = acquired
    if life is not None:
        content["planned_life_years"] = float(life)
    support = {
        name: text
        for name, column in (("kind", "support_kind"), ("eur_per_year", "support_price"))
        if (text := row.text(*_HEADINGS[column])) is not None
    }
    if support:
        content["support"] = support
    if not row.defects and not (acquired or support or life is not None):
        row.refuse("acquired_on", "missing", "the row says neither a date nor a price")
    source = row.text("source") or defaults.source
    if source is not None:
        content["source"] = source
    content["external_id"] = " ".join(match.values())
    if row.defects:
        return row.reject(name_of(Entity.PURCHASE, defaults.org, source, content["external_id"]))
    return SourceRow(row.place, content, row.original, Entity.PURCHASE)


def _present(row: Row, meaning: str) -> tuple[str, ...]:
    """The headings of a meaning, the one that the file has first, so that a defect names it."""
    spellings = _HEADINGS[meaning]
    return tuple(sorted(spellings, key=lambda spelling: not row.has(spelling)))


def _price(row: Row) -> str | None:
    """Euros, with a point or a comma; a space or a narrow one between thousands and a euro sign are read over."""
    headings = _present(row, "price")
    text = row.text(*headings)
    if text is None:
        return None
    bare = text.replace("€", "").replace("EUR", "")
    for space in (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"):
        bare = bare.replace(space, "")
    bare = bare.replace(",", ".") if "." not in bare and bare.count(",") == 1 else bare
    if not bare.replace(".", "", 1).isdigit():
        row.refuse(headings[0], "wrong_type", f"euros are wanted, such as 9800.00, not {text!r}")
        return None
    return bare
