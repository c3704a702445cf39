"""For calls that are asked thousands of times a second: query parameters read by pydantic alone. The OpenAPI document is the same."""

from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def read_query(request: Request, model: type[Model]) -> Model:
    """The request's query as `model`; of a parameter given twice, the last.

    Raises RequestValidationError, which is answered like any other.
    """
    try:
        asked = request.scope["query_string"].decode("latin-1")
        return model.model_validate(dict(parse_qsl(asked, keep_blank_values=True)))
    except ValidationError as error:
        raise RequestValidationError([dict(one, loc=("query", *one["loc"])) for one in error.errors()]) from error


def query_parameters(model: type[BaseModel]) -> dict[str, Any]:
    """What OpenAPI says of a query read as `model`: for `openapi_extra`. Enumerations refer to the document's components."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    required = schema.get("required", [])
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": field,
            **({"description": field["description"]} if "description" in field else {}),
        }
        for name, field in schema["properties"].items()
    ]
    return {"parameters": parameters}
