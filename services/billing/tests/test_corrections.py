"""Whatever comes to light, and however often: what has been billed is what the last rating says, to the cent, tax included."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from billing.documents.bodies import (
    Billed,
    adjustment_lines,
    billed_of,
    credit_body,
    difference,
    invoice_body,
    lines_by_key,
    merged,
    trace_of,
)
from billing.documents.content import Document, Seller
from billing.documents.parts import Party
from billing.documents.sums import WrongSums, check_sums
from billing.domain.amounts import total
from billing.domain.events import Interval
from billing.domain.months import Agreement, Held, Month, month_of, rated
from billing.domain.prices import Baseline, Graduated, Tier, Unit
from billing.domain.rating import Terms
from billing.domain.terms import PriceVersion
from billing.domain.vat import treatment_of, vat_of
from billing.store.contracts import Contract
from hypothesis import given
from hypothesis import strategies as st

from services.billing.tests.heard import CUSTOMER, SELLER

PARIS = ZoneInfo("Europe/Paris")
CUTOFF = datetime(2026, 11, 4, tzinfo=UTC)
TERMS = Terms(
    {
        "vcpu": Graduated((Tier(Decimal(3), Decimal("7.93")), Tier(None, Decimal("6.51")))),
        "ram_gib": Unit(Decimal("1.53")),
        "disk_gib": Baseline(Decimal(10), Decimal("0.11"), Decimal("0.17"), "instantaneous"),
    }
)
MONTH: Month = month_of(
    Agreement(PARIS, date(2026, 1, 1), None, (PriceVersion(1, date(2026, 1, 1), TERMS, Decimal(20)),)),
    date(2026, 10, 1),
)

facts = st.tuples(
    st.integers(0, MONTH.end - MONTH.start - 1),
    st.integers(1, 3_000_000),
    st.tuples(st.integers(0, 9), st.integers(0, 40_000), st.integers(0, 40_000)),
).map(lambda f: Held((Interval("vm", MONTH.start + f[0], MONTH.start + f[0] + f[1], f[2]),), (), {}))


def contract(territory: str) -> Contract:
    customer = Party.model_validate(CUSTOMER | {"territory": territory})
    return Contract(UUID(int=1), "acme", "CL-1", date(2026, 1, 1), None, PARIS, "inventory", 72, 30, customer, 1)


def first_invoice(held: Held, territory: str) -> Document:
    body = invoice_body(contract(territory), Seller.model_validate(SELLER), rated(MONTH, held), [], CUTOFF)
    assert body is not None
    check_sums(body)
    return Document(number="F-2026-000001", issued_on=CUTOFF.date(), due_on=CUTOFF.date(), body=body)


@given(facts, st.lists(facts, min_size=1, max_size=4), st.sampled_from(["FR", "MQ", "YT"]))
def test_original_and_adjustments_less_credit_notes_is_the_last_rating(
    first: Held, later: list[Held], territory: str
) -> None:
    original = first_invoice(first, territory)
    treatment = treatment_of(territory)
    billed: list[Billed] = billed_of(original.body.lines)
    taxed = original.body.vat_total
    for held in later:
        again = rated(MONTH, held).rating
        deltas = difference(lines_by_key(again), merged(billed))
        net = total([delta.amount for delta in deltas])
        if net > 0:
            billed += billed_of(adjustment_lines(original, deltas))
            taxed = vat_of(total([part.amount for part in billed]), treatment)
        elif net < 0:
            before = total([part.amount for part in billed])
            note = credit_body(original, deltas, before, trace_of(again, MONTH.windows, CUTOFF), "late")
            check_sums(note)
            billed += billed_of(note.lines, -1)
            taxed -= note.vat_total
        else:
            continue
        assert total([part.amount for part in billed]) == again.net
        assert {part.key: part.amount for part in merged(billed) if part.amount} == {
            part.key: part.amount for part in lines_by_key(again) if part.amount
        }
        assert taxed == vat_of(again.net, treatment)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [("net", "1.00", "net 1.00"), ("vat_total", "0.00", "VAT 0.00"), ("gross", "1.00", "gross 1.00")],
)
def test_a_document_that_does_not_add_up_is_refused(field: str, value: str, says: str) -> None:
    body = first_invoice(Held((Interval("vm", MONTH.start, MONTH.end, (4, 16_384, 0)),), (), {}), "FR").body
    with pytest.raises(WrongSums, match=says):
        check_sums(body.model_copy(update={field: Decimal(value)}))


def test_a_line_whose_figures_give_another_amount_is_refused() -> None:
    body = first_invoice(Held((Interval("vm", MONTH.start, MONTH.end, (4, 16_384, 0)),), (), {}), "FR").body
    cheaper = body.lines[0].model_copy(update={"price": Decimal("7.00")})
    with pytest.raises(WrongSums, match="line 1"):
        check_sums(body.model_copy(update={"lines": (cheaper, *body.lines[1:])}))
