"""What an import would do to the catalogue: nothing is written here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from factors.catalogue.reader import Entry
from factors.domain.records import FactorKey, FactorVersion
from factors.domain.rules import Rules
from factors.domain.text import plain
from factors.importing.tables import Parsed, Reject


@dataclass(frozen=True, slots=True)
class Plan:
    """New factors, next versions with the ones they follow, what is already so, and what cannot be taken up."""

    added: list[Entry]
    revised: list[tuple[FactorVersion, Entry]]
    unchanged: int
    rejects: list[Reject]
    skipped: Mapping[str, int]


def plan(parsed: Parsed, published: Iterable[FactorVersion], rules: Rules) -> Plan:
    """Compare what was read with what is published.

    A row is rejected when its factor breaks a rule of publication, stands twice in the file, or answers a question that another
    published or imported factor answers on some of the same dates.
    """
    known = {version.id: version for version in published}
    taken: dict[FactorKey, list[tuple[str, FactorVersion | Entry]]] = {}
    for version in known.values():
        taken.setdefault(version.content.key, []).append((version.id, version))
    added: list[Entry] = []
    revised: list[tuple[FactorVersion, Entry]] = []
    rejects, unchanged, seen = list(parsed.rejects), 0, set[str]()
    for located in parsed.located:
        entry = located.entry
        broken = _broken(located.line, entry, rules, seen, taken)
        if broken:
            rejects += broken
            continue
        seen.add(entry.id)
        taken.setdefault(entry.content.key, []).append((entry.id, entry))
        present = known.get(entry.id)
        if present is None:
            added.append(entry)
        elif present.content.digest() == entry.content.digest():
            unchanged += 1
        else:
            revised.append((present, entry))
    return Plan(added, revised, unchanged, sorted(rejects, key=lambda reject: reject.line), parsed.skipped)


def _broken(
    line: int,
    entry: Entry,
    rules: Rules,
    seen: set[str],
    taken: Mapping[FactorKey, list[tuple[str, FactorVersion | Entry]]],
) -> list[Reject]:
    if entry.id != plain(entry.id) or not _is_id(entry.id):
        return [
            Reject(
                line, "id", "malformed", f"{entry.id!r} is not 3 to 120 lower-case letters, digits and inner hyphens"
            )
        ]
    if entry.id in seen:
        return [Reject(line, "id", "duplicate", f"{entry.id} stands in the file before")]
    broken = [Reject(line, one.field, one.code, one.detail) for one in rules.violations(entry.content)]
    if broken:
        return broken
    for other_id, other in taken.get(entry.content.key, []):
        if other_id != entry.id and entry.content.rivals(other.content):
            return [
                Reject(
                    line, "activity", "question_answered", f"{other_id} answers this question on some of these dates"
                )
            ]
    return []


def _is_id(text: str) -> bool:
    inner = text.replace("-", "")
    return 3 <= len(text) <= 120 and inner.isascii() and inner.isalnum() and text[0] != "-" and text[-1] != "-"
