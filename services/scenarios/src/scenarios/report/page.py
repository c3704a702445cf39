"""The report as a page: HTML with SVG in it. Nothing on it is computed here but sums of what the run found: it is all in the result."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any

from scenarios.catalogue import offers_by_id
from scenarios.domain.comparison import HARDLY
from scenarios.domain.tables import Language
from scenarios.domain.waterfall import LEFT_OUT, PUT_OFF
from scenarios.report.charts import AVOIDED, INDUCED, NEGATIVE, Line, Stack, Step, colour_of, lines, stacks, waterfall
from scenarios.report.numbers import Mass, number
from scenarios.report.words import LEVERS, WORDS

_LABEL = re.compile(r"([a-z0-9_-]+)(?:, year (\d+))?\Z")

STYLE = """
@page { size: A4; margin: 16mm 15mm 18mm; @bottom-left { content: string(study); font: 7.5pt "DejaVu Sans"; color: #5b6670; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt "DejaVu Sans"; } }
body { font: 8.5pt "DejaVu Sans", sans-serif; color: #1b2430; } h1 { font-size: 17pt; margin: 0; color: #0b5d4e; }
.study { string-set: study content(); font-size: 11pt; margin: 0.5mm 0 4mm; }
h2 { font-size: 11pt; margin: 7mm 0 2mm; color: #0b5d4e; page-break-after: avoid; }
h3 { font-size: 9pt; margin: 4mm 0 1mm; page-break-after: avoid; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; border-bottom: 0.6pt solid #0b5d4e; padding: 1mm; font-size: 7.5pt;
  vertical-align: bottom; } td { padding: 0.9mm 1mm; border-bottom: 0.3pt solid #d5dade; vertical-align: top; }
.n { text-align: right; white-space: nowrap; } th.n { white-space: normal; } .less { color: #c8482f; }
.small { font-size: 7.5pt; color: #3c4650; } td:first-child { min-width: 42mm; }
.facts td { border: none; padding: 0.5mm 1mm; } .facts td:first-child { color: #5b6670; width: 36mm; }
tr, figure { page-break-inside: avoid; } figure { margin: 0 0 2mm; } ul { margin: 0; padding-left: 4mm; }
.key { font-size: 7.5pt; margin: 0.5mm 0 0 15mm; } .key span { display: inline-block; margin-right: 4mm; }
.key i { display: inline-block; width: 3mm; height: 3mm; margin-right: 1.2mm; vertical-align: -0.3mm; }
.note { border-left: 1.2mm solid #0b5d4e; padding: 0.5mm 0 0.5mm 3mm; margin: 4mm 0; }
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """A finished comparison: the study as it was asked for, and what the run found, both as they are stored."""

    definition: Mapping[str, Any]
    result: Mapping[str, Any]
    study_version: int
    snapshot: int
    finished_at: datetime


def report_html(subject: Subject, language: Language) -> str:
    """The page."""
    return _Page(subject, language).html()


class _Page:
    def __init__(self, subject: Subject, language: Language) -> None:
        self._subject = subject
        self._language: Language = language
        self._words = WORDS[language]
        self._definition, self._result = subject.definition, subject.result
        self._mass = Mass.fit_for(max(self._result["reference"]["total_kg"], *self._totals(), 0.0))
        start = date.fromisoformat(self._definition["start"])
        self._start = start
        self._years = [self._year(year["year"]) for year in self._result["reference"]["years"]]

    def html(self) -> str:
        """All of it."""
        words, name = self._words, escape(self._definition["name"])
        parts = [
            f'<h1>{words["title"]}</h1><p class="study">{name}</p>',
            self._facts(),
            f'<p class="note">{words["pillars"]}</p>',
            self._side_by_side(),
            self._by_year(),
            self._target(),
            self._waterfalls(),
            self._figures(),
            self._factors(),
            f'<p class="small">{words["conventions"]}</p>',
        ]
        return (
            f'<!DOCTYPE html><html lang="{self._language}"><head><meta charset="utf-8"><title>{words["title"]}: {name}</title>'
            f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
        )

    def _year(self, year: int) -> str:
        first = self._start.year + year
        return str(first) if (self._start.month, self._start.day) == (1, 1) else f"{first}-{(first + 1) % 100:02}"

    def _name(self, label: str) -> str:
        """An offer or lever by its name, where the label is the id of one; with ", year n" after it, with the year."""
        found = _LABEL.match(label)
        if found is None:
            return label
        identifier, year = found.group(1), found.group(2)
        offer = offers_by_id().get(identifier)
        name = getattr(offer.name, self._language) if offer else LEVERS[self._language].get(identifier, identifier)
        return name if year is None else f"{name} ({self._year(int(year))})"

    def _quiet(self, alternative: Mapping[str, Any]) -> bool:
        """Whether it avoids nothing in any year: there is nothing to draw."""
        return all(
            abs(year["total_kg"]) <= HARDLY * alternative["total_kg"] for year in alternative["avoided"]["years"]
        )

    def _totals(self) -> list[float]:
        return [alternative["total_kg"] for alternative in self._result["alternatives"]]

    def _facts(self) -> str:
        words, definition = self._words, self._definition
        day = self._subject.finished_at
        texts = {
            each.id: getattr(each.text, self._language)
            for offer in offers_by_id().values()
            for each in offer.prerequisites
        }
        confirmed = [texts.get(each, each) for each in definition["confirmed"]]
        assumptions = [f"{each['text']} ({each['source']})" for each in definition["assumptions"]]
        rows = [
            (words["organisation"], escape(definition["org"])),
            (words["period"], f"{self._years[0]} – {self._years[-1]} ({definition['years']} {words['years']})"),
            (words["class"], words[definition["effect_class"]]),
            (words["assets"], f"{self._result['assets']}, {self._result['left_out']} {words['left_out']}"),
            (words["reference_is"], escape(definition["reference"]["description"])),
            (words["eligibility"], escape(definition["eligibility"])),
            (words["assumptions"], _list(assumptions)),
            (words["confirmed"], _list(confirmed) if confirmed else words["none"]),
            (
                words["version"],
                words["version_of"].format(
                    study=self._subject.study_version, snapshot=self._subject.snapshot, day=f"{day:%d/%m/%Y}"
                ),
            ),
        ]
        return (
            f'<table class="facts">{"".join(f"<tr><td>{name}</td><td>{text}</td></tr>" for name, text in rows)}</table>'
        )

    def _side_by_side(self) -> str:
        words, unit = self._words, self._mass.unit
        reference = self._result["reference"]
        bars = [Stack("Sc 0", reference["total_kg"], None)]
        rows = [[_text(words["reference"]), self._kg(reference["total_kg"]), *[_cell("")] * 8]]
        for index, alternative in enumerate(self._result["alternatives"], start=1):
            avoided = alternative["avoided"]
            bars.append(Stack(f"Sc {index}", alternative["total_kg"], avoided["total_kg"], reference["total_kg"]))
            extra = Decimal(alternative["cost_eur"]) - Decimal(reference["cost_eur"])
            rows.append(
                [
                    _text(f"Sc {index} · {self._name(alternative['name'])}"),
                    self._kg(alternative["total_kg"]),
                    *(self._kg(avoided[key]) for key in ("eer_kg", "eema_kg", "total_kg")),
                    self._figure(alternative["cir"], 3),
                    self._figure(extra, 0),
                    self._figure(alternative["eur_per_tonne"], 0),
                    self._figure(alternative["payback_years"], 1),
                    _cell(self._break_even(alternative["break_even"])),
                ]
            )
        heads = [
            words["scenario"],
            f"{words['emissions']} {unit}",
            f"{words['avoided_eer']} {unit}",
            f"{words['avoided_eema']} {unit}",
            f"{words['avoided']} {unit}",
            words["cir"],
            f"{words['extra']} €",
            words["per_tonne"],
            words["payback"],
            words["break_even"],
        ]
        chart = stacks(bars, self._mass, self._language, words["side_by_side"])
        return f"<h2>{words['side_by_side']}</h2>{_table(heads, rows)}<figure>{chart}{self._key()}</figure>"

    def _by_year(self) -> str:
        words = self._words
        found = [f"<h2>{words['by_year']} ({self._mass.unit})</h2>"]
        reference = self._result["reference"]["years"]
        quiet = []
        for index, alternative in enumerate(self._result["alternatives"], start=1):
            if self._quiet(alternative):
                quiet.append(f"Sc {index} · {self._name(alternative['name'])}")
                continue
            bars = [
                Stack(label, year["total_kg"], avoided["total_kg"], planned["total_kg"])
                for label, year, avoided, planned in zip(
                    self._years, alternative["years"], alternative["avoided"]["years"], reference, strict=True
                )
            ]
            name = f"Sc {index} · {self._name(alternative['name'])}"
            chart = stacks(bars, self._mass, self._language, f"{words['by_year']}: {name}")
            found.append(f"<figure><h3>{escape(name)}</h3>{chart}{self._key()}</figure>")
        if quiet:
            found.append(f"<p>{words['quiet']} {escape('; '.join(quiet))}.</p>")
        return "".join(found)

    def _key(self) -> str:
        words = self._words
        entries = [(INDUCED, words["emissions"]), (AVOIDED, words["avoided"]), (NEGATIVE, words["negative"])]
        spans = [f'<span><i style="background:{colour}"></i>{text}</span>' for colour, text in entries]
        return f'<p class="key">{"".join(spans)}<span>- - {words["reference_line"]}</span></p>'

    def _target(self) -> str:
        target = self._result.get("target")
        if target is None:
            return ""
        words = self._words
        drawn = [Line(words["target_line"], target["scenarios"][0]["target_kg"], dashed=True)]
        rows = []
        for standing in target["scenarios"]:
            name = words["reference"] if standing["scenario"] == "reference" else self._name(standing["scenario"])
            drawn.append(Line(name, standing["with_growth_kg"]))
            gaps = [standing["gap_with_growth_kg"][-1], standing["gap_without_growth_kg"][-1]]
            rows.append([_text(name), *(_cell(self._mass.text(gap, self._language)) for gap in gaps)])
        chart = lines(drawn, self._years, self._mass, self._language, words["target"])
        spans = [
            f'<span><i style="background:{colour_of(place)}"></i>{escape(line.label)}</span>'
            for place, line in enumerate(drawn)
        ]
        heads = [
            words["gap"],
            f"{words['with_growth']} {self._mass.unit}",
            f"{words['without_growth']} {self._mass.unit}",
        ]
        return (
            f'<h2>{words["target"]} ({escape(target["source"])})</h2><figure>{chart}<p class="key">{"".join(spans)}</p></figure>'
            f"{_table(heads, rows)}"
        )

    def _waterfalls(self) -> str:
        words = self._words
        found = []
        alternatives = self._result["alternatives"]
        for index, each in enumerate(self._result.get("waterfalls") or (), start=1):
            if self._quiet(alternatives[index - 1]):
                continue
            steps = [Step(words["reference_line"], 0.0, each["reference_kg"], True)]
            level = each["reference_kg"]
            for bar in each["bars"]:
                label = {PUT_OFF: words["PUT_OFF"], LEFT_OUT: words["LEFT_OUT"]}.get(bar["label"])
                label = label or self._name(bar["label"])
                steps.append(Step(label, level, level + bar["total_kg"], False))
                level += bar["total_kg"]
            steps.append(Step(f"Sc {index}", 0.0, each["alternative_kg"], True))
            name = f"Sc {index} · {self._name(each['alternative'])}"
            chart = waterfall(steps, self._mass, self._language, f"{words['waterfall']}: {name}")
            found.append(f"<figure><h3>{escape(name)}</h3>{chart}</figure>")
        return f"<h2>{words['waterfall']} ({self._mass.unit})</h2>{''.join(found)}" if found else ""

    def _figures(self) -> str:
        words, unit = self._words, self._mass.unit
        heads = [words["scenario"], words["year"]]
        heads += [f"{words[name]} {unit}" for name in ("making", "use", "maintenance", "emissions")]
        heads += [
            "kWh",
            words["capex"],
            words["opex"],
            f"{words['avoided_eer']} {unit}",
            f"{words['avoided_eema']} {unit}",
        ]
        rows = []
        scenarios = [(words["reference"], self._result["reference"]["years"], None)]
        scenarios += [
            (f"Sc {index} · {self._name(each['name'])}", each["years"], each["avoided"]["years"])
            for index, each in enumerate(self._result["alternatives"], start=1)
        ]
        for name, years, avoided in scenarios:
            for index, (label, year) in enumerate(zip(self._years, years, strict=True)):
                saved = [self._kg(avoided[index][key]) for key in ("eer_kg", "eema_kg")] if avoided else [_cell("")] * 2
                rows.append(
                    [
                        _text(name if index == 0 else ""),
                        _cell(label),
                        *(
                            self._kg(year[key])
                            for key in ("embodied_kg", "use_kg", "maintenance_and_sale_kg", "total_kg")
                        ),
                        self._figure(year["kwh"], 0),
                        self._figure(year["capex_eur"], 0),
                        self._figure(year["opex_eur"], 0),
                        *saved,
                    ]
                )
        return f"<h2>{words['figures']}</h2>{_table(heads, rows)}"

    def _factors(self) -> str:
        words = self._words
        if not self._result["factors"]:
            return ""
        heads = [words["factor"], words["version"], words["region"], words["value"]]
        rows = [
            [
                _text(each["id"]),
                _cell(str(each["version"])),
                _cell(escape(each["region"] or "")),
                _cell(number(each["value"], self._language, 4)),
            ]
            for each in self._result["factors"]
        ]
        release = self._definition.get("release")
        of = f" ({words['of_release']} {escape(release)})" if release else ""
        return f"<h2>{words['factors']}{of}</h2>{_table(heads, rows)}"

    def _break_even(self, turn: Mapping[str, Any] | None) -> str:
        if turn is None:
            return ""
        side = self._words["below"] if turn["below"] else self._words["above"]
        return f'{number(turn["kg_per_kwh"], self._language, 3)}<br><span class="small">{side}</span>'

    def _kg(self, kg: float) -> str:
        """A mass; one that is negative stands out: less than nothing is avoided."""
        return _cell(self._mass.text(kg, self._language), less=kg < 0)

    def _figure(self, value: float | Decimal | str | None, places: int) -> str:
        if value is None:
            return _cell("–")
        return _cell(number(value, self._language, places))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    first, *others = heads
    head = f"<th>{escape(first)}</th>" + "".join(f'<th class="n">{escape(each)}</th>' for each in others)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _cell(text: str, less: bool = False) -> str:
    return f'<td class="n less">{text}</td>' if less else f'<td class="n">{text}</td>'


def _list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
