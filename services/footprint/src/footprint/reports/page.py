"""The report as pages: HTML that WeasyPrint turns into PDF. Nothing is computed here but shares; the annexes are in `annexes`."""

from collections.abc import Sequence
from html import escape
from typing import Any

from common.rounding import apportioned, apportioned_table, rounded

from footprint.domain.dashboard import NAMES, Parts, parts_by_month
from footprint.domain.months import months_of_year
from footprint.domain.scopes import BOTH
from footprint.reports.advice import advice
from footprint.reports.annexes import annexes
from footprint.reports.charts import COLOURS, bars_chart, months_chart, shares_bar
from footprint.reports.content import Line, Report, grouped, total
from footprint.reports.tables import table, where_known
from footprint.reports.words import (
    BEGES,
    EVIDENCE,
    GHG,
    KINDS,
    TENTH,
    kg,
    kgs,
    month_name,
    said,
    shares,
    tenths,
    tonnes,
    tonnes_of,
    unbroken,
    unknown_months,
    word,
)  # fmt: skip
from footprint.trace_words import Language
from footprint.wording import notice_text

STYLE = """
@page { size: A4; margin: 17mm 16mm 18mm; @bottom-left { content: string(title); font: 7.5pt "DejaVu Sans"; color: #6b7680; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 7.5pt "DejaVu Sans"; color: #6b7680; } }
@page :first { @bottom-left { content: none; } }
body { font: 8.8pt/1.42 "DejaVu Sans", sans-serif; color: #1b2430; margin: 0; }
.band { background: #0b5d4e; color: #fff; margin: -17mm -16mm 7mm; padding: 15mm 16mm 9mm; string-set: title attr(data-title); }
.band h1 { font-size: 21pt; margin: 0 0 1.5mm; color: #fff; font-weight: 700; } .band p { margin: 0; font-size: 9.5pt; color: #d6ebe4; }
.band .org { font-size: 12pt; color: #fff; margin-bottom: 3mm; letter-spacing: 0.4pt; }
h2 { font-size: 12.5pt; color: #0b5d4e; margin: 8mm 0 2.5mm; border-bottom: 0.8pt solid #0b5d4e; padding-bottom: 1mm;
page-break-after: avoid; }
h3 { font-size: 9.5pt; margin: 5mm 0 1.5mm; color: #25313c; page-break-after: avoid; }
.cards { display: flex; gap: 3.2mm; margin: 0 0 5mm; }
.card { flex: 1; background: #f3f6f5; border-left: 1.2mm solid #0b5d4e; padding: 2.6mm 3mm; }
.card span { display: block; color: #5b6670; font-size: 7.6pt; }
.card b { display: block; font-size: 13pt; margin-top: 0.6mm; white-space: nowrap; }
.card i { font-style: normal; color: #5b6670; font-size: 7.4pt; }
.key { font-size: 8pt; color: #4a5560; margin: 1mm 0 2mm; }
.key b { display: inline-block; width: 2.6mm; height: 2.6mm; margin: 0 1.4mm 0 4mm; }
table { width: 100%; border-collapse: collapse; font-size: 8.2pt; } thead { display: table-header-group; }
th { text-align: left; border-bottom: 0.7pt solid #0b5d4e; padding: 1.1mm 1mm; color: #25313c; }
td { padding: 0.95mm 1mm; border-bottom: 0.3pt solid #dde2e6; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.season { page-break-before: avoid; } .season td { white-space: nowrap; }
.sum td { font-weight: bold; border-top: 0.7pt solid #0b5d4e; border-bottom: none; }
tr { page-break-inside: avoid; } .pale td { color: #6b7680; } .note { color: #5b6670; font-size: 7.8pt; margin: 1.6mm 0; }
.mono td.n { font-size: 6.9pt; } .annex { page-break-before: always; } ul { margin: 1mm 0; padding-left: 5mm; } li { margin: 0.7mm 0; }
.advice { page-break-inside: avoid; border-left: 1mm solid #e3a93c; background: #fbf7ee; padding: 2mm 3mm; margin: 0 0 2.2mm; }
.advice b { display: block; } .advice .gain { float: right; font-weight: bold; color: #0b5d4e; }
.advice p { margin: 0.6mm 0 0; color: #4a5560; font-size: 7.9pt; }
.two { display: flex; gap: 6mm; } .two > div { flex: 1; }
.tag { font-size: 7pt; background: #fbe9c8; padding: 0 1mm; border-radius: 0.6mm; }
"""


