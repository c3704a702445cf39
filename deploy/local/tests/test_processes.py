"""Processes are found again by id and start time, never a stranger, and never outlive whoever leashed them."""

import subprocess
import sys
from pathlib import Path

import psutil
from local_stack.processes import ProcessRecord, kill_tree, start_detached, start_leashed, tail, wait_until

WAIT_FOR_EVER = [sys.executable, "-c", "import signal; signal.pause()"]


def test_a_record_finds_the_process_it_was_made_of_and_nobody_after_its_end(tmp_path: Path) -> None:
    started = start_leashed(WAIT_FOR_EVER, tmp_path / "log")
    started.record.save(tmp_path / "record.json")
    record = ProcessRecord.load(tmp_path / "record.json")
    assert record is not None
    process = record.find()
    assert process is not None

    kill_tree(process)
    started.release()

    assert record.find() is None


def test_a_record_of_another_start_time_never_matches_who_has_the_id_now() -> None:
    me = ProcessRecord.of(psutil.Process().pid)

    assert me.find() is not None
    assert ProcessRecord(me.pid, me.started - 60).find() is None


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    for content in ("", "{", "[]", '{"pid": 1}', '{"pid": "x", "started": 0}'):
        (tmp_path / "record.json").write_text(content)
        assert ProcessRecord.load(tmp_path / "record.json") is None


def test_a_leashed_process_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from local_stack.processes import start_leashed;"
        f"started = start_leashed({WAIT_FOR_EVER!r}, pathlib.Path({str(tmp_path / 'log')!r}));"
        "print(started.record.pid, flush=True); import signal; signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.wait()

    assert wait_until(lambda: not child.is_running(), timeout_s=10)


def test_a_detached_process_outlives_the_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from local_stack.processes import start_detached;"
        f"started = start_detached({WAIT_FOR_EVER!r}, pathlib.Path({str(tmp_path / 'log')!r}));"
        f"started.record.save(pathlib.Path({str(tmp_path / 'record.json')!r}));"
        "print('started', flush=True); import signal; signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()

    parent.kill()
    parent.wait()

    record = ProcessRecord.load(tmp_path / "record.json")
    process = record.find() if record else None
    assert process is not None
    kill_tree(process)


def test_a_killed_tree_leaves_no_child(tmp_path: Path) -> None:
    code = f"import subprocess; subprocess.Popen({WAIT_FOR_EVER!r}); import signal; signal.pause()"
    started = start_detached([sys.executable, "-c", code], tmp_path / "log")
    process = psutil.Process(started.record.pid)
    assert wait_until(lambda: len(process.children()) == 1, timeout_s=10)
    (child,) = process.children()

    kill_tree(process)
    started.release()

    assert not child.is_running()


def test_the_tail_of_a_log_holds_its_last_lines_without_the_empty_ones(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("first\n\nsecond\nthird\n\n")

    assert tail(tmp_path / "log", lines=2) == "second\nthird"
    assert tail(tmp_path / "absent") == ""
