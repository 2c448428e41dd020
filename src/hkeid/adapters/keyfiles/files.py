"""Files that only their owner may read, written as a whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hkeid.kernel.errors import ConfigurationError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 1_048_576


def make_private_directory(directory: Path) -> None:
    """Make ``directory`` (0700) with its parents; one that exists must be private already.

    :raises ConfigurationError: ``key_directory_open_to_others``.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    check_private_directory(directory)


def check_private_directory(directory: Path) -> None:
    """Refuse a directory that others may enter.

    :raises ConfigurationError: ``key_directory_missing``, ``key_directory_open_to_others``.
    """
    try:
        found = directory.stat()
    except OSError as error:
        raise ConfigurationError("key_directory_missing", detail=str(directory)) from error
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError("key_directory_missing", detail=str(directory))
    if found.st_mode & _OTHERS or found.st_uid not in (os.geteuid(), 0):
        raise ConfigurationError(
            "key_directory_open_to_others", detail=f"{directory}: run chmod 700 on it"
        )


def read_private(path: Path) -> bytes:
    """Read a file that nobody else may read; links are not followed.

    :raises ConfigurationError: ``key_file_missing``, ``key_file_open_to_others``.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError("key_file_missing", detail=str(path)) from error
    with os.fdopen(handle, "rb") as file:
        # Of the open file, so that nothing can be swapped between the look and the reading.
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigurationError("key_file_missing", detail=str(path))
        if found.st_mode & _OTHERS or found.st_uid not in (os.geteuid(), 0):
            raise ConfigurationError(
                "key_file_open_to_others", detail=f"{path}: run chmod 600 on it"
            )
        return file.read(_MOST_BYTES)


def write_private(path: Path, contents: bytes) -> None:
    """Write a file (0600) so that after a crash there is the old one or the new one, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_directory(path.parent)


def remove(path: Path) -> None:
    """Delete a file for good."""
    path.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other processes from changing the directory's keys at the same time."""
    handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