def report_html(report: Report, language: Language) -> str:
    """The whole report."""
    title = f"{word('title', language)} · {report.name} · {report.year}"
    body = (
        f"{_band(report, language, title)}{_unknown(report, language)}"
        f"{_cards(report, language)}{_months(report, language)}{_where(report, language)}"
        f"{_reporting(report, language)}{_electricity(report, language)}{_restatements(report, language)}{_quality(report, language)}"
        f"{advice(report, language)}{annexes(report, language)}"
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{unbroken(body)}</body></html>"
    )


def _band(report: Report, language: Language, title: str) -> str:
    first, last = month_name(report.year * 12, language), report.last_elapsed
    if last is None:
        period = word("year_projected", language, year=report.year)
    elif last % 12 == 11:
        period = word("year_whole", language, year=report.year)
    else:
        period = word("year_partly", language, year=report.year, first=first, last=month_name(last, language))
    made = word("made", language, day=f"{report.made_at:%d/%m/%Y %H:%M} UTC", zone=report.time_zone)
    return (
        f'<div class="band" data-title="{escape(title)}"><p class="org">{escape(report.name)}</p><h1>{word("title", language)}</h1>'
        f"<p>{escape(period)}</p><p>{escape(made)}</p></div>"
    )


def _unknown(report: Report, language: Language) -> str:
    said_of = unknown_months(report, language)
    return "" if said_of is None else f'<p class="note">{escape(said_of)}</p>'


def year_parts(report: Report) -> dict[int, Parts]:
    """The three parts of each month, location-based."""
    return parts_by_month((each.month, each.stage, each.billionths) for each in report.climate())


def _cards(report: Report, language: Language) -> str:
    elapsed = total(each for each in report.climate() if report.elapsed(each.month))
    board = report.dashboard
    interval = board["year"].get("interval") if board else None
    moved = report.restated_ahead
    whole, so_far, corrected, ahead = where_known(
        [tonnes(report.estimate, language), *tonnes_of([elapsed, moved, report.estimate - elapsed - moved], language)],
        bool(report.known),
    )
    corrections = f" · {word('restatements', language)} {corrected}" if moved else ""
    seasons = "" if report.season is None else f", {word('seasonal_total', language)}"
    cards = [
        (word("total", language), whole, f"CO₂e{seasons}"),
        (word("elapsed", language), so_far, f"{word('forecast', language)} {ahead}{corrections}"),
        (word("closed", language), word("of_12", language, count=len(report.closings)), ""),
    ]
    if interval and interval["low_kg"] is not None:
        low, high = (tonnes(int(interval[name] * 10**9), language) for name in ("low_kg", "high_kg"))
        cards.insert(1, (word("interval", language), f"{low}", f"→ {high}"))
    if board:
        servers = board["servers"]
        cards.append((word("servers", language), f"{servers['in_service']} · {servers['off']}", ""))
    return (
        '<div class="cards">'
        + "".join(
            f'<div class="card"><span>{escape(name)}</span><b>{escape(value)}</b><i>{escape(beside)}</i></div>'
            for name, value, beside in cards
        )
        + "</div>"
    )


def _key(language: Language, parts: Parts) -> str:
    """The colours with the share of each part; with its amount where one is negative, since then they are no shares of a whole."""
    told = (shares if min(parts.billionths) >= 0 else tonnes_of)(parts.billionths, language)
    names = "".join(
        f'<b style="background:{COLOURS[name]}"></b>{word(name, language)} {part}'
        for name, part in zip(NAMES, told, strict=True)
    )
    return f'<div class="key">{names}</div>'


