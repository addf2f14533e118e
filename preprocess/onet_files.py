"""The .txt files of an O*NET release, whether it lies in a folder or is still its .zip.

A .zip is read in place and is not trusted: the number and the unpacked size of its files are bounded
before anything is read (a member never yields more bytes than it declares), and every way in which it
can be broken is one :class:`InvalidRelease`.
"""

from __future__ import annotations

import codecs
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from preprocess.errors import InvalidRelease, MissingPath, ReadError, TooLarge

# The full text release 30.3 is 98 MB in 46 files; both bounds leave a factor of ten.
MAX_UNZIPPED_BYTES = 1 << 30
MAX_MEMBERS = 1_000

# The file that every release has: it tells which folder is the release.
ANCHOR = "Occupation Data"


@dataclass(frozen=True, slots=True)
class ReleaseFiles:
    """Where the files of one release are.

    ``members`` maps a file's name without .txt, case-folded, to the name that it is opened by.
    """

    path: Path
    members: Mapping[str, str]

    @classmethod
    def find(cls, path: Path) -> ReleaseFiles:
        """Look into ``path``; in a .zip the release may lie in any folder, and the least deep one is taken.

        :raises MissingPath: if there is nothing at ``path``.
        :raises InvalidRelease: if it holds no ``Occupation Data.txt`` or is no readable .zip.
        :raises TooLarge: if it holds over ``MAX_MEMBERS`` files or ``MAX_UNZIPPED_BYTES``.
        """
        with _mapped_errors(path):
            if path.is_dir():
                sizes = [(file.name, file.stat().st_size) for file in path.iterdir() if file.is_file()]
            else:
                with zipfile.ZipFile(path) as archive:
                    sizes = [(info.filename, info.file_size) for info in archive.infolist()]
        total = sum(size for _, size in sizes)
        if len(sizes) > MAX_MEMBERS or total > MAX_UNZIPPED_BYTES:
            raise TooLarge(
                f"{path}: expected an O*NET text release of at most {MAX_MEMBERS} files and "
                f"{MAX_UNZIPPED_BYTES} bytes, found {len(sizes)} files and {total} bytes"
            )
        texts = {PurePosixPath(name.replace("\\", "/")): name for name, _ in sizes}
        # macOS puts a "._" twin beside every file of a .zip.
        texts = {p: name for p, name in texts.items() if p.suffix.lower() == ".txt" and p.name[:2] != "._"}
        homes = [p.parent for p in texts if p.stem.casefold() == ANCHOR.casefold()]
        if not homes:
            raise InvalidRelease(
                f"{path}: holds no '{ANCHOR}.txt'. Give the folder or the .zip of an O*NET text release, "
                "such as db_27_0_text.zip (not the Excel, CSV or SQL one)."
            )
        home = min(homes, key=lambda folder: len(folder.parts))
        return cls(path, {p.stem.casefold(): name for p, name in texts.items() if p.parent == home})

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self.members

    def read(self, name: str, limit: int = -1) -> bytes:
        """The content of a file, or its first ``limit`` bytes."""
        member = self.members[name.casefold()]
        with _mapped_errors(self.path):
            if self.path.is_dir():
                with (self.path / member).open("rb") as file:
                    return file.read(limit)
            with zipfile.ZipFile(self.path) as archive, archive.open(member) as packed:
                return packed.read(limit)

    def first_line(self, name: str) -> str:
        """The first line of a file, cut at 65,536 bytes."""
        return lines(self.read(name, limit=1 << 16).partition(b"\n")[0])[0]

    def title(self) -> str:
        """The first line of the release's ``Read Me.txt``, empty where there is none."""
        return self.first_line("Read Me").strip() if "Read Me" in self else ""


def check_archive(path: Path) -> None:
    """Read a release's .zip to the end, every checksum included, without unpacking it.

    :raises MissingPath: if there is nothing at ``path``.
    :raises InvalidRelease: if it is damaged or holds no ``Occupation Data.txt``.
    :raises TooLarge: if it holds over ``MAX_MEMBERS`` files or ``MAX_UNZIPPED_BYTES``.
    """
    ReleaseFiles.find(path)
    with _mapped_errors(path), zipfile.ZipFile(path) as archive:
        bad = archive.testzip()
    if bad is not None:
        raise InvalidRelease(f"{path}: '{bad}' in it is damaged. Delete it and download it again.")


def lines(data: bytes) -> list[str]:
    """Text lines of a UTF-8 file, else of a Windows-1252 one (Latin-1 plus typographic quotation marks)."""
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@contextmanager
def _mapped_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise MissingPath(
            f"{path}: expected an O*NET text release, a folder or a .zip, found nothing"
        ) from None
    # zipfile raises RuntimeError for an encrypted member or an unknown compression.
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InvalidRelease(f"{path}: not a readable .zip ({error}). Download it again.") from error
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror or error})") from error
