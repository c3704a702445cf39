"""A worked study of the example organisation: what each offer of the catalogue would avoid and cost, and the best plan under a budget.

`make demo` runs it on the real stack. Running it again finds the study that is there and asks for the same runs once.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from common.rounding import apportioned
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from examples.platform import Platform, PlatformError, until

YEARS = 5
BUDGET_EUR = "100000.00"
_RUN_TIMEOUT_S = 180.0
_END_OF_LIFE = "every piece of kit is renewed when its life ends"


def study_of(org: str, year: int) -> dict[str, Any]:
    """A study of all kit of `org` over five years from January of `year`."""
    return {
        "org": org,
        "name": f"All offers of the catalogue, {year}–{year + YEARS - 1}",
        "start": f"{year}-01-01",
        "years": YEARS,
        "reference": {
            "description": _END_OF_LIFE,
            "actions": [
                _renew(["server"], annual_kwh_ratio=0.7, price_eur="9000.00"),
                _renew(["storage", "network"], annual_kwh_ratio=0.9, price_ratio=1),
                _renew(["laptop", "desktop", "monitor", "thin_client", "smartphone"], price_ratio=1),
            ],
        },
        "effect_class": "eer_eema",
        "eligibility": "The software runs on the kit that is kept, and spare parts can be had",
        "assumptions": [
            {"text": "A new server uses 30 % less energy than the one it replaces", "source": "assumption"},
            {"text": "A new server costs 9,000 €, other kit what it cost before", "source": "assumption"},
        ],
        "given": [
            {
                "kinds": ["storage"],
                "embodied_kg": 1800,
                "source": "assumption: an array weighs as one and a half servers",
            },
            {"kinds": ["network"], "embodied_kg": 250, "source": "assumption"},
            {"kinds": ["ip_phone", "printer"], "embodied_kg": 40, "life_years": 6, "source": "assumption"},
        ],
        "electricity_eur_per_kwh": "0.18",
        "confirmed": [
            "business_teams_aboard",
            "eligible_use",
            "executive_sponsor",
            "managed_iaas",
            "needs_determined",
            "perpetual_licences",
            "software_supported",
            "spare_parts",
        ],
    }


def _renew(kinds: list[str], **values: Any) -> dict[str, Any]:
    return {"lever": "renew", "on": {"kinds": kinds}, "when_due": True, "with": values}


def show_scenario(console: Console, platform: Platform, org: str, year: int, coal_site: str) -> None:
    """Make the study or find it, run it, and print what came out. `coal_site` is where keeping old kit avoids less than nothing.

    Raises PlatformError when a call is refused or a run fails.
    """
    definition = study_of(org, year)
    with console.status("comparing the offers of the catalogue"):
        study = _study(platform, definition, coal_site)
        comparison = _result(platform, study, "runs", {})
        optimum = _result(platform, study, "optimum", {"budget_eur": BUDGET_EUR, "start_years": [0, 1, 2]})["optimum"]
    names = {offer["id"]: offer["name"]["en"] for offer in platform.get("/scenarios/v1/offers")["items"]}
    console.print(
        Panel(
            Group(
                Text(
                    f"Reference: {_END_OF_LIFE}: {comparison['reference']['total_kg'] / 1000:,.1f} t CO2e in {YEARS} years"
                    f" on {comparison['assets']} assets."
                ),
                Text(),
                _table(comparison, names),
                Text(),
                *_plan(optimum, names),
            ),
            title=definition["name"],
            expand=False,
        )
    )


def _study(platform: Platform, definition: Mapping[str, Any], coal_site: str) -> Mapping[str, Any]:
    """The study of that name, with an alternative for each offer that does something by itself."""
    path, cursor = f"/scenarios/v1/studies?org={quote(definition['org'])}", None
    while True:
        page = platform.get(path + (f"&cursor={quote(cursor)}" if cursor else ""))
        for study in page["items"]:
            if study["definition"]["name"] == definition["name"] and len(study["alternatives"]) > 1:
                found: Mapping[str, Any] = study
                return found
        cursor = page["next_cursor"]
        if cursor is None:
            break
    made = platform.post("/scenarios/v1/studies", definition)
    address = f"/scenarios/v1/studies/{made['id']}"
    for offer in platform.get("/scenarios/v1/offers")["items"]:
        if offer["effect_class"] not in ("awareness", "pillar_a"):
            platform.post(f"{address}/scenarios", {"name": offer["id"], "offers": [{"offer": offer["id"]}]})
    kept = {"offer": "long-life-support", "on": {"sites": [coal_site], "kinds": ["server"]}}
    platform.post(f"{address}/scenarios", {"name": f"long-life-support at {coal_site}", "offers": [kept]})
    whole: Mapping[str, Any] = platform.get(address)
    return whole


def _result(platform: Platform, study: Mapping[str, Any], kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result of a run of the study as it is; the same one when it has been asked for before."""
    key = uuid5(NAMESPACE_URL, f"{study['id']}/{study['version']}/{kind}/{sorted(options)}")
    run = platform.post(f"/scenarios/v1/studies/{study['id']}/{kind}", options, key=str(key))

    def finished() -> Mapping[str, Any] | None:
        answer: Mapping[str, Any] = platform.get(f"/scenarios/v1/runs/{run['id']}")
        return answer if answer["status"] in ("done", "failed") else None

    ended = until(finished, _RUN_TIMEOUT_S, f"the end of run {run['id']}")
    if ended["status"] == "failed":
        raise PlatformError(f"Run {run['id']} failed: {ended['problem']}.")
    result: Mapping[str, Any] = ended["result"]
    return result


