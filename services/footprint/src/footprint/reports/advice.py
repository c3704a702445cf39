"""The recommendations of the report, as the dashboard gives them."""

from decimal import Decimal
from html import escape
from typing import Final

from footprint.domain.sums import billionths
from footprint.reports.content import Report
from footprint.reports.words import decimal_text, semicolon, tonnes, word
from footprint.trace_words import Language
from footprint.wording import advice_text, asset_text

MOST_NAMED: Final = 5
"""Assets that a recommendation names."""


def advice(report: Report, language: Language) -> str:
    """What could be done, each with its evidence, kg and € a year; nothing where nothing is recommended."""
    found = report.dashboard["recommendations"] if report.dashboard else []
    if not found:
        return ""
    boxes = []
    for each in found:
        gains = []
        if each["kg_per_year"] is not None:
            gains.append(f"{tonnes(billionths(float(each['kg_per_year'])), language)} CO₂e")
        if each["eur_per_year"] is not None:
            gains.append(f"{decimal_text(Decimal(each['eur_per_year']), language)} €")
        count = f" ({len(each['assets'])})" if each["assets"] else ""
        where = f" — {each['site']}" if each["site"] else ""
        evidence = "".join(f"<p>{escape(line)}</p>" for line in each["evidence_fr" if language == "fr" else "evidence"])
        names = [asset_text(asset, each["named_assets"]) for asset in each["assets"][:MOST_NAMED]]
        if names:
            more = len(each["assets"]) - len(names)
            names += [word("one_more_asset" if more == 1 else "more_assets", language, count=more)] if more else []
            evidence += f'<p class="note">{escape(semicolon(language).join(names))}</p>'
        boxes.append(
            f'<div class="advice"><span class="gain">{escape(" · ".join(gains))}</span>'
            f"<b>{escape(advice_text(each['code'], language) + where + count)}</b>{evidence}</div>"
        )
    return f"<h2>{word('recommendations', language)} · {word('saving', language).lower()}</h2>{''.join(boxes)}"
