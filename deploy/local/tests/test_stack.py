"""The stack goes up and down, whatever happens meanwhile, and says in a sentence why it cannot."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from local_stack.layout import LAST_OFFSET, SERVICES, Layout, StackError
from local_stack.ports import LOOPBACK, accepts, free_port
from local_stack.postgres import EmbeddedPostgres
from local_stack.processes import ProcessRecord, wait_until
from local_stack.stack import Stack
from local_stack.status import memory_mb

TOY_SERVICE = Path(__file__).with_name("toy_service.py")


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commands named like the services that run a stand-in, so that what is tested is the stack."""
    commands = tmp_path_factory.mktemp("commands")
    for name in SERVICES:
        (commands / name).write_text(f"#!{sys.executable}\n{TOY_SERVICE.read_text()}")
        (commands / name).chmod(0o755)
    return commands


@pytest.fixture
def layout(folder: Path) -> Iterator[Layout]:
    """A scratch folder and free ports; whatever was started there is stopped at the end."""
    layout = Layout(folder, free_port(following=LAST_OFFSET))
    yield layout
    Stack(layout).down()


@pytest.fixture
def variables(embedded_postgres: EmbeddedPostgres) -> Mapping[str, str]:
    """An environment with Postgres and Kafka elsewhere, so that a stack is up in a second; toys need no Kafka."""
    return {**os.environ, "DATABASE_URL": embedded_postgres.admin_url, "KAFKA_BOOTSTRAP": f"{LOOPBACK}:9"}


def processes(stack: Stack) -> dict[str, int | None]:
    return {part.name: part.pid for part in stack.parts}


def make(layout: Layout, toys: Path, variables: Mapping[str, str]) -> Stack:
    return Stack(layout, variables, report=lambda line: None, executable=toys.joinpath)


def test_with_its_own_servers_it_comes_up_whole_and_goes_down_whole(layout: Layout, toys: Path) -> None:
    own = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "KAFKA_BOOTSTRAP"}}
    stack = make(layout, toys, own)

    stack.up()

    described = json.loads(layout.stack_file.read_text())
    assert described["base_url"] == f"http://{LOOPBACK}:{layout.port}"
    assert set(described["services"]) == set(SERVICES)
    assert all(part.is_ready for part in stack.parts)
    assert all(memory_mb(part) > 0 for part in stack.parts)
    answer = httpx.get(f"{described['base_url']}/api/footprint/v1/dashboard?org=acme")
    assert answer.json() == {"service": "footprint", "path": "/v1/dashboard?org=acme"}

    stack.down()

    assert not any(part.is_running for part in stack.parts)
    assert not any(accepts(part.port) for part in stack.parts)
    assert not layout.stack_file.exists()


def test_up_twice_and_down_twice_change_nothing(layout: Layout, toys: Path, variables: Mapping[str, str]) -> None:
    make(layout, toys, variables).up()
    first = processes(make(layout, toys, variables))

    make(layout, toys, variables).up()

    assert processes(make(layout, toys, variables)) == first
    make(layout, toys, variables).down()
    make(layout, toys, variables).down()
    assert set(processes(make(layout, toys, variables)).values()) == {None}


