"""From what is heard to what is stored and published, on real Postgres."""

from .conftest import Pipeline
from .world import ORG, asset, foundations, id_of


async def test_a_server_heard_has_its_figures_for_every_month_of_the_year(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    async with pipeline.service.database.snapshot("*") as c:
        print(
            [
                (r["type"], r["state"], r["reason"], (r["stack"] or "")[-600:])
                for r in await c.fetch("SELECT * FROM dead_letters")
            ],
            await c.fetch("SELECT count(*) FROM marks"),
        )
    await pipeline.settle()
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of('srv')}/months/2026-01")
    assert answer.status_code == 200, answer.text
    print(answer.json())
    answer = await pipeline.service.client.get(f"/v1/dashboard?org={ORG}&month=2026-10")
    print(answer.json())
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of('srv')}/months/2026-03/explanation")
    print(answer.json())
    assert answer.json()["up_to_date"]
    for g in ("month", "site", "kind", "stage", "scope", "asset"):
        answer = await pipeline.service.client.get(f"/v1/totals?org={ORG}&from=2026-01&to=2026-12&group_by={g}")
        print(answer.json())
    assert 0
