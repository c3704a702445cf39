"""The annexes of the report: exact values, method and factor versions, assumptions and conventions."""

from collections.abc import Iterable
from html import escape

from footprint.domain.dashboard import NAMES, Parts, parts_by_month
from footprint.domain.months import months_of_year
from footprint.reports.content import FactorUsed, Report, grouped
from footprint.reports.tables import table, where_known
from footprint.reports.words import (
    OPERATORS,
    RULES,
    STAGES,
    colon,
    kg_exact,
    month_name,
    said,
    semicolon,
    unit_text,
    word,
)
from footprint.trace_words import Language
from footprint.wording import conventions


def annexes(report: Report, language: Language) -> str:
    """All three."""
    return _exact(report, language) + _versions(report, language) + _assumptions(report, language)


def _kwh(amount: int | None, language: Language) -> str:
    """Kilowatt-hours with all nine decimals; nothing where none is known."""
    return "" if amount is None else kg_exact(amount, language)


def _exact(report: Report, language: Language) -> str:
    """Each month with its parts, each stage with its scopes: to the last digit, as the dashboard and the totals print them."""
    lines = report.climate()
    by_month = parts_by_month((each.month, each.stage, each.billionths) for each in lines)
    months = [(month, by_month.get(month, Parts())) for month in months_of_year(report.year)]
    heads = [
        (word("month", language), False),
        *((word(name, language), True) for name in (*NAMES, "sum")),
        ("kWh", True),
    ]
    rows = [
        [
            month_name(month, language),
            *where_known(
                [kg_exact(each, language) for each in (*parts.billionths, parts.total)], month in report.known
            ),
            _kwh(report.kwh(month), language),
        ]
        for month, parts in months
    ]
    sums = [sum(parts.billionths[place] for _, parts in months) for place in range(3)]
    known = bool(report.known)
    told = where_known([kg_exact(each, language) for each in (*sums, sum(sums))], known)
    last = [*told, _kwh(report.kwh_of_year, language)]
    whole = table(heads, rows, [word("sum", language), *last], "mono")
    if report.kwh_without_factor:
        left = kg_exact(report.kwh_without_factor, language)
        whole += f'<p class="note">{word("kwh_without_factor", language)}{colon(language)}{left} kWh</p>'
    stages = grouped(lines, lambda each: each.stage)
    scopes = grouped(lines, lambda each: each.scope)
    by_stage = table(
        [("", False), (word("sum", language), True)],
        [[said(STAGES, stage, language), kg_exact(amount, language)] for stage, amount in sorted(stages.items())],
        [word("sum", language), *where_known([kg_exact(sum(stages.values()), language)], known)],
        "mono",
    )
    by_scope = table(
        [("", False), (word("sum", language), True)],
        [[f"Scope {scope}", kg_exact(amount, language)] for scope, amount in sorted(scopes.items())],
        [word("sum", language), *where_known([kg_exact(sum(scopes.values()), language)], known)],
        "mono",
    )
    return (
        f'<h2 class="annex">{word("annex_exact", language)}</h2>{whole}{_seasons(report, language)}'
        f'<div class="two" style="margin-top:5mm"><div>{by_stage}</div><div>{by_scope}</div></div>'
    )


def _seasons(report: Report, language: Language) -> str:
    """What the seasons of the year before add to the projection, and the estimate with it; nothing where there is no such year."""
    if report.season is None:
        return ""
    amounts = (("seasonal", report.season), ("estimate", report.estimate))
    rows = [[word(name, language), kg_exact(amount, language)] for name, amount in amounts]
    return table([("", False), (word("sum", language), True)], rows, None, "mono")


def _versions(report: Report, language: Language) -> str:
    methods = _items(
        word(
            "method_used",
            language,
            version=each["method_version"],
            first=month_name(each["first"], language),
            last=month_name(each["last"], language),
        )
        for each in report.methods
    )
    closings = _items(
        word(
            "closed_line",
            language,
            month=month_name(each.month, language),
            day=f"{each.at:%d/%m/%Y}",
            by=each.by,
            version=each.method_version,
        )
        for each in report.closings
    )
    rows = [
        [
            f"{each.name.get(language) or each.id} [{each.id}]"
            + (f" · {word('assumption', language)}" if each.assumption else ""),
            str(each.version),
            _amount(each, language),
            " · ".join(str(part) for part in (each.source, each.year, each.licence) if part),
            str(each.asset_months),
        ]
        for each in report.factors
    ]
    heads = [(word("factor", language), False), (word("version", language), True), (word("value", language), True)]
    closed = f"<h3>{word('closings', language)}</h3><ul>{closings}</ul>" if closings else ""
    return (
        f'<h2 class="annex">{word("annex_versions", language)}</h2><ul>{methods}</ul>'
        + table([*heads, (word("source", language), False), (word("asset_months", language), True)], rows)
        + closed
    )


def _amount(factor: FactorUsed, language: Language) -> str:
    return f"{_number(factor.value, language)} {unit_text(factor.unit, language, factor.value)}".rstrip()


def _number(value: float | None, language: Language) -> str:
    if value is None:
        return "–"
    text = f"{value:.6g}"
    return text.replace(".", ",") if language == "fr" else text


def _assumptions(report: Report, language: Language) -> str:
    items = _items(conventions(report.convention, language))
    tag = f' <span class="tag">{word("assumption", language)}</span>'
    assumed = "".join(f"<li>{escape(_stated(each, language))}{tag}</li>" for each in report.factors if each.assumption)
    sites = [
        [
            each.code,
            each.region,
            said(OPERATORS, each.operator, language),
            said(RULES, each.rule, language),
            semicolon(language).join(_pue(*stated, language) for stated in each.pue) or "–",
            f"{decimal_text_share(each.guarantee_share, language)}",
        ]
        for each in report.sites
    ]
    names = {
        "fr": ("Site", "Zone", "Exploitant", "Répartition", "PUE", "Garanties d’origine"),
        "en": ("Site", "Region", "Operator", "Allocation", "PUE", "Guarantees of origin"),
    }[language]
    return f"<h2>{word('annex_assumptions', language)}</h2><ul>{items}{assumed}</ul>" + table(
        [(name, False) for name in names], sites
    )


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def _stated(factor: FactorUsed, language: Language) -> str:
    name = factor.name.get(language) or factor.id
    return f"{name} = {_amount(factor, language)} [{factor.id} v{factor.version}]"


def _pue(value: float, start: str | None, end: str | None, language: Language) -> str:
    span = f" ({start or '…'} → {end or '…'})" if start or end else ""
    return f"{_number(value, language)}{span}"


def decimal_text_share(share: float, language: Language) -> str:
    """A share as whole percents."""
    return f"{share:.0%}" if language == "en" else f"{share * 100:.0f}\u202f%"
