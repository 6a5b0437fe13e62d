import gzip
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crn2sbml import disk
from crn2sbml.disk import check_output, new_folder, read_text, write_file, write_folder
from crn2sbml.errors import FormatError, OutputError


def everything(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def refuses_to_read(path: Path, words: str) -> None:
    with pytest.raises(FormatError, match=words) as refusal:
        read_text(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)


@contextmanager
def small_disk() -> Iterator[None]:
    """Files of this process may hold 4096 bytes, as if the disk were full; only inside the block, since the test
    runner's own output may go to a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_plain_and_packed_text(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("größe\n", encoding="utf-8")
    (tmp_path / "marked").write_text("größe\n", encoding="utf-8-sig")
    (tmp_path / "packed").write_bytes(gzip.compress("größe\n".encode()))
    assert [read_text(tmp_path / name) for name in ("plain", "marked", "packed")] == ["größe\n"] * 3
    assert read_text(str(tmp_path / "plain")) == "größe\n"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    packed = gzip.compress(os.urandom(500))
    for name, content, words in (
        ("empty", b"", "is empty"),
        ("blank", b" \n\t ", "is empty"),
        ("latin", "größe".encode("latin-1"), "not UTF-8 text .byte 2"),
        ("cut", packed[: len(packed) // 2], "cannot be read"),
        ("fake", b"\x1f\x8bnot gzip at all", "cannot be read"),
        ("packed_empty", gzip.compress(b""), "is empty"),
        ("packed_latin", gzip.compress("größe".encode("latin-1")), "not UTF-8"),
        ("checksum", gzip.compress(b"text")[:-8] + b"\x00" * 8, "cannot be read"),
    ):
        (tmp_path / name).write_bytes(content)
        refuses_to_read(tmp_path / name, words)
    refuses_to_read(tmp_path / "missing", "no such file")
    refuses_to_read(tmp_path, "is a folder")
    refuses_to_read(tmp_path / "empty" / "below", "cannot be read")


@pytest.mark.parametrize("at", [12, 30, 60, 100])
def test_damaged_packed_text(tmp_path: Path, at: int) -> None:
    """A flipped byte inside the compressed stream."""
    content = bytearray(gzip.compress(b"species A, B, C; " * 10 + bytes(range(32, 127)), mtime=0))
    content[at] ^= 0xFF
    (tmp_path / "damaged").write_bytes(content)
    with pytest.raises(FormatError):
        read_text(tmp_path / "damaged")


def test_a_file_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LARGEST_TEXT", 1 << 20)
    (tmp_path / "bomb").write_bytes(gzip.compress(b"a" * ((1 << 20) + 1)))
    (tmp_path / "fits").write_bytes(gzip.compress(b"a" * (1 << 20)))
    refuses_to_read(tmp_path / "bomb", "more than 1 MiB")
    assert len(read_text(tmp_path / "fits")) == 1 << 20


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    refuses_to_read(tmp_path / "sparse", "holds 1048576 MiB, more than 512 MiB")


def test_a_bomb_takes_no_more_memory_than_the_largest_text(tmp_path: Path) -> None:
    """Three gigabytes in three megabytes, unpacked in a process that may have the limit and little more."""
    zeros = gzip.compress(bytes(64 << 20))
    (tmp_path / "bomb").write_bytes(zeros * 48)
    script = (
        "import resource, sys\n"
        "from crn2sbml.disk import LARGEST_TEXT, read_text\n"
        "from crn2sbml.errors import FormatError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 * LARGEST_TEXT, 2 * LARGEST_TEXT))\n"
        "try:\n    read_text(sys.argv[1])\nexcept FormatError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "bomb")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "unpacks to more than 512 MiB" in done.stdout


def test_the_limit_admits_150_000_reactions() -> None:
    """146,008 elementary reactions of a classifier take 123 MB; other writers say more about each."""
    assert disk.LARGEST_TEXT >= 4 * 123_000_000


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("waits for a writer"))
    signal.alarm(20)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    refuses_to_read(tmp_path / "pipe", "no regular file")
    refuses_to_read(tmp_path / "link", "no regular file")
    refuses_to_read(tmp_path / "dangling", "link to no file")
    refuses_to_read(tmp_path / "circle", "cannot be read")
    refuses_to_read(Path("/dev/zero"), "no regular file")
    refuses_to_read(Path("/dev/null"), "no regular file")
    refuses_to_read(tmp_path / ("x" * 300), "cannot be read")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the paths of sockets are short
        listener.bind("socket")
        refuses_to_read(tmp_path / "socket", "cannot be read|no regular file")
    refuses_to_read(Path("a\0b"), "cannot be read")
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("content", ["größe\r\n", b"\x00\xff", ""])
def test_a_file_is_written_as_it_is(tmp_path: Path, content: str | bytes) -> None:
    path = write_file(tmp_path / "out", content)
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert everything(tmp_path) == {"out"}


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        file, folder = write_file(tmp_path / "file", "x"), write_folder(tmp_path / "folder", {"a": "x"})
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_what_exists_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    for refuse in (check_output, write_file):
        with pytest.raises(OutputError, match=r"exists.*--force") as refusal:
            refuse(path, False) if refuse is check_output else refuse(path, "new")
        assert str(path) in str(refusal.value)
    assert path.read_text() == "old"
    assert write_file(path, "new", force=True).read_text() == "new"
    assert everything(tmp_path) == {"out"}


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError, match="is a folder"):
        write_file(tmp_path / "folder", "new", force=True)
    with pytest.raises(OutputError, match="is a file"):
        write_folder(tmp_path / "file", {"a": "new"}, force=True)
    assert everything(tmp_path) == {"folder", "file"}
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("write", [lambda p: write_file(p, "x"), lambda p: write_folder(p, {"a": "x"})])
def test_folders_that_are_missing_or_refuse(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OutputError, match="does not exist"):
        write(tmp_path / "missing" / "out")
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError):
        write(tmp_path / "file" / "out")
    if Path("/proc/self").is_dir():  # not even root may make files there
        with pytest.raises(OutputError, match="cannot be written"):
            write(Path("/proc/crn2sbml_out"))
    assert everything(tmp_path) == {"file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            check_output(tmp_path / "out", False)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("force", [False, True])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, force: bool) -> None:
    (tmp_path / "kept").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("old")
    target = ("kept", "folder") if force else ("new", "new_folder")
    with small_disk(), pytest.raises(OutputError, match="cannot be written"):
        write_file(tmp_path / target[0], "x" * 10_000, force)
    with small_disk(), pytest.raises(OutputError, match="cannot be written"):
        write_folder(tmp_path / target[1], {"a": "small", "b": "x" * 10_000}, force)
    assert everything(tmp_path) == {"kept", "folder", "folder/a"}
    assert (tmp_path / "kept").read_text() == (tmp_path / "folder" / "a").read_text() == "old"


def test_a_new_folder_appears_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out") as work:
        assert not (tmp_path / "out").exists()
        (work / "a").write_text("1")
        (work / "sub").mkdir()
        (work / "sub" / "b").write_text("2")
    assert everything(tmp_path) == {"out", "out/a", "out/sub", "out/sub/b"}


@pytest.mark.parametrize("failure", [RuntimeError("x"), KeyboardInterrupt(), SystemExit(1)])
def test_a_new_folder_that_fails_leaves_nothing_behind(tmp_path: Path, failure: BaseException) -> None:
    def work_that_fails() -> None:
        with new_folder(tmp_path / "out") as work:
            (work / "a").write_text("1")
            raise failure

    with pytest.raises(type(failure)):
        work_that_fails()
    assert everything(tmp_path) == set()


def test_forcing_a_folder_keeps_its_other_files(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", {"a": "old", "b": "old"})
    with pytest.raises(OutputError, match="exists"):
        write_folder(tmp_path / "out", {"a": "new"})
    write_folder(tmp_path / "out", {"a": "new", "c": b"new"}, force=True)
    assert {p.name: p.read_text() for p in (tmp_path / "out").iterdir()} == {"a": "new", "b": "old", "c": "new"}
    assert everything(tmp_path) == {"out", "out/a", "out/b", "out/c"}


def test_forcing_a_folder_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """`b` is a folder in the old one, which no file can replace: none of the other files may change then.

    The folder lists its files in no particular order, so there are many of them.
    """
    names = [f"a{i}" for i in range(40)]
    write_folder(tmp_path / "out", dict.fromkeys(names, "old"))
    (tmp_path / "out" / "b").mkdir()
    with pytest.raises(OutputError):
        write_folder(tmp_path / "out", dict.fromkeys([*names, "b"], "new"), force=True)
    assert {(tmp_path / "out" / name).read_text() for name in names} == {"old"}
    assert everything(tmp_path) == {"out", "out/b", *(f"out/{name}" for name in names)}


def test_forcing_a_folder_replaces_a_folder_inside(tmp_path: Path) -> None:
    (tmp_path / "out" / "sub").mkdir(parents=True)
    (tmp_path / "out" / "sub" / "old").write_text("old")
    with new_folder(tmp_path / "out", force=True) as work:
        (work / "sub").mkdir()
        (work / "sub" / "new").write_text("new")
    assert (tmp_path / "out" / "sub" / "new").read_text() == "new"


@pytest.mark.parametrize("name", ["missing/a", ""])
def test_names_that_are_no_plain_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(OutputError):
        write_folder(tmp_path / "here" / "out", {"good": "x", name: "x"})
    assert everything(tmp_path) == {"here"}


def test_a_name_that_is_too_long_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written") as refusal:
        check_output(tmp_path / ("x" * 5000), force=False)
    assert len(str(refusal.value)) < 200
