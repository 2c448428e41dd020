"""Requested authentication contexts and the ladder of assurance (saml-core §3.3.2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.identity.assurance import Acr
from hkeid.identity.assurance_mapping import MAPPING, UNSPECIFIED_SAML_CLASS, rungs_of_saml_class
from hkeid.saml.messages import (
    Comparison,
    MessageReason,
    MessageRefused,
    RequestedAuthnContext,
)

_LADDER = tuple(Acr)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssuranceDemand:
    """What a service wants of a login.

    :ivar least: the lowest rung that will do, or None.
    :ivar classes: classes that may be stated, with the rung that each needs, best first; empty: the class of the
        rung itself.
    :ivar own: state hkeid's own ``acr`` rather than a class of SAML.
    """

    least: Acr | None = None
    classes: tuple[tuple[str, Acr], ...] = ()
    own: bool = True

    def stated(self, reached: Acr) -> str | None:
        """The class to state for a login on a rung; None where that does not do.

        What is stated never exceeds what was reached (law 7).
        """
        if self.least is not None and not reached.at_least(self.least):
            return None
        if self.classes:
            return next((uri for uri, rung in self.classes if reached.at_least(rung)), None)
        return reached.value if self.own else MAPPING[reached].saml_class


NOTHING_ASKED = AssuranceDemand()


def demand(wanted: RequestedAuthnContext | None) -> AssuranceDemand:
    """What a RequestedAuthnContext comes to on the ladder. Classes that are not known here are left out.

    ``exact``: one of the classes, the highest that was reached; ``minimum``: the lowest of them or anything above;
    ``better``: above all of them; ``maximum``: as high as was reached, and no higher than the highest of them.

    :raises MessageRefused: ``saml_authn_context_unreachable``: none of the classes is known, declarations are asked
        for, or something better than the highest rung.
    """
    if wanted is None:
        return NOTHING_ASKED
    if UNSPECIFIED_SAML_CLASS in wanted.classes and wanted.comparison in _ANY:
        return NOTHING_ASKED
    known = [(uri, rungs) for uri in wanted.classes if (rungs := rungs_of_saml_class(uri))]
    if not known:
        raise MessageRefused(MessageReason.AUTHN_CONTEXT_UNREACHABLE)
    ladder = sorted({one for _, found in known for one in found}, key=lambda one: one.rung)
    own = all(uri in {acr.value for acr in Acr} for uri, _ in known)
    match wanted.comparison:
        case Comparison.EXACT:
            stated = sorted(((uri, found[0]) for uri, found in known), key=lambda one: -one[1].rung)
            return AssuranceDemand(least=ladder[0], classes=tuple(stated))
        case Comparison.MINIMUM:
            return AssuranceDemand(least=ladder[0], own=own)
        case Comparison.BETTER:
            if ladder[-1] is _LADDER[-1]:
                raise MessageRefused(MessageReason.AUTHN_CONTEXT_UNREACHABLE)
            return AssuranceDemand(least=_LADDER[ladder[-1].rung + 1], own=own)
    below = [one for one in reversed(_LADDER) if ladder[-1].at_least(one)]
    classes = tuple((one.value if own else MAPPING[one].saml_class, one) for one in below)
    return AssuranceDemand(classes=classes)


_ANY = frozenset({Comparison.EXACT, Comparison.MINIMUM})
