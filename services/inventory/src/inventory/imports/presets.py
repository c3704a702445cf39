"""Mappings that every organisation has: what common tools export."""

from inventory.imports.dates import DateFormat
from inventory.imports.mapping import MappedColumn, Mapping

_FINANCE_FR = "Informations financières et administratives - "
_FINANCE_EN = "Financial and administrative information - "


def _column(column: str, *headings: str, required: bool = False) -> MappedColumn:
    return MappedColumn(column=column, headings=headings, required=required)


GLPI = Mapping(
    name="glpi",
    columns=(
        _column(
            "external_id",
            "ID",
            "Identifiant",
            "Inventory number",
            "Numéro d'inventaire",
            "Name",
            "Nom",
            required=True,
        ),
        _column("name", "Name", "Nom", required=True),
        _column("status", "Status", "Statut", "State", "État", required=True),
        _column("kind", "Type", "Item type", "Type d'élément"),
        _column("maker", "Manufacturer", "Fabricant"),
        _column("model", "Model", "Modèle"),
        _column("serial_number", "Serial number", "Numéro de série"),
        _column("tags.location", "Location", "Lieu"),
        _column("tags.entity", "Entity", "Entité"),
        _column("owner", "User", "Utilisateur", "Alternate username", "Usager"),
        _column("tags.group", "Group", "Groupe"),
        _column("tags.operating_system", "Operating System - Name", "Système d'exploitation - Nom"),
        _column("tags.processor", "Components - Processor", "Composants - Processeur"),
        _column(
            "acquired_on",
            "Date of purchase",
            f"{_FINANCE_EN}Date of purchase",
            "Date d'achat",
            f"{_FINANCE_FR}Date d'achat",
        ),
        _column("price_eur", "Value", f"{_FINANCE_EN}Value", "Valeur", f"{_FINANCE_FR}Valeur"),
        _column(
            "in_service_since",
            "Startup date",
            f"{_FINANCE_EN}Startup date",
            "Date de mise en service",
            f"{_FINANCE_FR}Date de mise en service",
        ),
        _column(
            "retired_on",
            "Decommission date",
            f"{_FINANCE_EN}Decommission date",
            "Date de réforme",
            f"{_FINANCE_FR}Date de réforme",
        ),
    ),
    constants={"source": "glpi"},
    date_formats=(DateFormat.ISO, DateFormat.DAY_FIRST_DASHES, DateFormat.DAY_FIRST_SLASHES),
    nulls=("N/A", "-----", "NULL"),
)
"""GLPI's export of a list (computers, monitors, network equipment…), in French or English; dates as GLPI can show them, but
for MM-DD-YYYY: who shows dates that way copies the preset. Where the list has no column of the type, the form field `kind`
says what it is of."""

PRESETS = {GLPI.name: GLPI}
