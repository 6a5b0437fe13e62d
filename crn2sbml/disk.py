"""The one place that touches the disk: reads with one-line errors, writes whole or not at all."""

import gzip
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from crn2sbml.errors import FormatError, OutputError

DAMAGED_ARCHIVE = (
    *(ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading an NPZ file that is damaged, or no NPZ file at all, may raise."""
LARGEST_TEXT = 512 << 20
"""Bytes a text may hold, unpacked; a compressed bomb stops here.

Four times the largest file there is a use for: 146,008 elementary reactions take 123 MB (44 MB lumped), and reading
them 2.6 GB of memory.
"""
_PIECE = 1 << 20


def packed(text: str) -> bytes:
    """A text as gzip; the same text gives the same bytes."""
    return gzip.compress(text.encode(), mtime=0)


def read_text(path: str | Path) -> str:
    """The text of a file, unpacked if it is gzip (by its first bytes).

    Raises: FormatError: as `read_bytes`, or empty, or not UTF-8.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: not UTF-8 text (byte {error.start}); is it a model file?") from None
    except MemoryError:
        raise FormatError(f"{path}: too large for the memory of this machine") from None
    if not text or text.isspace():
        raise FormatError(f"{path}: is empty")
    return text


def read_bytes(path: str | Path) -> bytearray:
    """The bytes of a regular file, unpacked if it is gzip, in one buffer that never grows beyond the limit.

    Raises: FormatError: missing, no regular file, unreadable, damaged or too large (before it is read, if its size
        says so).
    """
    path = Path(path)
    try:
        # Without waiting: opening a pipe would otherwise hang until somebody writes into it.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as raw:
            return _bytes_of(raw, path)
    except FileNotFoundError:
        dangling = path.is_symlink()
        raise FormatError(f"{path}: {'is a link to no file' if dangling else 'no such file'}") from None
    except IsADirectoryError:
        raise FormatError(f"{path}: is a folder, a file is needed") from None
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise FormatError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except MemoryError:
        raise FormatError(f"{path}: too large for the memory of this machine") from None


def _bytes_of(raw: BufferedReader, path: Path) -> bytearray:
    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise FormatError(f"{path}: is no regular file (a pipe, socket or device); save it to a file first")
    if status.st_size > LARGEST_TEXT:
        raise FormatError(f"{path}: holds {status.st_size >> 20} MiB, more than {LARGEST_TEXT >> 20} MiB; refused")
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    data = bytearray()
    with gzip.GzipFile(fileobj=raw) if packed else raw as stream:
        while piece := stream.read(_PIECE):
            data += piece
            if len(data) > LARGEST_TEXT:
                raise FormatError(f"{path}: unpacks to more than {LARGEST_TEXT >> 20} MiB; refused")
    return data


def check_output(path: str | Path, force: bool) -> Path:
    """Raises OutputError early, before long work, where `write_file` or `new_folder` would refuse in the end."""
    path = Path(path)
    parent = path.resolve().parent
    try:
        if path.exists() and not force:
            raise OutputError(f"{path}: exists; choose another path or pass --force to replace it")
        if not parent.is_dir():
            raise OutputError(f"{path}: the folder {parent} does not exist; create it first")
    except OSError as error:  # a name that is too long
        raise OutputError(f"{str(path)[:80]}...: cannot be written: {error.strerror or error}") from None
    try:
        # Asking for permission is not enough: the file system itself may refuse.
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise OutputError(f"{path}: the folder {parent} cannot be written: {error.strerror or error}") from None
    return path


def write_file(path: str | Path, content: str | bytes, force: bool = False) -> Path:
    """Write a file whole or not at all: into a temporary file beside it, then rename.

    Raises: OutputError: it exists (without `force`) or cannot be written.
    """
    path = check_output(path, force)
    if path.is_dir():
        raise OutputError(f"{path}: is a folder, a file path is needed")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            try:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.close()
                Path(stream.name).chmod(0o666 & ~_umask())
                os.replace(stream.name, path)
            except BaseException:
                Path(stream.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path


def make_folder(path: Path) -> Path:
    """A folder that is there or is made, with those around it; raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: no folder can be made: {error.strerror or error}") from None
    return path


def write_folder(path: str | Path, files: Mapping[str, str | bytes], force: bool = False) -> Path:
    """Write a folder of files whole or not at all; with `force` an older folder's other files stay.

    Raises: OutputError: it exists (without `force`), is a file, or cannot be written.
    """
    with new_folder(path, force) as work:
        for name, content in files.items():
            write_file(work / name, content)
    return Path(path)


@contextmanager
def new_folder(path: str | Path, force: bool = False) -> Iterator[Path]:
    """A temporary folder beside `path` that takes its place when the block ends well, and vanishes otherwise."""
    path = check_output(path, force)
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path}: is a file, a folder is needed")
    try:
        work = Path(tempfile.mkdtemp(dir=path.resolve().parent, prefix=f".{path.name}."))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    old = work.with_name(work.name + ".old")
    try:
        yield work
        if path.exists():
            _refuse_clashes(work, path)
            merged = Path(shutil.copytree(path, work.with_name(work.name + ".merged")))
            shutil.copytree(work, merged, dirs_exist_ok=True)
            path.rename(old)
            merged.rename(path)
        else:
            work.chmod(0o777 & ~_umask())
            work.rename(path)
    except (OSError, shutil.Error) as error:
        raise OutputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        for leftover in (work, old, work.with_name(work.name + ".merged")):
            shutil.rmtree(leftover, ignore_errors=True)


def _refuse_clashes(new: Path, old: Path) -> None:
    for child in new.rglob("*"):
        target = old / child.relative_to(new)
        if target.exists() and target.is_dir() != child.is_dir():
            raise OutputError(f"{target}: is a {'folder' if target.is_dir() else 'file'}; move it away first")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
