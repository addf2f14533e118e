"""Fetches an O*NET text release once, and goes on where a broken download stopped.

The bytes go to ``<name>.zip.part`` beside the target, with the server's validator (ETag or
Last-Modified) in ``<name>.zip.part.tag``: only with it can a later run ask for the rest of the very
same file. The target appears in one step, after its size and every checksum in it are right.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import stamina

from preprocess.errors import DownloadError, InvalidParameter, ReadError
from preprocess.onet_files import MAX_UNZIPPED_BYTES, check_archive

RELEASES_PAGE = "https://www.onetcenter.org/db_releases.html"

# The first try and four more, after 1, 2, 4 and 8 s (each up to 1 s later, by chance).
_ATTEMPTS, _WAIT_FIRST_S, _WAIT_MAX_S = 5, 1.0, 10.0


class _Incomplete(Exception):
    """The server ended the body early, without an error of the connection."""


def download_release(
    release: str,
    folder: Path,
    *,
    base_url: str = "https://www.onetcenter.org/dl_files/database/",
    progress: Callable[[int, int | None], None] | None = None,
    timeout_s: float = 30,
) -> Path:
    """Download the text release, unless a sound copy of it is in ``folder`` already.

    :param release: its number, such as "31.0".
    :param folder: made if it is not there.
    :param base_url: where ``db_31_0_text.zip`` lies; O*NET keeps releases since 20.1 there.
    :param progress: called with (bytes so far, bytes in all or None) after every chunk; the first count
        is above 0 when a download goes on.
    :param timeout_s: for connecting and for every wait for more bytes, not for the whole.
    :return: the .zip, which ``open_release`` reads as it is.
    :raises InvalidParameter: if ``release`` has another form.
    :raises DownloadError: if there is no such release, the server keeps failing, the disk is too full or
        what came is no O*NET text release. The bytes that came are kept for the next run, unless they
        are wrong.
    """
    if not re.fullmatch(r"[0-9]{1,3}\.[0-9]", release):
        raise InvalidParameter(f"release must be a number such as '31.0', found {release[:40]!r}")
    target = folder / f"db_{release.replace('.', '_')}_text.zip"
    if _is_sound(target):
        return target
    url = base_url.rstrip("/") + "/" + target.name
    download = _Download(url, target.with_name(f"{target.name}.part"), progress)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not _is_sound(download.part):
            _fetch(download, release, timeout_s)
            _check(download)
        download.part.replace(target)
        download.tag.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(f"{folder}: cannot be written to ({error.strerror or error})") from error
    return target


@dataclass(frozen=True, slots=True)
class _Download:
    url: str
    part: Path
    progress: Callable[[int, int | None], None] | None

    @property
    def tag(self) -> Path:
        return self.part.with_name(f"{self.part.name}.tag")

    def discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.tag.unlink(missing_ok=True)

    def run(self, client: httpx.Client) -> None:
        """One attempt: the rest of the file if its beginning is here, else all of it."""
        headers = {"Accept-Encoding": "identity"}
        done = self.part.stat().st_size if self.part.is_file() and self.tag.is_file() else 0
        if done:
            headers |= {"Range": f"bytes={done}-", "If-Range": self.tag.read_text("ascii", "ignore")}
        else:
            self.discard()
        with client.stream("GET", self.url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.discard()
                raise _Incomplete("the server has fewer bytes than are here; starting over")
            response.raise_for_status()
            span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            if resumed and (span is None or int(span[1]) != done):
                self.discard()
                raise _Incomplete("the server sent another range than was asked for; starting over")
            if not resumed:
                done = 0
                self._remember(response)
            length = span[2] if resumed and span else response.headers.get("Content-Length")
            self._write(response, done, int(length) if length else None)

    def _remember(self, response: httpx.Response) -> None:
        self.discard()
        validator = response.headers.get("ETag", "")
        # A weak ETag does not promise the same bytes, and RFC 9110 forbids it in If-Range.
        if not validator or validator.startswith("W/"):
            validator = response.headers.get("Last-Modified", "")
        if validator.isascii() and validator:
            self.tag.write_text(validator, "ascii")

    def _write(self, response: httpx.Response, done: int, total: int | None) -> None:
        free = shutil.disk_usage(self.part.parent).free
        if total is not None and total - done > free:
            raise DownloadError(
                f"{self.url}: {total - done} bytes are to come, but {self.part.parent} has {free} bytes "
                "left. Free some space or choose another folder."
            )
        with self.part.open("ab") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                done += len(chunk)
                if done > MAX_UNZIPPED_BYTES:
                    self.discard()
                    raise DownloadError(
                        f"{self.url}: over {MAX_UNZIPPED_BYTES} bytes, no O*NET text release is"
                    )
                if self.progress is not None:
                    self.progress(done, total)
        if total is not None and done != total:
            raise _Incomplete(f"expected {total} bytes, found {done}")


def _fetch(download: _Download, release: str, timeout_s: float) -> None:
    """Run attempts until the whole file is in ``download.part``."""
    retries = stamina.retry_context(
        on=_may_pass, attempts=_ATTEMPTS, timeout=None, wait_initial=_WAIT_FIRST_S, wait_max=_WAIT_MAX_S
    )
    try:
        with httpx.Client(timeout=timeout_s, follow_redirects=True) as client:
            for attempt in retries:
                with attempt:
                    download.run(client)
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status == httpx.codes.NOT_FOUND:
            raise DownloadError(
                f"{download.url}: O*NET has no text release {release} there (404). "
                f"All releases are listed at {RELEASES_PAGE}."
            ) from error
        raise DownloadError(f"{download.url}: the server answered {status}. Try again later.") from error
    except (httpx.HTTPError, httpx.InvalidURL, _Incomplete) as error:
        reason = str(error) or type(error).__name__
        raise DownloadError(f"{download.url}: {reason}. Run it again to go on from there.") from error


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error or error.response.status_code == httpx.codes.TOO_MANY_REQUESTS
    return isinstance(error, httpx.TransportError | _Incomplete)


def _check(download: _Download) -> None:
    try:
        check_archive(download.part)
    except ReadError as error:
        size = download.part.stat().st_size
        download.discard()
        raise DownloadError(f"{download.url}: {size} bytes came, but they are no release: {error}") from error


def _is_sound(target: Path) -> bool:
    try:
        check_archive(target)
    except ReadError:
        return False
    return True
