"""The four levels of PAdES baseline signatures (ETSI EN 319 142-1 §6.1)."""

from __future__ import annotations

from enum import StrEnum

from hkeid.kernel.errors import ConfigurationError


class Level(StrEnum):
    """How long a signature can be validated."""

    B_B = "B-B"
    """A signature; its time is the signer's claim."""
    B_T = "B-T"
    """And a time-stamp over it: it existed then."""
    B_LT = "B-LT"
    """And the material to validate it in the file."""
    B_LTA = "B-LTA"
    """And a time-stamp over the file with the material: it can outlive its algorithms."""

    @classmethod
    def named(cls, name: str) -> Level:
        """The level called ``name``.

        :raises hkeid.kernel.errors.ConfigurationError: ``level_unknown``.
        """
        try:
            return cls(name)
        except ValueError:
            raise ConfigurationError("level_unknown", detail=f"one of {', '.join(cls)}") from None

    @property
    def timestamped(self) -> bool:
        """Whether it has a signature time-stamp."""
        return self is not Level.B_B

    @property
    def with_material(self) -> bool:
        """Whether the material to validate it is in the file."""
        return self in {Level.B_LT, Level.B_LTA}
