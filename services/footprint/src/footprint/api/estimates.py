"""`POST /estimates`: stateless, on the engine's own formulas and evidence.

The hot path validates each item once, computes in the event loop and answers bytes; a batch gives way to other requests between slices.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import msgspec
from common import json
from common.api.auth import requires
from common.api.direct import DirectRoute, PartsResponse
from common.api.problems import FieldError, Unprocessable
from common.api.queries import refuse_others
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from footprint.api import examples
from footprint.api.estimate_schemas import ITEMS, TOLD, VALUES, Envelope, EstimatesBody, ItemBody
from footprint.api.language import PARAMETERS, spoken_of
from footprint.domain.catalogue import Catalogue
from footprint.domain.errors import ItemError
from footprint.domain.estimate_texts import TextShelf, answers
from footprint.domain.estimates import Period, estimate
from footprint.reports.words import STAGES, said
from footprint.trace_words import Language, trace_text
from footprint.wording import notice_text, refused_text, speech

_authorise = requires("footprint:read")

SLICE = 128
"""Items computed and encoded before other requests get their turn; few enough to stay in the processor's cache."""

_CODES = {
    "greater_than_equal": "too_small",
    "greater_than": "not_positive",
    "less_than_equal": "too_large",
    "finite_number": "not_finite",
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "literal_error": "unknown",
    "float_type": "not_a_number",
    "int_type": "not_a_number",
    "dict_type": "not_an_object",
}

_EXAMPLE = {
    "period": {"from": "2023-01-01", "to": "2024-01-01"},
    "criteria": ["gwp"],
    "items": [
        {"ref": "a", "kind": "server", "country": "FR", "life": {"from": "2020-07-08", "to": "2024-11-20"},
         "embodied": {"gwp": {"manufacturing": 2226.09317222576}}},
        {"ref": "c", "kind": "server", "energy": {"annual_kwh": 3504}, "pue": 1.41, "electricity": {"gwp": 0.657374}},
    ],
}  # fmt: skip


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema without references, as it must stand within an OpenAPI document."""
    definitions = schema.pop("$defs")

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolved(definitions[node["$ref"].rpartition("/")[2]])
            return {name: resolved(value) for name, value in node.items()}
        return [resolved(each) for each in node] if isinstance(node, list) else node

    document: dict[str, Any] = resolved(schema)
    return document


def estimates_router(catalogue: Callable[[], Awaitable[Catalogue]]) -> APIRouter:
    """The route; `catalogue` gives the factors as they are known now."""
    router = APIRouter(tags=["estimates"])
    shelf = TextShelf()
    body = {
        "required": True,
        "content": {"application/json": {"schema": _inlined(EstimatesBody.model_json_schema()), "example": _EXAMPLE}},
    }

    async def post_estimates(request: Request) -> Response:
        """Up to 10,000 items. A bad item is a row of `errors` (with its `index`), the others are computed; nothing is stored.

        `energy_kwh` is at the meter of the site (with the PUE), null without evidence. Figures keep their full precision. Traces,
        warnings and errors of items are in the language of `lang`, else of `Accept-Language`, else in French.
        """
        await _authorise(request)
        refuse_others(request, ("lang",))
        language = spoken_of(request)
        raw = await request.body()
        answered = await _answer(_envelope(raw), await catalogue(), shelf, language)
        return PartsResponse(answered, "application/json")

    router.add_api_route(
        "/estimates",
        post_estimates,
        methods=["POST"],
        responses=examples.ESTIMATES,
        openapi_extra={"requestBody": body, "parameters": PARAMETERS},
        summary="Estimate items that need no inventory",
        route_class_override=DirectRoute,
    )
    return router


async def _answer(call: Envelope, catalogue: Catalogue, shelf: TextShelf, language: Language) -> list[bytes]:
    """The answer's body in parts, validated and encoded slice by slice.

    Items of the usual form are answered together, by columns; the others, and all that is refused, one by one.
    """
    period = _period(call.period.start, call.period.end)
    lexicon = shelf.lexicon(catalogue, period, call.criteria, speech(language))
    parts: list[bytes] = []
    errors: list[dict[str, Any]] = []
    first = 0
    while call.items:
        if first:
            await asyncio.sleep(0)
        items = _read(_values(call.items[:SLICE]))
        del call.items[:SLICE]
        written = [None] * len(items) if lexicon is None else answers(lexicon, items)
        pieces: list[bytes] = []
        for index, (item, text) in enumerate(zip(items, written, strict=True), first):
            if text is None:
                answer = _one(index, item, period, call, catalogue, errors, language)
                if answer is None:
                    continue
                text = [json.dumps(answer if language == "en" else translated(answer))]
            if parts or pieces:
                pieces.append(b",")
            pieces += text
        if pieces:
            parts.append(b"".join(pieces))
        first += len(items)
    return [b'{"items":[', *parts, b'],"errors":%b}' % json.dumps(errors)]


def translated(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of `estimate` with its trace and its warnings in French."""
    return answer | {
        "trace": [trace_text(line, "fr") for line in answer["trace"]],
        "warnings": [each | {"detail": _french(each)} for each in answer["warnings"]],
    }


