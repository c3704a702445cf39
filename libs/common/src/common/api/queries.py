"""A query parameter that a call does not have is refused: a misspelt filter would answer as if none had been given."""

from collections.abc import Collection

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from common.api.problems import FieldError, Unprocessable


async def refuse_unknown_parameters(request: Request) -> None:
    """A dependency of every route. Raises Unprocessable naming each parameter that the route does not have, and those that it has."""
    route = request.scope["route"]
    if request.query_params and isinstance(route, APIRoute):
        refuse_others(request, _names(route.dependant))


def refuse_others(request: Request, known: Collection[str]) -> None:
    """Raise Unprocessable for each query parameter that is not among `known`."""
    unknown = {name: value for name, value in request.query_params.items() if name not in known}
    if unknown:
        rule = f"known are {', '.join(sorted(known))}" if known else "the call has none"
        raise Unprocessable(
            f"{len(unknown)} query parameter(s) are not known here",
            [
                FieldError(
                    name[:100], "unknown_parameter", f"no query parameter of this call (got {value[:100]!r}): {rule}"
                )
                for name, value in unknown.items()
            ],
        )


def _names(dependant: Dependant) -> set[str]:
    names: set[str] = set()
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names |= {info.alias or name for name, info in annotation.model_fields.items()}
        else:
            names.add(field.alias)
    return names.union(*(_names(each) for each in dependant.dependencies))
