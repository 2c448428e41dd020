"""A value of the profile, with where it comes from and since when: one text, so that they never part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hkeid.identity.language import Language, labels
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds


class Source(StrEnum):
    """Where a value comes from."""

    REGISTRY = "registry"
    """The register of persons said so."""
    CHIP = "chip"
    """The chip of the identity card said so."""
    SELF = "self"
    """The resident says so."""
    DOCUMENT = "document"
    """A document that was examined says so."""

    def label(self, language: Language) -> str:
        """What it is called."""
        return _LABELS[self][language]


_LABELS: Final[Mapping[Source, Mapping[Language, str]]] = {
    Source.REGISTRY: labels("Register of persons", "人事登記紀錄", "人事登记记录"),
    Source.CHIP: labels("Chip of the identity card", "身份證晶片", "身份证芯片"),
    Source.SELF: labels("Entered by you", "由你填寫", "由你填写"),
    Source.DOCUMENT: labels("A document", "文件", "文件"),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EmeValue:
    """One value. Its ``repr`` does not show it.

    :ivar value: JSON, in the one form that its field reads
        (:meth:`hkeid.profile.eme.EmeField.read`).
    :ivar kept_at: when it was kept last, in whole seconds.
    """

    value: Any
    source: Source
    kept_at: Instant

    def __repr__(self) -> str:
        return f"EmeValue(source={self.source.value!r})"

    def text(self) -> str:
        """What is sealed: canonical JSON ``{"v": value, "s": source, "t": seconds}``."""
        kept = {"v": self.value, "s": self.source.value, "t": epoch_seconds(self.kept_at)}
        return canonical_json.dumps(kept).decode("utf-8")

    @classmethod
    def of_text(cls, text: str) -> EmeValue:
        """The inverse of :meth:`text`.

        :raises hkeid.kernel.errors.MalformedInput: reason ``eme_value_malformed``.
        """
        kept = canonical_json.loads(text, field="eme")
        if not isinstance(kept, dict) or set(kept) != {"v", "s", "t"}:
            raise MalformedInput("eme_value_malformed", field="eme")
        try:
            return cls(
                value=kept["v"], source=Source(kept["s"]), kept_at=from_epoch_seconds(kept["t"])
            )
        except (ValueError, TypeError, OverflowError):
            raise MalformedInput("eme_value_malformed", field="eme") from None
