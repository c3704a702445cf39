"""`python -m examples.explained`: writes docs/examples-explained.md, twenty estimates as the running stack answers them.

Everything on that page comes from `POST /api/footprint/v1/estimates`; a test asks the same and compares.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from examples.platform import Platform, PlatformError, Stack

PAGE: Final = Path(__file__).parents[1] / "docs" / "examples-explained.md"
PATH: Final = "/footprint/v1/estimates?lang=en"
_YEAR: Final = {"from": "2026-01-01", "to": "2027-01-01"}
_R740: Final = {
    "cpu": {"units": 2, "cores": 24, "die_mm2": 400, "tdp_w": 150},
    "ram": [{"units": 12, "gib": 32}],
    "disks": [{"units": 2, "type": "ssd", "gib": 960}],
    "psu": {"units": 2, "kg": 2.5},
    "case": "rack",
}


class Example(NamedTuple):
    """An item with what it shows."""

    title: str
    item: Mapping[str, Any]
    period: Mapping[str, str] = _YEAR


EXAMPLES: Final = (
    Example("A server in France of which nothing is known: every default of its kind", {"kind": "server", "country": "FR"}),
    Example("The same in Poland: another grid, the same making", {"kind": "server", "country": "PL"}),
    Example("Martinique is not mainland France", {"kind": "server", "country": "MQ"}),
    Example("Making bottom-up from the configuration, energy declared by the year",
            {"kind": "server", "country": "FR", "configuration": _R740, "energy": {"annual_kwh": 2400}, "life": {"years": 6}}),
    Example("The same with a PUE of 1.58",
            {"kind": "server", "country": "FR", "configuration": _R740, "energy": {"annual_kwh": 2400}, "life": {"years": 6}, "pue": 1.58}),
    Example("Energy through the power curve, a constant load",
            {"kind": "server", "country": "FR", "configuration": _R740, "energy": {"utilisation": 0.3}}),
    Example("Energy through the power curve, loads by share of time",
            {"kind": "server", "country": "FR", "configuration": _R740,
             "energy": {"utilisation": [{"share_of_time": 0.3, "utilisation": 0.7}, {"share_of_time": 0.7, "utilisation": 0.1}]}}),
    Example("A blade with hard disks and a stated memory density",
            {"kind": "server", "country": "DE", "energy": {"average_w": 250},
             "configuration": {"cpu": {"units": 1, "die_mm2": 300}, "ram": [{"units": 8, "gib": 64, "density_gb_cm2": 2.25}],
                               "disks": [{"units": 6, "type": "hdd"}], "case": "blade"}}),
    Example("A life known by both dates, of which the period holds a part (BoaviztAPI's case)",
            {"kind": "server", "life": {"from": "2020-07-08", "to": "2024-11-20"},
             "embodied": {"gwp": {"manufacturing": 2226.09317222576}}},
            {"from": "2023-01-01", "to": "2024-01-01"}),
    Example("A life that ends within the period: nothing after it",
            {"kind": "server", "country": "FR", "life": {"from": "2022-04-01", "years": 4}, "energy": {"average_w": 300}}),
    Example("Half the time in use: duty scales the electricity alone",
            {"kind": "server", "country": "PL", "life": {"years": 4}, "energy": {"average_w": 300}, "duty": 0.5}),
    Example("The customer's own electricity factor",
            {"kind": "server", "energy": {"annual_kwh": 3504}, "pue": 1.41, "electricity": {"gwp": 0.657374}}),
    Example("A laptop with the defaults of its kind", {"kind": "laptop", "country": "FR"}),
    Example("A fleet of 300 laptops kept five years",
            {"kind": "laptop", "country": "FR", "quantity": 300, "life": {"years": 5}, "energy": {"annual_kwh": 30}}),
    Example("Monitors, 300 of them", {"kind": "monitor", "country": "FR", "quantity": 300}),
    Example("Smartphones, 120 of them, over two and a half years",
            {"kind": "smartphone", "country": "FR", "quantity": 120, "life": {"years": 2.5}}),
    Example("A virtual machine of 8 vCPUs on a host of 48 cores: its share of the host",
            {"kind": "virtual_machine", "country": "FR", "pue": 1.3, "allocation": {"vcpu": 8},
             "host": {"configuration": _R740, "energy": {"annual_kwh": 2400}, "life": {"years": 6}}}),
    Example("An instance at a public cloud in Germany: its share of the provider's reference host, at the provider's PUE",
            {"kind": "virtual_machine", "allocation": {"vcpu": 4, "ram_gib": 16},
             "cloud": {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-central-1"}}),
    Example("Something else: no default, so its use is absent and said",
            {"kind": "other", "embodied": {"gwp": {"manufacturing": 80, "transport": 4, "end_of_life": 1}}, "life": {"years": 4}}),
    Example("Two years at once: each with its own factor",
            {"kind": "server", "country": "FR", "energy": {"annual_kwh": 2400}}, {"from": "2024-07-01", "to": "2026-07-01"}),
)  # fmt: skip


def ask(platform: Platform) -> list[Mapping[str, Any]]:
    """The answer to each example. Raises `PlatformError` where one is refused: its factors may not be heard yet."""
    answers = [
        platform.post(PATH, {"period": each.period, "criteria": ["gwp"], "items": [each.item]}) for each in EXAMPLES
    ]
    for example, answer in zip(EXAMPLES, answers, strict=True):
        for error in answer["errors"]:
            raise PlatformError(f"{example.title!r} is refused: {error['detail']}")
    return [answer["items"][0] for answer in answers]


def page(answers: Sequence[Mapping[str, Any]]) -> str:
    """The page that shows the examples with their answers."""
    lines = [
        "# Twenty estimates, explained",
        "",
        "Pasted from `POST /api/footprint/v1/estimates?lang=en` by `python -m examples.explained`; a test asks again "
        "and compares. Each line of a trace is a",
        "formula with its numbers, read from left to right in double precision; the [method](method.md) says "
        "where it comes from. kg are kgCO2e.",
        "",
    ]
    for number, (example, answer) in enumerate(zip(EXAMPLES, answers, strict=True), start=1):
        lines += [f"## {number}. {example.title}", "", *_asked(example), "", *_answered(answer), ""]
    return "\n".join(lines)


def _asked(example: Example) -> list[str]:
    item = json.dumps(example.item, ensure_ascii=False)
    return [f"From {example.period['from']} to {example.period['to']} (excluded):", "", "```json", item, "```"]


def _answered(answer: Mapping[str, Any]) -> list[str]:
    figures = [
        (stage, criteria["gwp"])
        for stage, criteria in [*answer["stages"].items(), ("**total**", answer["total"])]
        if "gwp" in criteria
    ]
    evidence = ", ".join(f"{name}: {found}" for name, found in answer["evidence"].items())
    lines = ["| stage | kg | low | high | quality |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {stage} | {each['value']!r} | {each['low']:.2f} | {each['high']:.2f} | {each['quality']} |"
        for stage, each in figures
    ]
    lines += ["", f"Energy: {answer['energy_kwh']!r} kWh. Evidence: {evidence}.", "", "```", *answer["trace"], "```"]
    lines += [f"- {each['code']}: {each['detail']}" for each in answer["warnings"]]
    lines += [f"- [{each['id']} v{each['version']}]: {each['source']}" for each in answer["factors"]]
    return lines


def main() -> None:
    """Write the page."""
    stack = Stack.read()
    with Platform(stack.base_url, stack.token) as platform:
        PAGE.write_text(page(ask(platform)), encoding="utf-8")


if __name__ == "__main__":
    main()
