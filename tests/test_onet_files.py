"""Release files in folders and .zip files, sound and broken ones."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.errors import InvalidRelease, MissingPath, ReadError, TooLarge
from preprocess.onet_files import MAX_MEMBERS, ReleaseFiles, check_archive, lines

HEAD = b"O*NET-SOC Code\tTitle\tDescription\n"


def make_zip(path: Path, files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def patched(path: Path, record: bytes, offset: int, value: bytes) -> Path:
    """Overwrite a field of the first ``record`` (a zip structure's signature) in the file."""
    data = bytearray(path.read_bytes())
    at = data.index(record) + offset
    data[at : at + len(value)] = value
    path.write_bytes(data)
    return path


def test_zip_is_read_at_any_depth(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"x/y/db_27_0_text/Occupation Data.txt": HEAD})
    assert ReleaseFiles.find(path).read("occupation data") == HEAD


def test_tables_of_another_folder_are_not_mixed_in(tmp_path: Path) -> None:
    files = {
        "old/db/Occupation Data.txt": b"old",
        "old/db/Job Zones.txt": b"old",
        "Occupation Data.txt": b"new",
    }
    found = ReleaseFiles.find(make_zip(tmp_path / "a.zip", files))
    assert found.read("Occupation Data") == b"new"
    assert "Job Zones" not in found


def test_zip_made_on_windows_or_macos_is_read(tmp_path: Path) -> None:
    files = {"__MACOSX/._Occupation Data.txt": b"\0\5\26\7", "db\\Occupation Data.TXT": HEAD}
    assert ReleaseFiles.find(make_zip(tmp_path / "a.zip", files)).first_line("Occupation Data") == (
        "O*NET-SOC Code\tTitle\tDescription"
    )


def test_missing_path_is_told_from_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="found nothing"):
        ReleaseFiles.find(tmp_path / "none.zip")


def test_folder_without_the_release_is_refused(tmp_path: Path) -> None:
    (tmp_path / "occupation_data.csv").write_bytes(b"")
    with pytest.raises(InvalidRelease, match=r"holds no 'Occupation Data\.txt'"):
        ReleaseFiles.find(tmp_path)


def test_text_file_is_no_release(tmp_path: Path) -> None:
    path = tmp_path / "Occupation Data.txt"
    path.write_bytes(HEAD)
    with pytest.raises(InvalidRelease, match=r"not a readable \.zip"):
        ReleaseFiles.find(path)


def test_zip_of_too_many_files_is_refused_unread(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(MAX_MEMBERS + 1)})
    with pytest.raises(TooLarge, match="found 1001 files"):
        ReleaseFiles.find(path)


def test_zip_that_declares_too_many_bytes_is_refused_unread(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"Occupation Data.txt": HEAD})
    patched(path, b"PK\x01\x02", 24, (0x7FFFFFFF).to_bytes(4, "little"))
    with pytest.raises(TooLarge, match="found 1 files and 2147483647 bytes"):
        ReleaseFiles.find(path)


def test_member_never_yields_more_than_it_declares(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"Occupation Data.txt": b"x" * 100_000})
    patched(path, b"PK\x01\x02", 24, (10).to_bytes(4, "little"))
    with pytest.raises(InvalidRelease, match="Bad CRC-32"):
        ReleaseFiles.find(path).read("Occupation Data")


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"Occupation Data.txt": HEAD})
    patched(patched(path, b"PK\x01\x02", 8, b"\x01"), b"PK\x03\x04", 6, b"\x01")
    with pytest.raises(InvalidRelease, match="encrypted"):
        ReleaseFiles.find(path).read("Occupation Data")


def test_damaged_member_is_found_by_the_check(tmp_path: Path) -> None:
    files = {"Occupation Data.txt": HEAD, "Skills.txt": b"levels" * 50}
    path = make_zip(tmp_path / "a.zip", files, compression=zipfile.ZIP_STORED)
    check_archive(path)
    path.write_bytes(path.read_bytes().replace(b"levelslevels", b"levelsLEVELS", 1))
    with pytest.raises(InvalidRelease, match=r"'Skills\.txt' in it is damaged"):
        check_archive(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_broken_zip_is_always_a_read_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = make_zip(tmp_path_factory.mktemp("zip") / "a.zip", {"db/Occupation Data.txt": HEAD * 9})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    try:
        check_archive(path)
        ReleaseFiles.find(path).read("Occupation Data")
    except ReadError:
        pass


@pytest.mark.parametrize(
    "data",
    [b"caf\xc3\xa9\nb", b"\xef\xbb\xbfcaf\xc3\xa9\r\nb", b"caf\xe9\r\nb", b"\xef\xbb\xbfcaf\xe9\rb"],
    ids=["utf-8", "utf-8 with mark", "latin-1", "latin-1 with mark"],
)
def test_lines_are_the_same_in_every_encoding_and_line_end(data: bytes) -> None:
    assert lines(data) == ["café", "b"]


def test_only_line_ends_split_lines() -> None:
    assert lines("a\u2028b\x0bc\x85d\n".encode()) == ["a\u2028b\x0bc\x85d", ""]