def _french(warning: dict[str, str]) -> str:
    """A warning's sentence; one about a criterion keeps which stage and criterion it is about."""
    if "stage" not in warning:
        return notice_text(warning["code"], "fr")
    return f"{said(STAGES, warning['stage'], 'fr')} ({warning['criterion']}) : {notice_text(warning['code'], 'fr')}"


def _read(part: Sequence[Any]) -> Sequence[ItemBody | ItemError]:
    """Items that are valid, each in its place, or the first rule that it breaks."""
    try:
        return ITEMS.validate_python(part)
    except ValidationError as error:
        refused = _item_errors(error)
    valid = iter(ITEMS.validate_python([each for index, each in enumerate(part) if index not in refused]))
    return [refused[index] if index in refused else next(valid) for index in range(len(part))]


def _one(
    index: int,
    item: ItemBody | ItemError,
    period: Period,
    call: Envelope,
    catalogue: Catalogue,
    errors: list[dict[str, Any]],
    language: Language,
) -> dict[str, Any] | None:
    """The answer for one item; None, and a row of `errors`, for a bad one."""
    try:
        if isinstance(item, ItemError):
            raise item
        return estimate(item, period, call.criteria, catalogue)
    except ItemError as error:
        detail = error.french if language == "fr" else error.detail
        errors.append({"index": index, "field": error.field, "code": error.code, "detail": detail})
        return None


def _period(start: date, end: date) -> Period:
    try:
        return Period.between(start, end)
    except ItemError as error:
        raise Unprocessable(error.detail, [FieldError(error.field, error.code, error.detail)]) from error


def _envelope(raw: bytes) -> Envelope:
    """The call, its items told apart and not yet read: as objects, all items of a large call at once would fill the processor's cache.

    What our parser refuses (NaN, which an item's error names) the slower one may take, and reads whole.
    """
    try:
        return Envelope.model_validate(TOLD.decode(raw), from_attributes=True)
    except ValueError:
        pass
    try:
        return Envelope.model_validate_json(raw)
    except ValidationError as error:
        raise _refused(error) from error


def _refused(error: ValidationError) -> Unprocessable:
    """What is wrong with a call as a whole."""
    found = [
        FieldError(_path(each["loc"]), _CODES.get(each["type"], each["type"]), each["msg"])
        for each in error.errors(include_url=False)
    ]
    return Unprocessable(
        "the call is not valid: " + "; ".join(f"{each.field}: {each.detail}" for each in found[:5]), found
    )


def _values(part: Sequence[Any]) -> Sequence[Any]:
    """Items of a call as values: those that are not read yet are read now. Raises `Unprocessable` for what is no JSON."""
    if not isinstance(part[0], msgspec.Raw):
        return part
    text = b"[%b]" % b",".join(part)
    try:
        values: list[Any] = json.loads(text)
    except ValueError:
        try:
            values = VALUES.validate_json(text)
        except ValidationError as error:
            raise _refused(error) from error
    return values


def _item_errors(error: ValidationError) -> dict[int, ItemError]:
    """The first rule that each bad item breaks, by its index."""
    first: dict[int, ErrorDetails] = {}
    for each in error.errors(include_url=False):
        first.setdefault(int(each["loc"][0]), each)
    return {index: _item_error(each) for index, each in first.items()}


def _item_error(first: ErrorDetails) -> ItemError:
    field, value = _path(first["loc"][1:]) or "item", first.get("input")
    code = _CODES.get(first["type"], first["type"])
    if code == "too_small" and first.get("ctx", {}).get("ge") == 0:
        code = "negative"
    shown = "" if code in ("missing", "unknown_field") else f" (got {value!r})"
    french = refused_text(first["type"], first["msg"], first.get("ctx", {}))
    shown_french = "" if not shown else f" (reçu {value!r})"
    return ItemError(field, code, f"{field}: {first['msg']}{shown}", f"{field} : {french}{shown_french}")


def _path(location: tuple[int | str, ...]) -> str:
    """A dotted path without the tags that pydantic adds for unions."""
    return ".".join(
        str(part) for part in location if not (isinstance(part, str) and ("[" in part or part.endswith("float")))
    )