def _table(comparison: Mapping[str, Any], names: Mapping[str, str]) -> Table:
    """One row for each alternative; what it avoids in tonnes by class, with its sign."""
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("offer")
    for name in ("EER t", "EEMA t", "avoided t", "CIR", "extra k€", "€ per t"):
        table.add_column(name, justify="right", no_wrap=True)
    planned = Decimal(comparison["reference"]["cost_eur"])
    for each in comparison["alternatives"]:
        avoided = each["avoided"]
        identifier, _, place = each["name"].partition(" at ")
        label = names.get(identifier, identifier) + (f", {place} only" if place else "")
        table.add_row(
            label,
            *avoided_tonnes(avoided),
            "–" if each["cir"] is None else f"{each['cir']:.3f}",
            f"{(Decimal(each['cost_eur']) - planned) / 1000:,.1f}",
            "–" if each["eur_per_tonne"] is None else f"{Decimal(each['eur_per_tonne']):,.0f}",
            style="red" if avoided["total_kg"] < 0 else None,
        )
    return table


def avoided_tonnes(avoided: Mapping[str, float]) -> list[str]:
    """Tonnes to a tenth by class and in all, which add up as printed."""
    classes = apportioned([round(avoided[key] * 1e6) for key in ("eer_kg", "eema_kg")], 10**8)
    return [f"{tenths / 10:,.1f}" for tenths in (*classes, sum(classes))]


def _plan(optimum: Mapping[str, Any], names: Mapping[str, str]) -> list[Text]:
    chosen = sorted({(action["year"], names[action["offer"]]) for action in optimum["actions"]})
    gap = "proven" if optimum["gap"] == 0 else f"gap {optimum['gap']:.1%}" if optimum["gap"] is not None else "no bound"
    return [
        Text(f"The most avoided with at most {Decimal(BUDGET_EUR):,.0f} € beyond the reference:", style="bold"),
        Text(
            f"{optimum['avoided_kg'] / 1000:,.1f} t CO2e for {Decimal(optimum['extra_eur']):,.0f} € ({optimum['status']}, {gap};"
            f" {optimum['packages_compared']} packages, solved in {optimum['solver_s']:.1f} s)"
        ),
        *(Text(f"  · from year {year}: {offer}") for year, offer in chosen),
    ]
