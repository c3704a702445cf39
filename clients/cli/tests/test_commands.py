"""The command line against a running inventory: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest
from common.testing.waiting import eventually

from clients.cli.tests.conftest import Call, Platform, invoke

ROWS = "kind,source,external_id,org,name,site\nserver,cmdb,srv-1,acme,alpha,nanterre-1\nserver,cmdb,srv-2,acme,beta,nowhere\n"


def written(path: Path, content: str) -> Path:
    """A file with some content."""
    path.write_text(content, encoding="utf-8")
    return path


async def test_an_import_ends_with_its_counts_and_shows_what_was_refused(call: Call, tmp_path: Path) -> None:
    file = written(tmp_path / "inventory.csv", ROWS)
    rehearsed = await call("--json", "import", file, "--org", "acme", "--dry-run")
    assert (rehearsed.code, rehearsed.document()["dry_run"]) == (1, True)
    done = await call("import", file, "--rejects", tmp_path / "rejects.csv")
    assert done.code == 1
    assert "1 created, 0 updated, 0 unchanged, 1 rejected" in done.out
    assert "unknown_site" in done.out
    assert "srv-2" in (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    good = written(tmp_path / "good.csv", "\n".join(ROWS.splitlines()[:2]) + "\n")
    again = await call("--json", "import", good)
    assert (again.code, again.document()["unchanged"], again.document()["rejects"]) == (0, 1, [])
    listed = await call("--json", "imports", "list")
    assert sorted(job["dry_run"] for job in listed.document()) == [False, False, True]
    shown = await call("imports", "show", again.document()["id"])
    assert "0 created, 0 updated, 1 unchanged, 0 rejected" in shown.out


async def test_a_dry_run_shows_field_by_field_what_would_change(call: Call, tmp_path: Path) -> None:
    good = ROWS.splitlines()[:2]
    await call("import", written(tmp_path / "inventory.csv", "\n".join(good)))
    changed = written(tmp_path / "changed.csv", "\n".join(good).replace("alpha", "omega").replace("nanterre-1", ""))
    rehearsed = await call("--json", "import", changed, "--dry-run")
    [change] = rehearsed.document()["diff"]
    assert (change["result"], [one["field"] for one in change["changes"]]) == ("updated", ["name"])
    shown = await call("import", changed, "--dry-run")
    assert [word in shown.out for word in ("Would change", "srv-1", "alpha", "omega")] == [True] * 4


async def test_an_import_is_read_by_a_mapping_and_taken_back(call: Call, tmp_path: Path) -> None:
    file = written(tmp_path / "glpi.csv", "Name;Status;Serial number\nscreen-1;En service;SN-1\n")
    done = await call("--json", "import", file, "--org", "acme", "--mapping", "glpi", "--kind", "monitor")
    assert (done.code, done.document()["mapping"], done.document()["created"]) == (0, "glpi", 1), done.err
    undone = await call("imports", "undo", done.document()["id"])
    assert undone.out.startswith("1 deleted that it created, 0 as they were before it.")
    assert (await call("--json", "assets", "list")).document() == []


async def test_an_import_that_has_ended_is_not_cancelled_and_another_organisations_is_not_there(
    call: Call, tmp_path: Path
) -> None:
    done = await call("--json", "import", written(tmp_path / "inventory.csv", ROWS))
    ended = await call("imports", "cancel", done.document()["id"])
    assert (ended.code, "the import has ended: it is done" in ended.err) == (5, True)
    strange = await call("imports", "cancel", done.document()["id"], orgs=["globex"])
    assert (strange.code, "404" in strange.err) == (5, True)


@pytest.mark.parametrize("platform", [False], indirect=True, ids=["no workers"])
async def test_an_import_that_waits_is_cancelled_and_says_so(call: Call, tmp_path: Path) -> None:
    waiting = await call("--json", "import", written(tmp_path / "inventory.csv", ROWS), "--no-wait")
    assert (waiting.code, waiting.document()["status"]) == (0, "queued")
    job = waiting.document()["id"]
    cancelled = await call("imports", "cancel", job)
    assert (cancelled.code, cancelled.out) == (
        0,
        f"Import {job} is cancelled: 0 created, 0 updated, 0 unchanged, 0 rejected.\n",
    )
    shown = await call("--json", "imports", "show", job)
    assert (shown.code, shown.document()["status"]) == (0, "cancelled")
    assert (await call("--json", "assets", "list")).document() == []


async def test_a_file_that_is_none_of_the_formats_fails_with_the_reason(call: Call, tmp_path: Path) -> None:
    failed = await call("import", written(tmp_path / "notes.csv", "a,b\n1,2\n"))
    assert failed.code == 5
    assert failed.err.startswith("Import ")
    assert " failed" in failed.err


async def test_assets_are_listed_shown_and_followed_through_time(call: Call, platform: Platform) -> None:
    row = {"source": "cmdb", "external_id": "srv-1", "org": "acme", "kind": "server", "name": "alpha"}
    rows = [{**row, "effective_from": "2026-01-01"}, {**row, "status": "off", "effective_from": "2026-03-01"}]
    await platform.inventory.client.post("/v1/assets/batch", json=rows)
    listed = await call("--json", "assets", "list", "--kind", "server")
    assert [(asset["external_id"], asset["status"]) for asset in listed.document()] == [("srv-1", "off")]
    assert "alpha" in (await call("assets", "list")).out
    shown = await call("--json", "assets", "show", "alpha")
    assert shown.document() == listed.document()[0]
    timeline = await call("assets", "timeline", "srv-1")
    assert [status in timeline.out for status in ("in_service", "off", "2026-02-28T23:00:00Z")] == [True] * 3
    assert (await call("assets", "show", "omega")).err == "No asset is called 'omega'.\n"
    stranger = await call("assets", "show", shown.document()["id"], orgs=["globex"])
    assert (stranger.code, "404" in stranger.err) == (5, True)


async def test_measurements_and_activities_are_pushed_from_files(
    call: Call, platform: Platform, tmp_path: Path
) -> None:
    await platform.inventory.client.post(
        "/v1/assets/batch",
        json=[
            {"source": "cmdb", "external_id": "srv-1", "org": "acme", "kind": "server", "effective_from": "2026-01-01"}
        ],
    )
    header = "source,external_id,metric,level,from,to,value\n"
    good = "cmdb,srv-1,average_w,it,2026-03-01T00:00:00+01:00,2026-03-02T00:00:00+01:00,250\n"
    bad = "cmdb,srv-1,average_w,it,2026-03-02T00:00:00+01:00,2026-03-01T00:00:00+01:00,abc\n"
    pushed = await call("measurements", "push", written(tmp_path / "power.csv", header + good + bad))
    assert pushed.code == 1
    assert "1 created, 1 error" in pushed.out
    assert "wrong_type" in pushed.out
    again = await call("--json", "measurements", "push", written(tmp_path / "good.csv", header + good))
    assert (again.code, again.document()["duplicate"]) == (0, 1)

    async def rolled_up() -> bool:
        months = (await call("--json", "measurements", "show", "srv-1")).document()
        return bool(months) and months[0]["energy"][0]["kwh"] == pytest.approx(6)

    await eventually(rolled_up)
    assert "6.000" in (await call("measurements", "show", "srv-1", "--month", "2026-03")).out
    activity = {"org": "acme", "source": "erp", "external_id": "1", "kind": "maintenance_contract", "on": "2026-03-01"}
    file = written(tmp_path / "activities.json", json.dumps([{**activity, "quantity": 120, "unit": "EUR"}]))
    assert "1 created" in (await call("activities", "push", file)).out
    csv = "org;source;external_id;kind;on;quantity;unit\nacme;erp;2;intervention;2026-03-01;84;km\n"
    assert "1 created" in (await call("activities", "push", written(tmp_path / "activities.csv", csv))).out


async def test_who_calls_is_found_in_options_environment_login_and_local_stack(
    platform: Platform, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = (await call("--json", "token")).document()
    assert (told["url"], told["organisations"], told["expired"]) == (platform.url, ["acme"], False)
    monkeypatch.delenv("CONSTELLATION_URL")
    monkeypatch.delenv("CONSTELLATION_TOKEN")
    lost = invoke("assets", "list")
    assert (lost.code, "CONSTELLATION_URL" in lost.err) == (3, True)
    (tmp_path / ".local").mkdir()
    written(tmp_path / ".local" / "stack.json", json.dumps({"base_url": platform.url, "token": platform.token()}))
    assert json.loads(invoke("--json", "token").out)["from"].endswith("stack.json")
    kept = await call("login", "--url", platform.url, "--token", platform.token(["acme", "globex"]))
    assert kept.code == 0
    assert (tmp_path / "config.json").stat().st_mode & 0o077 == 0
    monkeypatch.delenv("CONSTELLATION_TOKEN")
    assert json.loads(invoke("--json", "token").out)["organisations"] == ["acme", "globex"]
    elsewhere = invoke("--url", "http://127.0.0.1:9", "assets", "list")
    assert (elsewhere.code, "No token for http://127.0.0.1:9" in elsewhere.err) == (4, True)


async def test_every_way_of_failing_has_its_exit_code_and_one_sentence(
    platform: Platform, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await call("assets", "list", "--limit", "0")).code == 2
    silent = await call("--url", "http://127.0.0.1:9", "assets", "list")
    assert (silent.code, silent.err.count("\n")) == (3, 1)
    monkeypatch.setenv("CONSTELLATION_TOKEN", "a.b.c")
    refused = await call("--token", "a.b.c", "assets", "list")
    assert (refused.code, refused.err.count("\n")) == (4, 1)
    wrong = await call("assets", "list", "--kind", "toaster")
    assert (wrong.code, "toaster" in wrong.err, wrong.err.count("\n")) == (5, True, 1)
