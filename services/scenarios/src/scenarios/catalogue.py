"""The catalogue of offers as it is shipped: the files of `data/offers`, in their order."""

from functools import cache
from importlib.resources import files

from scenarios.domain.offers import Offer, read_catalogue


@cache
def shipped_offers() -> tuple[Offer, ...]:
    """Every offer, in the catalogue's order. Raises `ValueError` when a file is malformed."""
    folder = files("scenarios").joinpath("data/offers")
    documents = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name
    )
    return read_catalogue("\n".join(entry.read_text(encoding="utf-8") for entry in documents))


def offers_by_id() -> dict[str, Offer]:
    """The same by id."""
    return {offer.id: offer for offer in shipped_offers()}
