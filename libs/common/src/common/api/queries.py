"""A query parameter or form field that a call does not have is refused: a misspelt filter would answer as if none had been given, and a
`dry_run` in the wrong place would be no dry run."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, Protocol

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.api.problems import FieldError, Unprocessable


class _Field(Protocol):
    """What FastAPI knows of a parameter."""

    @property
    def alias(self) -> str: ...

    @property
    def field_info(self) -> FieldInfo: ...


async def refuse_unknown_parameters(request: Request) -> None:
    """A dependency of every route. Raises Unprocessable naming each parameter that the route does not have, and those that it has."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    if request.query_params:
        refuse_others(request, _names(_fields(route.dependant, "query_params")))
    fields = [field for field in _fields(route.dependant, "body_params") if isinstance(field.field_info, Form)]
    if fields:
        given = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        _refuse(given, _names(fields), "form field")


def refuse_others(request: Request, known: Collection[str]) -> None:
    """Raise Unprocessable for each query parameter that is not among `known`."""
    _refuse(request.query_params, known, "query parameter")


def _refuse(given: Mapping[str, str], known: Collection[str], what: str) -> None:
    unknown = {name: value for name, value in given.items() if name not in known}
    if unknown:
        rule = f"known are {', '.join(sorted(known))}" if known else "the call has none"
        raise Unprocessable(
            f"{len(unknown)} {what}(s) are not known here",
            [
                FieldError(name[:100], "unknown_parameter", f"no {what} of this call (got {value[:100]!r}): {rule}")
                for name, value in unknown.items()
            ],
        )


def _fields(dependant: Dependant, where: Literal["query_params", "body_params"]) -> Iterator[_Field]:
    yield from getattr(dependant, where)
    for each in dependant.dependencies:
        yield from _fields(each, where)


def _names(fields: Iterable[_Field]) -> set[str]:
    names: set[str] = set()
    for field in fields:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names |= {info.alias or name for name, info in annotation.model_fields.items()}
        else:
            names.add(field.alias)
    return names
