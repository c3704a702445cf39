"""What the person at the terminal sees: a sentence and an exit code."""

import socket
from pathlib import Path

import jwt
import pytest
from local_stack.__main__ import app
from local_stack.layout import LAST_OFFSET, Layout
from local_stack.logs import follow
from local_stack.ports import LOOPBACK, free_port
from typer.testing import CliRunner

runner = CliRunner()


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """The command line's own layout, moved to a scratch checkout."""
    monkeypatch.setattr("local_stack.layout.CHECKOUT", tmp_path)
    monkeypatch.setenv("CONSTELLATION_PORT", str(free_port(following=LAST_OFFSET)))
    return Layout.of_checkout()


def test_token_prints_a_token_with_the_asked_organisations_and_rights(layout: Layout) -> None:
    done = runner.invoke(app, ["token", "--org", "acme", "--scope", "inventory:read", "--scope", "factors:read"])

    assert done.exit_code == 0
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["orgs"], claims["scope"]) == (["acme"], "inventory:read factors:read")
    assert layout.jwks.exists()


def test_down_with_nothing_running_is_harmless(layout: Layout) -> None:
    done = runner.invoke(app, ["down"])

    assert done.exit_code == 0
    assert not layout.stack_file.exists()


def test_up_with_a_busy_port_ends_with_one_sentence_and_a_failure(layout: Layout) -> None:
    with socket.socket() as squatter:
        squatter.bind((LOOPBACK, layout.postgres_port))
        squatter.listen()
        done = runner.invoke(app, ["up"], env={"DATABASE_URL": None})

    assert done.exit_code == 1
    assert done.stderr.startswith(f"Port {layout.postgres_port}, which postgres needs, is in use by ")
    assert done.stderr.strip().count("\n") == 0


def test_status_tells_of_the_ports_that_were_used_last(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.folder.mkdir()
    layout.record_port()
    monkeypatch.delenv("CONSTELLATION_PORT")

    done = runner.invoke(app, ["status"])

    assert str(layout.kafka_port) in done.stdout
    assert done.stdout.count("stopped") == 8


def test_logs_show_the_last_lines_of_each_part_with_its_name(layout: Layout) -> None:
    layout.logs.mkdir(parents=True)
    layout.log("billing").write_text("one\ntwo\nthree\n")
    layout.log("edge").write_text("four\n")

    done = runner.invoke(app, ["logs", "--lines", "2"])

    assert done.stdout.splitlines() == ["billing: two", "billing: three", "edge: four"]


def test_logs_of_a_part_that_has_none_name_those_there_are(layout: Layout) -> None:
    layout.logs.mkdir(parents=True)
    layout.log("edge").touch()

    done = runner.invoke(app, ["logs", "egde"])

    assert done.exit_code == 1
    assert done.stderr.strip() == "There is no log of 'egde'; there are: edge."


def test_followed_logs_yield_whole_lines_as_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("before\n")
    lines = follow([log], {log: log.stat().st_size})
    with log.open("a") as stream:
        stream.write("first\nsec")
        stream.flush()
        assert next(lines) == "kafka: first"
        stream.write("ond\n")

    assert next(lines) == "kafka: second"
