"""What is owed of an invoice, day by day, and what being late costs."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billing.domain.dues import Reduction, dues
from common.testing.plugin import MakeService
from hypothesis import given
from hypothesis import strategies as st

from services.billing.tests.heard import machine, segment
from services.billing.tests.test_invoices import AFTER_GRACE, OCTOBER, Clock, billing_at, issued

DUE = date(2026, 12, 4)
reductions = st.lists(
    st.builds(
        Reduction,
        st.integers(-40, 60).map(lambda days: DUE + timedelta(days=days)),
        st.decimals("-50", "90", places=2),
    ),
    max_size=5,
)


@given(st.decimals("0", "1000", places=2), reductions, st.integers(-40, 90), st.decimals("0.01", "30", places=2))
def test_interest_is_what_adding_up_each_late_day_gives(
    gross: Decimal, changes: list[Reduction], days: int, percent: Decimal
) -> None:
    today = DUE + timedelta(days=days)
    found = dues(gross, DUE, changes, today, percent)
    euro_days, late = Decimal(0), 0
    for number in range(1, days + 1):
        day = DUE + timedelta(days=number)
        owed = gross - sum((c.amount for c in changes if c.day <= day), Decimal(0))
        euro_days += max(owed, Decimal(0))
        late += owed > 0
    assert found.late_penalty == (euro_days * percent / 36500).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert found.indemnity == (Decimal(40) if late else Decimal(0))
    assert found.open_amount == gross - sum((c.amount for c in changes if c.day <= today), Decimal(0))


async def test_an_invoice_is_paid_late_in_two_parts(make_service: MakeService) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER)))
    path = f"/v1/invoices/{(await issued(billing))['number']}"
    clock.now = datetime(2026, 12, 14, 12, tzinfo=UTC)
    late = (await billing.client.get(f"{path}/account")).json()
    assert (late["open"], late["days_late"], late["late_penalty"], late["indemnity"]) == ("66.72", 10, "0.22", "40.00")

    half = {"amount": "33.36", "paid_on": "2026-12-14", "reference": "SEPA 1"}
    keyed = {"Idempotency-Key": "once"}
    first = await billing.client.post(f"{path}/payments", json=half, headers=keyed)
    again = await billing.client.post(f"{path}/payments", json=half, headers=keyed)
    assert (first.status_code, first.json()["open"], again.json()) == (201, "33.36", first.json())

    too_much = await billing.client.post(f"{path}/payments", json=half | {"amount": "33.37"})
    assert (too_much.status_code, too_much.json()["errors"][0]["field"]) == (422, "amount")
    rest = await billing.client.post(f"{path}/payments", json=half | {"reference": "SEPA 2"})
    assert (rest.json()["open"], rest.json()["days_late"], rest.json()["indemnity"]) == ("0.00", 0, "40.00")
    back = await billing.client.post(f"{path}/payments", json=half | {"amount": "-33.36", "reference": "rejected"})
    assert back.json()["open"] == "33.36"


async def test_a_payment_before_the_issue_or_of_nothing_is_refused(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    path = f"/v1/invoices/{(await issued(billing))['number']}/payments"
    for wrong, field in (
        ({"paid_on": "2026-11-03"}, "paid_on"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
    ):
        payment = {"amount": "1.00", "paid_on": "2026-11-04", "reference": "SEPA"} | wrong
        answer = await billing.client.post(path, json=payment)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await billing.client.get("/v1/invoices/F-2026-000009/account")).status_code == 404