def _months(report: Report, language: Language) -> str:
    by_month = year_parts(report)
    closed = {each.month for each in report.closings}
    restated = grouped((each for each in report.climate() if each.restates is not None), lambda each: each.month)
    months = months_of_year(report.year)
    sums = [sum(by_month.get(month, Parts()).billionths[place] for month in months) for place in range(3)]
    whole = Parts((sums[0], sums[1], sums[2]))
    chart = months_chart(
        [
            (month_name(month, language, with_year=False), by_month.get(month, Parts()), not report.elapsed(month))
            for month in months
        ],
        "kgCO₂e",
        language,
    )
    rows = []
    printed = apportioned_table([by_month.get(month, Parts()).billionths for month in months], TENTH)
    corrections = apportioned([restated.get(month, 0) for month in months], TENTH)
    for month, parts, correction in zip(months, printed, corrections, strict=True):
        state = "state_closed" if month in closed else "state_open" if report.elapsed(month) else "state_projected"
        told = where_known([tenths(each, language) for each in (*parts, correction, sum(parts))], month in report.known)
        cells = "".join(f'<td class="n">{each}</td>' for each in told)
        pale = "" if report.elapsed(month) else ' class="pale"'
        rows.append(f"<tr{pale}><td>{month_name(month, language)}</td><td>{word(state, language)}</td>{cells}</tr>")
    columns = [sum(column) for column in zip(*printed, strict=True)]
    sums_told = where_known(
        [tenths(each, language) for each in (*columns, sum(corrections), sum(columns))], bool(report.known)
    )
    last = "".join(f'<td class="n">{each}</td>' for each in sums_told)
    heads = "".join(f'<th class="n">{word(name, language)}</th>' for name in (*NAMES, "restated", "sum"))
    return (
        f"<h2>{word('by_month', language)}</h2>{shares_bar(whole)}{_key(language, whole)}{chart}"
        f"<table><thead><tr><th>{word('month', language)}</th><th>{word('state', language)}</th>{heads}</tr></thead><tbody>{''.join(rows)}"
        f'<tr class="sum"><td>{word("sum", language)}</td><td></td>{last}</tr>{_seasons(report, columns, language)}</tbody></table>'
        f'<p class="note">{word("rounded", language)}</p>'
    )


def _seasons(report: Report, columns: Sequence[int], language: Language) -> str:
    """Under the total of the months, whose `columns` are in tenths of a kg: what the seasons add to electricity ahead, and the estimate
    that this makes. Nothing where there is no year before."""
    if report.season is None:
        return ""
    moved = rounded(report.estimate, TENTH) - sum(columns)
    made, used, sold = columns
    rows = [
        ("seasonal", ["", tenths(moved, language), "", "", tenths(moved, language)]),
        (
            "estimate",
            [
                *(tenths(each, language) for each in (made, used + moved, sold)),
                "",
                tenths(sum(columns) + moved, language),
            ],
        ),
    ]
    return "".join(
        f'<tr class="sum season"><td colspan="2">{word(name, language)}</td>'
        + "".join(f'<td class="n">{each}</td>' for each in cells)
        + "</tr>"
        for name, cells in rows
    )


def _where(report: Report, language: Language) -> str:
    lines = report.climate()
    sites = grouped(lines, lambda each: each.site or word("no_site", language))
    kinds = grouped(lines, lambda each: said(KINDS, each.kind, language))
    return (
        f"<h2>{word('where', language)}</h2>{_without_seasons(report, language)}"
        f"<h3>{word('by_site', language)}</h3>{_ranked(sites, language, '#0b5d4e')}"
        f"<h3>{word('by_kind', language)}</h3>{_ranked(kinds, language, '#7d93b2')}"
    )


def _without_seasons(report: Report, language: Language) -> str:
    """What tables that add up the months as they run lack of the year's estimate; nothing where there is no year before."""
    if report.season is None:
        return ""
    told = word("without_seasons", language, moved=kg(report.season, language), estimate=kg(report.estimate, language))
    return f'<p class="note">{told}</p>'


def _ranked(sums: dict[str, int], language: Language, colour: str) -> str:
    ranked = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
    amounts = [amount for _, amount in ranked]
    told = zip(ranked, tonnes_of(amounts, language), shares(amounts, language), strict=True)
    return bars_chart([(name, amount, f"{printed} · {part}") for (name, amount), printed, part in told][:20], colour)


