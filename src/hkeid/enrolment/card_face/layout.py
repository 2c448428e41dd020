"""Where things are on the card: by its headings and labels, else by nominal places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hkeid.enrolment.card_face.lines import TextLine, compact

_HEADING_CHINESE = re.compile("香港.{0,8}身.?[份分].?[證证証]")
_HEADING_ENGLISH = re.compile("H[O0Q]N[GC]K[O0Q]N[GC]")
_HEADING_ENDS = 200.0
_BIRTH = re.compile("出生日|DATE.?[O0]F.?B|F?BIRTH$")
_SEX = re.compile("性[別别]|^SEX$")
_ISSUE = re.compile("[簽签]發日|[簽签]发日|DATE.?[O0]F.?[I1]|F?[I1L]SSUE$")
_SPECIMEN = re.compile("SPECIMEN|^樣本$|^样本$|F[I1L]CT[I1L]ON|[虛虚]構人")

_NOMINAL_NAMES = (112.0, 300.0)
_LABEL_HEIGHT = 22.0
_PORTRAIT_ENDS = 290.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The card's parts.

    :ivar identity_card: the heading says that this is a Hong Kong identity card.
    :ivar permanent: the heading says so.
    :ivar names: top and bottom of the part with the names.
    :ivar birth: where the value of the birth date begins and ends.
    :ivar lines: the lines that are neither heading nor label.
    """

    identity_card: bool
    permanent: bool
    names: tuple[float, float]
    birth: tuple[float, float]
    lines: tuple[TextLine, ...]

    def among_names(self, line: TextLine) -> bool:
        """Whether a line stands in the column of names."""
        top, bottom = self.names
        return top <= line.middle < bottom and _PORTRAIT_ENDS <= line.left < 500


def is_heading(text: str) -> bool:
    """Whether a line is part of the heading of a Hong Kong identity card."""
    plain = compact(text).replace("-", "")
    return bool(_HEADING_CHINESE.search(plain) or _HEADING_ENGLISH.search(plain))


def lay_out(lines: Sequence[TextLine]) -> Layout:
    """Sort the lines into heading, labels and the rest."""
    heading_ends, permanent, identity_card = _NOMINAL_NAMES[0], False, False
    labels: dict[str, TextLine] = {}
    rest = []
    for line in lines:
        plain = compact(line.text)
        if is_heading(line.text):
            if line.middle >= _HEADING_ENDS:
                continue
            identity_card = True
            permanent = permanent or "永" in plain or "PERMAN" in plain
            heading_ends = max(heading_ends, line.bottom - 6)
            continue
        label = _label(plain)
        if label is None:
            rest.append(line)
        else:
            labels.setdefault(label, line)
    birth = labels.get("birth")
    names_end = birth.top if birth is not None else _NOMINAL_NAMES[1]
    return Layout(
        identity_card=identity_card,
        permanent=permanent,
        names=(heading_ends, max(names_end, heading_ends)),
        birth=(names_end, names_end + _LABEL_HEIGHT + 60),
        lines=tuple(sorted(rest, key=lambda line: (line.middle, line.left))),
    )


def _label(plain: str) -> str | None:
    for name, pattern in (
        ("birth", _BIRTH),
        ("sex", _SEX),
        ("issue", _ISSUE),
        ("specimen", _SPECIMEN),
    ):
        if pattern.search(plain):
            return name
    return None
