"""The parts that are used where a caller names none."""

from __future__ import annotations

from typing import cast

from hkeid.kernel import plugins
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf import PdfEngine
from hkeid.ports.pdf_validation import PdfValidator
from hkeid.ports.surroundings import Clock


def default_engine() -> PdfEngine:
    """:func:`hkeid.adapters.pdf.default_engine`.

    :raises hkeid.kernel.errors.MissingExtra: ``hkeid[signing]`` is not installed.
    """
    return cast("PdfEngine", plugins.load(plugins.PDF_ENGINES, "pyhanko")())


def default_validator() -> PdfValidator:
    """:func:`hkeid.adapters.pdf.default_validator`.

    :raises hkeid.kernel.errors.MissingExtra: ``hkeid[signing]`` is not installed.
    """
    return cast("PdfValidator", plugins.load(plugins.PDF_VALIDATORS, "pyhanko")())


def present() -> Instant:
    """This moment, by the system's clock."""
    return cast("Clock", plugins.load(plugins.SURROUNDINGS, "clock")()).now()