def _reporting(report: Report, language: Language) -> str:
    lines = report.climate()
    beges = grouped(lines, lambda each: each.beges_item)
    ghg = grouped(lines, lambda each: (each.scope, each.ghg_category))
    amount, part = (word("sum", language) + " kgCO₂e", True), (word("share_of_total", language), True)
    last = where_known([kg(report.total, language), *shares([report.total], language)], bool(report.known))
    return (
        f"<h2>{word('reporting', language)}</h2>{_without_seasons(report, language)}<h3>{word('beges', language)}</h3>"
        + table(
            [(word("item", language), False), (word("label", language), False), amount, part],
            [[item, said(BEGES, item, language), *printed] for item, printed in _with_shares(beges, language)],
            [word("sum", language), "", *last],
        )
        + f"<h3>{word('ghg', language)}</h3>"
        + table(
            [
                (word("scope", language), False),
                (word("category", language), False),
                (word("label", language), False),
                amount,
                part,
            ],
            [
                [str(scope), category, said(GHG, category, language), *printed]
                for (scope, category), printed in _with_shares(ghg, language)
            ],
            [word("sum", language), "", "", *last],
        )
    )


def _with_shares(sums: dict[Any, int], language: Language) -> list[tuple[Any, tuple[str, str]]]:
    """Each in its order with its kilograms and share, which add up to those of all."""
    ordered = dict(sorted(sums.items()))
    amounts = list(ordered.values())
    return list(zip(ordered, zip(kgs(amounts, language), shares(amounts, language), strict=True), strict=True))


def _electricity(report: Report, language: Language) -> str:
    rows, known = [], {}
    for basis in ("location", "market"):
        used = report.electricity(basis)
        known[basis] = sum(each.figures for each in used)
        rows.append([word(basis, language), *where_known(_used(used, language), bool(known[basis]))])
    beside = report.electricity(BOTH)
    if beside:
        rows.append([word("beside", language), *_used(beside, language)])
    incomplete = known["market"] < known["location"]
    missing = f'<p class="note">{word("market_missing", language)}</p>' if incomplete else ""
    return (
        f"<h2>{word('electricity_two', language)}</h2>"
        + table(
            [("", False), (f"{word('electricity_kg', language)} kgCO₂e", True), (word("restated", language), True)],
            rows,
        )
        + f'<p class="note">{word("market_note", language)}</p>{missing}'
    )


def _used(lines: Sequence[Line], language: Language) -> list[str]:
    """What lines come to, and what of it corrects closed months."""
    return [kg(total(lines), language), kg(total(each for each in lines if each.restates is not None), language)]


def _restatements(report: Report, language: Language) -> str:
    heading = f"<h2>{word('restatements', language)}</h2>"
    if not report.restated:
        return f'{heading}<p class="note">{word("restatements_none", language)}</p>'
    sums: dict[tuple[int, int, str], tuple[int, int]] = {}
    for each in report.restated:
        key = each.counted_in, each.month, each.reason
        location, market = sums.get(key, (0, 0))
        sums[key] = location + each.location, market + each.market
    ordered = sorted(sums)
    amounts = [[sums[key][place] for key in ordered] for place in range(2)]
    rows = [
        [month_name(counted, language), month_name(month, language), word(f"reason_{reason}", language), *printed]
        for (counted, month, reason), *printed in zip(ordered, *(kgs(each, language) for each in amounts), strict=True)
    ]
    heads = [(word(name, language), False) for name in ("counted_in", "corrects", "reason")]
    views = [(f"{word(name, language)} kgCO₂e", True) for name in ("difference_location", "difference_market")]
    return f"{heading}<p>{word('restatements_text', language)}</p>" + table(
        [*heads, *views], rows, [word("sum", language), "", "", *(kg(sum(each), language) for each in amounts)]
    )


def _quality(report: Report, language: Language) -> str:
    rows = [
        [
            said(KINDS, each["kind"], language),
            *(said(EVIDENCE, each[f"{name}_evidence"], language) for name in ("embodied", "energy", "electricity")),
            str(each["asset_months"]),
        ]
        for each in report.evidence
    ]
    heads = [(word(name, language), False) for name in ("kind", "embodied", "energy", "electricity")]
    warnings = "".join(
        f"<li>{escape(notice_text(code, language))}\u00a0— {count}</li>" for code, count in report.warnings
    )
    noted = (
        f"<h3>{word('warnings', language)} ({word('asset_months', language).lower()})</h3><ul>{warnings}</ul>"
        if warnings
        else ""
    )
    return (
        f"<h2>{word('quality', language)}</h2>" + table([*heads, (word("asset_months", language), True)], rows) + noted
    )
