"""Runs ``openssl`` so that secrets are on no command line, in no environment and in no file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from hkeid.kernel.errors import ConfigurationError, Unavailable
from hkeid.kernel.secret import Secret

_KILLED_AFTER = 5.0
_LONGEST_SECRET = 1000  # openssl reads one line of 1,024 octets
_MOST_OUTPUT = 65_536


@contextmanager
def secret_source(secret: Secret) -> Iterator[int]:
    """A file descriptor from which ``openssl`` reads a secret as ``fd:NUMBER``.

    :raises hkeid.kernel.errors.ConfigurationError: ``secret_malformed``: too long, or several lines.
    """
    content = secret.reveal().encode()
    if not 0 < len(content) <= _LONGEST_SECRET or b"\n" in content or b"\0" in content:
        raise ConfigurationError("secret_malformed", detail="one line of at most 1000 octets")
    reading, writing = os.pipe()
    try:
        # A pipe holds more than that without anybody reading.
        os.write(writing, content + b"\n")
    finally:
        os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def run_openssl(
    words: Sequence[str],
    *,
    secrets: Iterable[tuple[str, Secret]] = (),
    seconds: float,
    program: str = "openssl",
    folder: str,
) -> tuple[int, str]:
    """Exit status, and what was printed.

    :param secrets: options and the secrets they take.
    :param seconds: after so many the program is killed.
    :param folder: where it runs; nothing of ours is in its environment.
    :raises hkeid.kernel.errors.Unavailable: ``openssl_too_slow``.
    :raises hkeid.kernel.errors.ConfigurationError: ``openssl_missing``, ``secret_malformed``.
    """
    command = [program, *words]
    with ExitStack() as stack:
        descriptors = []
        for option, secret in secrets:
            descriptor = stack.enter_context(secret_source(secret))
            descriptors.append(descriptor)
            command += [option, f"fd:{descriptor}"]
        try:
            done = subprocess.run(  # noqa: S603 - words of ours, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                pass_fds=descriptors,
                timeout=seconds + _KILLED_AFTER,
                umask=0o077,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable("openssl_too_slow", detail=words[0]) from None
        except OSError as error:
            raise ConfigurationError("openssl_missing", detail=str(error.strerror)) from None
    return done.returncode, done.stdout[:_MOST_OUTPUT].decode("utf-8", "replace")
