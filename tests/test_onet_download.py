"""Downloading a release from a real HTTP server on the loopback address, a failing one included."""

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina

from preprocess import onet_download
from preprocess.errors import DownloadError, InvalidParameter
from preprocess.onet import open_release
from preprocess.onet_download import download_release

FIXTURE = Path(__file__).parent.parent / "fixtures/onet"


def make_archive(*, level: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for file in sorted(FIXTURE.iterdir()):
            archive.writestr(f"db_27_0_text/{file.name}", file.read_bytes())
    return buffer.getvalue()


ARCHIVE = make_archive(level=9)
HALF = len(ARCHIVE) // 2
NAME = "db_27_0_text.zip"


class Handler(BaseHTTPRequestHandler):
    """Plays the next of the server's ``steps``; afterwards sends the file properly."""

    server: "ReleaseServer"

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range", "")))
        step = self.server.steps.pop(0) if self.server.steps else send_file
        step(self)

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """``Content-Length`` in ``headers`` may lie; the connection is closed after the body."""
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


Step = Callable[[Handler], None]


class ReleaseServer(ThreadingHTTPServer):
    steps: list[Step]
    requests: list[tuple[str, str]]
    body: bytes
    validator: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dl/"

    @property
    def ranges(self) -> list[str]:
        return [span for _, span in self.requests]


def send_file(handler: Handler) -> None:
    """The whole file, or the rest of it where Range and If-Range ask for that."""
    server = handler.server
    span = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    if span is None or handler.headers["If-Range"] not in server.validator.values():
        handler.send(200, server.body, server.validator)
        return
    start, size = int(span[1]), len(server.body)
    if start >= size:
        handler.send(416, b"", {"Content-Range": f"bytes */{size}"})
        return
    spoken = {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
    handler.send(206, server.body[start:], server.validator | spoken)


def cut(handler: Handler) -> None:
    """Half of the file, then the connection is gone."""
    body = handler.server.body
    handler.send(200, body[:HALF], handler.server.validator | {"Content-Length": str(len(body))})


def answer(status: int, body: bytes = b"", **headers: str) -> Step:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.send(status, body, names)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ReleaseServer(("127.0.0.1", 0), Handler) as server:
        server.steps, server.requests = [], []
        server.body, server.validator = ARCHIVE, {"ETag": '"one"'}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def test_release_comes_whole_and_nothing_else_stays(server: ReleaseServer, tmp_path: Path) -> None:
    path = download_release("27.0", tmp_path / "new" / "folder", base_url=server.url)
    assert path == tmp_path / "new" / "folder" / NAME
    assert path.read_bytes() == ARCHIVE
    assert list(path.parent.iterdir()) == [path]
    assert server.requests == [("/dl/db_27_0_text.zip", "")]
    assert open_release(path).name == "O*NET 27.0 Database (joblens fixture)"


def test_slash_after_base_url_may_be_left_out(server: ReleaseServer, tmp_path: Path) -> None:
    download_release("27.0", tmp_path, base_url=server.url.rstrip("/"))
    assert server.requests == [("/dl/db_27_0_text.zip", "")]


def test_sound_copy_is_given_without_a_request(server: ReleaseServer, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(ARCHIVE)
    assert download_release("27.0", tmp_path, base_url=server.url) == tmp_path / NAME
    assert server.requests == []


def test_damaged_copy_is_replaced(server: ReleaseServer, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(ARCHIVE[:-100])
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE


def test_progress_counts_up_to_the_size(server: ReleaseServer, tmp_path: Path) -> None:
    counts: list[tuple[int, int | None]] = []
    download_release(
        "27.0", tmp_path, base_url=server.url, progress=lambda done, total: counts.append((done, total))
    )
    assert counts == sorted(counts)
    assert counts[-1] == (len(ARCHIVE), len(ARCHIVE))


def test_size_may_be_unknown(server: ReleaseServer, tmp_path: Path) -> None:
    server.steps = [answer(200, ARCHIVE, Content_Length="")]
    totals: set[int | None] = set()
    path = download_release(
        "27.0", tmp_path, base_url=server.url, progress=lambda _, total: totals.add(total)
    )
    assert path.read_bytes() == ARCHIVE
    assert totals == {None}


@pytest.mark.parametrize(
    "validator", [{"ETag": '"one"'}, {"Last-Modified": "Tue, 02 Aug 2022 12:00:00 GMT"}], ids=["etag", "date"]
)
def test_broken_connection_is_resumed(
    server: ReleaseServer, tmp_path: Path, validator: dict[str, str]
) -> None:
    server.validator, server.steps = validator, [cut]
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.ranges == ["", f"bytes={HALF}-"]


def test_later_run_goes_on_where_the_last_one_gave_up(server: ReleaseServer, tmp_path: Path) -> None:
    server.steps = [cut, answer(503), answer(503)]
    with pytest.raises(DownloadError, match="the server answered 503"):
        download_release("27.0", tmp_path, base_url=server.url)
    counts: list[int] = []
    path = download_release(
        "27.0", tmp_path, base_url=server.url, progress=lambda done, _: counts.append(done)
    )
    assert path.read_bytes() == ARCHIVE
    assert server.ranges == ["", *[f"bytes={HALF}-"] * 3]
    assert counts[0] > HALF


def test_file_that_changed_meanwhile_starts_over(server: ReleaseServer, tmp_path: Path) -> None:
    def change(handler: Handler) -> None:
        cut(handler)
        server.body, server.validator = make_archive(level=1), {"ETag": '"two"'}

    server.steps = [change]
    path = download_release("27.0", tmp_path, base_url=server.url)
    assert path.read_bytes() == server.body != ARCHIVE
    assert server.ranges == ["", f"bytes={HALF}-"]


def test_server_that_ignores_range_starts_over(server: ReleaseServer, tmp_path: Path) -> None:
    server.steps = [cut, answer(200, ARCHIVE, ETag='"one"')]
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE


@pytest.mark.parametrize("validator", [{}, {"ETag": 'W/"weak"'}], ids=["none", "weak"])
def test_without_a_strong_validator_nothing_is_resumed(
    server: ReleaseServer, tmp_path: Path, validator: dict[str, str]
) -> None:
    server.validator, server.steps = validator, [cut]
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.ranges == ["", ""]


def test_other_range_than_asked_for_starts_over(server: ReleaseServer, tmp_path: Path) -> None:
    wrong = f"bytes 1-{len(ARCHIVE) - 1}/{len(ARCHIVE)}"
    server.steps = [cut, answer(206, ARCHIVE[1:], Content_Range=wrong)]
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.ranges == ["", f"bytes={HALF}-", ""]


def test_part_longer_than_the_file_starts_over(server: ReleaseServer, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * len(ARCHIVE))
    (tmp_path / f"{NAME}.part.tag").write_text('"one"')
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.ranges == [f"bytes={len(ARCHIVE)}-", ""]


def test_whole_part_of_a_killed_run_is_taken_without_a_request(server: ReleaseServer, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(ARCHIVE)
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.requests == []


def test_part_without_its_tag_is_not_trusted(server: ReleaseServer, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * HALF)
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.ranges == [""]


def test_server_error_is_tried_again(server: ReleaseServer, tmp_path: Path) -> None:
    server.steps = [answer(500), answer(429)]
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert len(server.requests) == 3


def test_unknown_release_is_named_with_the_list_and_not_tried_again(
    server: ReleaseServer, tmp_path: Path
) -> None:
    server.steps = [answer(404)]
    with pytest.raises(
        DownloadError, match=r"no text release 99\.9 there .* https://www\.onetcenter\.org/db_releases"
    ) as error:
        download_release("99.9", tmp_path, base_url=server.url)
    assert error.value.status == 502
    assert server.requests == [("/dl/db_99_9_text.zip", "")]


def test_refusal_is_not_tried_again(server: ReleaseServer, tmp_path: Path) -> None:
    server.steps = [answer(403)]
    with pytest.raises(DownloadError, match="the server answered 403"):
        download_release("27.0", tmp_path, base_url=server.url)
    assert len(server.requests) == 1


def test_body_that_always_ends_early_is_an_error(server: ReleaseServer, tmp_path: Path) -> None:
    server.validator, server.steps = {}, [cut, cut, cut]
    with pytest.raises(DownloadError, match="without sending complete message body"):
        download_release("27.0", tmp_path, base_url=server.url)
    assert not (tmp_path / NAME).exists()


def test_range_that_is_shorter_than_its_total_is_asked_for_again(
    server: ReleaseServer, tmp_path: Path
) -> None:
    size = len(ARCHIVE)
    piece = answer(206, ARCHIVE[HALF : HALF + 10], Content_Range=f"bytes {HALF}-{HALF + 9}/{size}")
    server.steps = [cut, piece]
    assert download_release("27.0", tmp_path, base_url=server.url).read_bytes() == ARCHIVE
    assert server.ranges == ["", f"bytes={HALF}-", f"bytes={HALF + 10}-"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>Please log in</html>", r"not a readable \.zip"),
        (ARCHIVE.replace(b"Occupation Data", b"Occupation Else"), r"holds no 'Occupation Data\.txt'"),
        (ARCHIVE[:HALF] + b"\0" * 50 + ARCHIVE[HALF + 50 :], "damaged|not a readable"),
    ],
    ids=["html", "other zip", "damaged"],
)
def test_what_is_no_release_is_refused_and_not_kept(
    server: ReleaseServer, tmp_path: Path, body: bytes, reason: str
) -> None:
    server.body = body
    with pytest.raises(DownloadError, match=reason):
        download_release("27.0", tmp_path, base_url=server.url)
    assert list(tmp_path.iterdir()) == []


def test_file_larger_than_the_disk_is_refused_before_writing(server: ReleaseServer, tmp_path: Path) -> None:
    server.steps = [answer(200, b"x", Content_Length=str(10**16))]
    with pytest.raises(DownloadError, match=r"10000000000000000 bytes are to come, but .* bytes left"):
        download_release("27.0", tmp_path, base_url=server.url)
    assert list(tmp_path.iterdir()) == []


def test_endless_body_is_cut_off(
    server: ReleaseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onet_download, "MAX_UNZIPPED_BYTES", 1_000)
    server.steps = [answer(200, b"x" * 5_000, Content_Length="")]
    with pytest.raises(DownloadError, match="over 1000 bytes"):
        download_release("27.0", tmp_path, base_url=server.url)
    assert list(tmp_path.iterdir()) == []


def test_server_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9/"):
        download_release("27.0", tmp_path, base_url="http://127.0.0.1:9/")


def test_folder_that_cannot_be_made_is_an_error(server: ReleaseServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match="cannot be written to"):
        download_release("27.0", tmp_path / "file" / "folder", base_url=server.url)


@pytest.mark.parametrize("release", ["", "27", "27.0.1", "v27.0", "27.0\n", "../27.0", "２７.0"])
def test_release_that_is_no_number_is_refused(tmp_path: Path, release: str) -> None:
    with pytest.raises(InvalidParameter, match=r"release must be a number such as '31\.0'"):
        download_release(release, tmp_path)