def test_a_busy_port_is_named_with_its_holder_and_nothing_is_started(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> None:
    with socket.socket() as squatter:
        squatter.bind((LOOPBACK, layout.service_port("footprint")))
        squatter.listen()
        stack = make(layout, toys, variables)

        with pytest.raises(StackError) as refused:
            stack.up()

    message = str(refused.value)
    assert f"Port {layout.service_port('footprint')}, which footprint needs" in message
    assert f"process {os.getpid()}" in message
    assert "CONSTELLATION_PORT" in message
    assert not any(part.is_running for part in stack.parts)


def test_a_service_that_crashes_is_named_with_its_last_words_and_the_rest_is_stopped(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> None:
    stack = make(layout, toys, {**variables, "TOY_CRASHES": "scenarios"})

    with pytest.raises(StackError, match=r"(?s)scenarios ended while starting.*its purse is empty"):
        stack.up()

    assert not any(part.is_running for part in stack.parts)


def test_a_part_that_died_is_started_again_by_up_and_the_others_are_left_alone(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> None:
    stack = make(layout, toys, variables)
    stack.up()
    before = processes(stack)
    stack.services[0].kill()

    make(layout, toys, variables).up()

    after = processes(make(layout, toys, variables))
    assert after["inventory"] not in {None, before["inventory"]}
    assert {name: pid for name, pid in after.items() if name != "inventory"} == {
        name: pid for name, pid in before.items() if name != "inventory"
    }


@contextmanager
def going_up(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Stack]]:
    """An `up` in a process of its own that waits for its services, all started, none ready while the block runs."""
    code = (
        "import sys; from pathlib import Path\n"
        "from local_stack.stack import Stack; from local_stack.layout import Layout\n"
        "from local_stack.interrupts import InterruptedByUserError\n"
        "stack = Stack(Layout(Path(sys.argv[1]), int(sys.argv[2])), executable=Path(sys.argv[3]).joinpath)\n"
        "try:\n    stack.up()\nexcept InterruptedByUserError:\n    sys.exit(130)\n"
    )
    hangs = toys / "hangs"
    hangs.touch()
    command = [sys.executable, "-c", code, str(layout.folder), str(layout.port), str(toys)]
    process = subprocess.Popen(command, env={**variables, "TOY_HANGS": str(hangs)}, stdout=subprocess.DEVNULL)
    stack = make(layout, toys, variables)
    try:
        assert wait_until(lambda: stack.edge.is_running, timeout_s=60)
        yield process, stack
    finally:
        hangs.unlink()
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing_running(
    layout: Layout, toys: Path, variables: Mapping[str, str], number: signal.Signals
) -> None:
    with going_up(layout, toys, variables) as (process, stack):
        process.send_signal(number)

        assert process.wait(timeout=60) == 130
        assert not any(part.is_running for part in stack.parts)


def test_a_killed_up_is_completed_by_the_next_one(layout: Layout, toys: Path, variables: Mapping[str, str]) -> None:
    with going_up(layout, toys, variables) as (process, stack):
        begun = processes(stack)
        process.kill()
        process.wait()

    make(layout, toys, variables).up()

    assert processes(stack) == begun
    assert all(part.is_ready for part in stack.parts)


def test_a_stack_on_a_leash_ends_with_the_process_that_brought_it_up(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> None:
    code = (
        "import signal, sys; from pathlib import Path\n"
        "from local_stack.stack import Stack; from local_stack.layout import Layout\n"
        "layout = Layout(Path(sys.argv[1]), int(sys.argv[2]))\n"
        "Stack(layout, executable=Path(sys.argv[3]).joinpath, detached=False).up()\n"
        "print('up', flush=True)\nsignal.pause()\n"
    )
    command = [sys.executable, "-c", code, str(layout.folder), str(layout.port), str(toys)]
    owner = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert any(line == "up\n" for line in owner.stdout)
    stack = make(layout, toys, variables)
    assert all(part.is_ready for part in stack.parts)

    owner.kill()
    owner.wait()

    assert wait_until(lambda: not any(part.is_running for part in stack.parts), timeout_s=30)


def test_down_never_ends_a_stranger_that_has_the_id_of_a_part(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    record = layout.state("billing") / "process.json"
    record.parent.mkdir(parents=True)
    ProcessRecord(stranger.pid, psutil.Process(stranger.pid).create_time() - 3600).save(record)

    make(layout, toys, variables).down()

    assert stranger.poll() is None
    assert not record.exists()
    stranger.kill()
    stranger.wait()


def test_a_stack_that_runs_is_not_started_a_second_time_on_other_ports(
    layout: Layout, toys: Path, variables: Mapping[str, str]
) -> None:
    make(layout, toys, variables).up()

    with pytest.raises(StackError, match=f"already runs on port {layout.port}"):
        make(Layout(layout.folder, free_port(following=LAST_OFFSET)), toys, variables).up()

    assert all(part.is_ready for part in make(layout, toys, variables).parts)


def test_a_full_disk_is_a_sentence(
    layout: Layout, toys: Path, variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_stack.stack.NEEDED_DISK_BYTES", 10**18)

    with pytest.raises(StackError, match="MB are free in"):
        make(layout, toys, variables).up()


@pytest.mark.parametrize("text", ["80", "65530", "eighty", "-1", "٣٣٣٣"])
def test_a_port_number_that_cannot_be_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSTELLATION_PORT", text)

    with pytest.raises(StackError, match="CONSTELLATION_PORT"):
        Layout.of_checkout()
