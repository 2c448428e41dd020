"""Descriptions in TOML: what an operator says of clients, SAML services and upstreams, each in a file that can be
reviewed and kept. What is read alike of all of them is read here.

Unknown keys are errors (law 9). Every complaint names file and key, and its reason begins with the kind:
``client_unreadable``, ``client_key_unknown``, ``client_key_missing``, ``client_value_invalid``; likewise ``upstream_…``
and ``saml_service_…``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from hkeid.kernel.errors import ConfigurationError

T = TypeVar("T")

MetadataPlace = Path | tuple[str, Path]
"""Where metadata of a SAML peer is: a file, trusted as it is, or an address with the file of the key (PEM: a
certificate or public key) that signs what is there.
"""

METADATA_KEYS = frozenset({"metadata_file", "metadata_url", "metadata_key_file"})
"""Keys that say a :data:`MetadataPlace`."""


class DescriptionKind(StrEnum):
    """What is described; the first words of the reasons."""

    CLIENT = "client"
    UPSTREAM = "upstream"
    SAML_SERVICE = "saml_service"


class Description(Mapping[str, Any]):
    """One file, read.

    :param kind: what it describes.
    :param path: the file.
    :raises hkeid.kernel.errors.ConfigurationError: ``…_unreadable``.
    """

    def __init__(self, kind: DescriptionKind, path: Path) -> None:
        self._kind = kind
        self.path = path
        try:
            self._content = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(
                f"{kind.value}_unreadable", detail=f"{path}: {error}"
            ) from None

    def __getitem__(self, key: str) -> Any:
        return self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    @property
    def name(self) -> str:
        """Of the file, without its suffix: the id of what has none of its own."""
        return self.path.stem

    def check_keys(self, known: Iterable[str], needed: Iterable[str] = ()) -> None:
        """Whether there is nothing else than ``known``, and all of ``needed``.

        :raises hkeid.kernel.errors.ConfigurationError: ``…_key_unknown``, with a suggestion; ``…_key_missing``.
        """
        names = sorted(known)
        for key in self:
            if key not in names:
                near = difflib.get_close_matches(key, names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ConfigurationError(
                    f"{self._kind.value}_key_unknown", detail=f"{self.path.name}: {key!r}{hint}"
                )
        for key in needed:
            if key not in self:
                raise self.missing(repr(key))

    def text(self, key: str) -> str:
        """A text that is not empty.

        :raises hkeid.kernel.errors.ConfigurationError: ``…_value_invalid``.
        """
        value = self[key]
        if not isinstance(value, str) or not value:
            raise self.invalid(key, "must be a text")
        return value

    def flag(self, key: str) -> bool:
        """True or false; nothing else counts as either.

        :raises hkeid.kernel.errors.ConfigurationError: ``…_value_invalid``.
        """
        value = self[key]
        if not isinstance(value, bool):
            raise self.invalid(key, "must be true or false")
        return value

    def file(self, key: str) -> Path:
        """A path, relative to the description.

        :raises hkeid.kernel.errors.ConfigurationError: ``…_value_invalid``.
        """
        return self.path.parent / self.text(key)

    def metadata_place(self) -> MetadataPlace:
        """Where metadata is (:data:`METADATA_KEYS`); nothing is read there.

        :raises hkeid.kernel.errors.ConfigurationError: ``…_key_missing``: not exactly one place;
            ``…_value_invalid``.
        """
        match sorted(METADATA_KEYS & set(self)):
            case ["metadata_file"]:
                return self.file("metadata_file")
            case ["metadata_key_file", "metadata_url"]:
                return self.text("metadata_url"), self.file("metadata_key_file")
            case _:
                raise self.missing("'metadata_file', or 'metadata_url' with 'metadata_key_file'")

    def missing(self, what: str) -> ConfigurationError:
        """``…_key_missing``, to be raised."""
        return ConfigurationError(
            f"{self._kind.value}_key_missing", detail=f"{self.path.name}: {what}"
        )

    def invalid(self, key: str, why: str) -> ConfigurationError:
        """``…_value_invalid``, to be raised."""
        return ConfigurationError(
            f"{self._kind.value}_value_invalid", detail=f"{self.path.name}: {key!r}: {why}"
        )


def description_files(folder: Path) -> tuple[Path, ...]:
    """The descriptions in a folder, in the order of their names; none where there is no folder."""
    return tuple(sorted(folder.glob("*.toml")))


def read_folder(folder: Path, read: Callable[[Path], T]) -> tuple[T, ...]:
    """What ``read`` makes of each description in a folder, in the order of their names."""
    return tuple(read(path) for path in description_files(folder))
