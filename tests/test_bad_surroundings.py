"""What goes wrong around a program: settings, folders, full disks, other processes, pipes, Ctrl-C."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import indexer.build
import joblens.cli as joblens_cli
from indexer.edge_errors import check_room
from joblens.__main__ import main as run_module
from preprocess.errors import StorageFull
from tests.command_line import Ran, assert_error, joblens, joblens_process, start
from tests.conftest import FIXTURES, REPOSITORY
from tests.reading import write

BRAG = FIXTURES / "brags" / "dana_reyes.yaml"
COOK = FIXTURES / "postings" / "restaurant_cook.txt"
EMOJI = FIXTURES / "broken" / "emoji_rtl.txt"


@pytest.fixture
def big_csv(tmp_path: Path) -> Path:
    """1,500 postings of two short sentences."""
    path = tmp_path / "jobs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "text"])
        writer.writerows(
            [f"Job {n}", f"Drive truck {n} to town.\nWash truck {n} at night."] for n in range(1_500)
        )
    return path


# ---- settings and folders


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("JOBLENS_VIEW", "foo", "input should be 'raw', 'filtered' or 'jargon', found 'foo'"),
        ("JOBLENS_MODEL_BACKEND", "x", "input should be 'openvino' or 'sentence-transformers', found 'x'"),
        ("JOBLENS_MODEL_THREADS", "-1", "input should be greater than or equal to 0, found '-1'"),
        ("JOBLENS_STOP_WORDS", "x", "found 'x'"),
    ],
)
@pytest.mark.usefixtures("empty_home")
def test_a_setting_that_is_off_is_named_with_what_it_takes(
    name: str, value: str, takes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    for command in (["search", "x"], ["status"], ["index", "postings", COOK]):
        assert_error(joblens(*command), "A parameter is not valid", f"{name}: ", takes)


@pytest.mark.usefixtures("empty_home")
def test_a_setting_of_the_service_that_is_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_SERVE_PORT", "http")
    assert_error(joblens("serve"), "A parameter is not valid", "JOBLENS_SERVE_PORT", "found 'http'")
    assert joblens("status").code == 0


@pytest.mark.usefixtures("empty_home")
def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_VIEW", "")
    monkeypatch.setenv("JOBLENS_MODEL_THREADS", "")
    assert joblens("status").code == 0


@pytest.mark.usefixtures("indexed_home")
def test_a_model_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_MODEL", "/nowhere")
    assert_error(joblens("search", "x"), "The model is not there", "JOBLENS_MODEL", "'/nowhere'")


def test_a_model_cache_that_cannot_be_made_is_named(
    empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = write(tmp_path, "file", "") / "cache"
    monkeypatch.setenv("JOBLENS_MODEL_CACHE", str(cache))
    ran = joblens("index", "postings", COOK)
    assert_error(ran, "The model cannot be used", str(cache), "JOBLENS_MODEL_CACHE", "--home")
    assert not empty_home.exists()


@pytest.mark.usefixtures("indexed_home")
def test_an_index_of_other_settings_is_refused_with_the_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_VIEW", "jargon")
    for command in (["search", "nurse"], ["index", "postings", COOK]):
        ran = joblens(*command)
        assert_error(
            ran, "The index was built with other settings", "view: 'jargon' here, 'raw' there", "--rebuild"
        )


@pytest.mark.usefixtures("empty_home")
@pytest.mark.parametrize("command", [["status"], ["search", "x"], ["index", "postings", str(COOK)]])
def test_a_data_directory_that_is_a_file_is_named(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "file", "x")
    for home in (file, file / "below"):
        monkeypatch.setenv("JOBLENS_HOME", str(home))
        assert_error(
            joblens(*command), "The store cannot answer", f"{file} is a file", "--home or JOBLENS_HOME"
        )


@pytest.mark.usefixtures("empty_home")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, the folder that nobody can write to")
def test_a_data_directory_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_HOME", "/proc/joblens")
    ran = joblens("index", "postings", COOK)
    assert_error(ran, "The store cannot answer", "/proc/joblens", "must be a folder that can be written to")


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.parametrize("option", ["--html", "--markdown"])
def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path, option: str) -> None:
    for place, why in ((tmp_path, "Is a directory"), (tmp_path / "no" / "x", "No such file or directory")):
        ran = joblens("gap", BRAG, COOK, option, place)
        assert_error(ran, "A parameter is not valid", f"{option}: {place} cannot be written: {why}")


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, the disk that is always full")
def test_a_report_on_a_full_disk_is_an_error() -> None:
    assert_error(joblens("gap", BRAG, COOK, "--html", "/dev/full"), "The disk is full", "--html /dev/full")


# ---- the store


def test_a_store_that_is_open_elsewhere_is_named_with_its_process(indexed_home: Path) -> None:
    code = (
        "import sys\nfrom indexer.workspace import Workspace\n"
        "with Workspace() as workspace:\n"
        "    print([workspace.store.info(name).points for name in sys.argv[1:]], flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, "postings", "occupations", "brags"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdout.readline()
        for asked in (
            ["status"], ["search", "x"], ["index", "postings", COOK], ["gap", BRAG],
            ["delete", "postings", "--all"],
        ):  # fmt: skip
            ran = joblens(*asked)
            assert_error(ran, "The store is open in another process", f"(process {holder.pid}: ", "over HTTP")
        holder.stdin.close()
    assert joblens("search", "nurse").code == 0
    assert (indexed_home / "store" / "postings.json").exists()


def test_a_write_without_room_is_refused_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(StorageFull, match=r"writing postings: the disk is full \(needed: .* MB, available: "):
        check_room(tmp_path, 10**18, "writing postings")


@pytest.mark.usefixtures("empty_home")
def test_a_full_disk_ends_the_run_with_what_is_written_and_room_completes_it(
    small_disk: Path, big_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBLENS_HOME", str(small_disk))
    monkeypatch.setattr(indexer.build, "CHUNK_TEXTS", 250)
    full = joblens("index", "postings", big_csv)
    assert_error(full, "The disk is full", "free some space and run the same command again")
    written, documents = (int(full.told.split()[at].replace(",", "")) for at in (3, 6))
    assert f"before it stopped, {written:,} texts of {documents:,} documents were written" in full.told
    assert 0 < documents < 1_500
    subprocess.run(["mount", "-o", "remount,size=400m", str(small_disk)], check=True)
    completed = joblens("index", "postings", big_csv).told
    assert f"wrote {3_000 - written:,} sentences of {1_500 - documents:,} postings" in completed
    assert f"{documents:,} postings had not changed" in completed
    assert "points 3,000" in joblens("status").told


# ---- Ctrl-C


@pytest.mark.usefixtures("empty_home")
def test_ctrl_c_keeps_what_was_written_and_the_next_run_completes_it(big_csv: Path) -> None:
    write_chunk = indexer.build._write_chunk
    chunks = 0

    def interrupted_at_the_third(*arguments: Any) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 3:
            signal.raise_signal(signal.SIGINT)
        write_chunk(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexer.build, "CHUNK_TEXTS", 200)
        patch.setattr(indexer.build, "_write_chunk", interrupted_at_the_third)
        # A run in the background of a shell ignores Ctrl-C, and hands that on.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        stopped = joblens("index", "postings", big_csv)
        signal.signal(signal.SIGINT, before)
    assert stopped.code == 130
    assert "before it stopped, 400 texts of 200 documents were written; they are kept" in stopped.told
    assert stopped.err.endswith("\nstopped\n")
    completed = joblens("index", "postings", big_csv).told
    assert "wrote 2,600 sentences of 1,300 postings" in completed
    assert "200 postings had not changed" in completed


def test_ctrl_c_while_it_loads_is_quiet_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(joblens_cli, "main", interrupted)
    with pytest.raises(SystemExit) as ended:
        run_module()
    assert (ended.value.code, capsys.readouterr().err) == (130, "stopped\n")


# ---- streams and terminals


@pytest.mark.usefixtures("indexed_home")
def test_a_reader_that_goes_early_ends_it_quietly() -> None:
    with start("search", "nurse", "--json", "-k", 200) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert (process.returncode, err) == (1, "")


@pytest.mark.usefixtures("indexed_home")
def test_an_output_without_all_characters_gets_a_question_mark_in_their_place() -> None:
    ran = joblens_process("inspect", EMOJI, PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "Please send your r?sum?" in ran.told


@pytest.mark.usefixtures("indexed_home")
def test_json_is_utf8_whatever_the_output() -> None:
    ran = joblens_process("search", "naïve 😀", "--json", "-k", 1, PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert '"query": "naïve 😀"' in ran.out


def quiet(ran: Ran) -> Ran:
    assert (ran.code, ran.err) == (0, "")
    return ran


@pytest.mark.usefixtures("indexed_home")
def test_a_narrow_terminal_is_kept_to_and_a_pipe_has_no_colours() -> None:
    for command in (["gap", BRAG, COOK], ["--help"]):
        ran = quiet(
            joblens_process(*command, COLUMNS="60", TERM="xterm-256color", PY_COLORS="", GITHUB_ACTIONS="")
        )
        assert "\x1b" not in ran.out
        assert max(map(len, ran.rows)) <= 60


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, the disk that is always full")
def test_an_output_that_cannot_be_written_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "joblens", "status"],
            cwd=REPOSITORY, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        "error: joblens failed\nNo space left on device: standard input or output\n",
    )
