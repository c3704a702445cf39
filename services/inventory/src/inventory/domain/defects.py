"""What is wrong with something that was sent: the field, a stable code, and a sentence that says what to do."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from pydantic import ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Defect:
    """One broken rule. `field` is a dotted path into what was sent; `code` is stable, `detail` is for people."""

    field: str
    code: str
    detail: str


class Refused(Exception):
    """What was asked breaks at least one rule; nothing was changed."""

    def __init__(self, defects: Iterable[Defect]) -> None:
        """Keep the broken rules, in the order in which they were found."""
        self.defects = tuple(defects)
        super().__init__("; ".join(f"{defect.field}: {defect.detail}" for defect in self.defects))


_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "finite_number": "not_finite",
    "string_too_short": "empty",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "string_pattern_mismatch": "malformed",
    "decimal_max_places": "too_many_decimals",
    "decimal_max_digits": "too_large",
    "decimal_whole_digits": "too_large",
    "less_than_equal": "too_large",
    "string_unicode": "malformed",
    "uuid_parsing": "malformed",
    "model_type": "wrong_type",
}
_WRONG_TYPE_SUFFIXES = ("_type", "_parsing", "_from_float", "_parsing_size")
_WORD_LISTS = {
    "kind": "unknown_kind",
    "status": "unknown_status",
    "condition": "unknown_condition",
    "type": "unknown_disk_type",
    "case": "unknown_case",
    "role": "unknown_role",
    "refurbished_convention": "unknown_convention",
    "operator": "unknown_operator",
    "allocation_rule": "unknown_rule",
    "allocation_by": "unknown_rule",
}


def defects_of(failure: ValidationError) -> list[Defect]:
    """Translate pydantic's findings into our codes, so that the codes outlive the library's names."""
    return [defect_of(error, error["loc"]) for error in failure.errors(include_url=False)]


def untagged(defects: Iterable[Defect]) -> Iterator[Defect]:
    """The defects with the fields as they were sent: `asset` is told by a tag of ours, an id or a reference."""
    for defect in defects:
        parts = defect.field.split(".")
        if parts[0] == "asset" and len(parts) > 1:
            yield Defect(".".join(["asset", *parts[2:]]), defect.code, defect.detail)
        else:
            yield defect


def defect_of(error: ErrorDetails, location: Sequence[int | str]) -> Defect:
    """Translate one of pydantic's findings; `location` is the path to show for it."""
    field = ".".join(str(part) for part in location)
    return Defect(field=field, code=_code(error), detail=_detail(field, error))


def _code(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if _is_not_finite(error["input"]):
        return "not_finite"
    if kind in ("enum", "literal_error"):
        return _WORD_LISTS.get(str(error["loc"][-1]), "unknown_value")
    if kind == "greater_than_equal":
        return "negative" if context["ge"] == 0 else "too_small"
    if kind == "greater_than":
        return "negative" if error["input"] < 0 else "not_positive"
    if kind in _CODES:
        return _CODES[kind]
    if kind.endswith(_WRONG_TYPE_SUFFIXES):
        return "wrong_type"
    return kind


def _is_not_finite(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
    return isinstance(value, float) and not isfinite(value)


def _detail(field: str, error: ErrorDetails) -> str:
    if error["type"] in ("missing", "extra_forbidden"):
        return error["msg"]
    shown = repr(error["input"])
    if len(shown) > 80:
        shown = shown[:77] + "..."
    return f"{error['msg']}; {field.rsplit('.', 1)[-1]} was {shown}"
