"""The one pass over an aggregate in which it is verified and indexed."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.saml.dsig import METADATA_LIMITS, Limits, Reason, SamlMalformed, SignatureRefused
from hkeid.saml.dsig.gate import GatedDocument, read_document
from hkeid.saml.dsig.namespaces import SIGNATURE
from hkeid.saml.dsig.octets import check_stretch
from hkeid.saml.dsig.parsing import XmlElement, canonicalise, parse, parse_without_blanks
from hkeid.saml.dsig.streamed import StreamedSignature
from hkeid.saml.dsig.verification import take_out
from hkeid.saml.metadata import syntax
from hkeid.saml.metadata.aggregate import Aggregate, Indexed
from hkeid.saml.metadata.cutting import Closed, Opened, Run, check_around, cut
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.pieces import GroupContext, check_no_text, innermost
from hkeid.saml.metadata.reader import FOREVER, GROUP, Validity
from hkeid.saml.metadata.runs import (
    NO_ROLE,
    entity_ends,
    entity_names,
    entity_roles,
    only_entities,
)
from hkeid.saml.metadata.trust import MetadataTrust, SignedBy

_BOM = b"\xef\xbb\xbf"
_EXTENSIONS = syntax.qualified("md:Extensions")
_HEADERS: tuple[list[str], ...] = ([], [SIGNATURE], [_EXTENSIONS], [SIGNATURE, _EXTENSIONS])
"""What may stand in a group before its members (saml-metadata §2.3.1)."""

_RUN_LIMITS = Limits(
    octets=2 * METADATA_LIMITS.octets,
    nodes=METADATA_LIMITS.octets,
    attributes=2 * METADATA_LIMITS.octets,
    depth=METADATA_LIMITS.depth,
    namespaces=METADATA_LIMITS.octets,
    # Who could send names of his choosing here has signed SignedInfo, or put the file there.
    foreign_names=METADATA_LIMITS.octets,
    comments=True,
)
"""A run of entities: one of the largest allowed, behind some that just did not fill it. Nodes are bounded by octets
here, and for each entity when it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateLimits:
    """Bounds on an aggregate.

    :ivar octets: most bytes.
    :ivar entities: most entities.
    :ivar entity: bounds on each, one megabyte at most.
    """

    octets: int = 268_435_456
    entities: int = 100_000
    entity: Limits = METADATA_LIMITS


DEFAULT_AGGREGATE_LIMITS = AggregateLimits()


def read_aggregate(
    octets: bytes,
    trust: MetadataTrust,
    limits: AggregateLimits = DEFAULT_AGGREGATE_LIMITS,
) -> Aggregate:
    """Verify and index an aggregate. Whether its time is over is for the caller to check.

    :raises MetadataMalformed: ``saml_metadata_root``, ``saml_metadata_structure``,
        ``saml_metadata_entity_id``, ``saml_metadata_entity_repeated``, ``saml_metadata_too_many_entities``,
        ``saml_metadata_instant``, ``saml_metadata_duration``.
    :raises hkeid.saml.dsig.SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
    :raises hkeid.saml.dsig.SignatureRefused: as :func:`hkeid.saml.dsig.verify_message`.
    """
    if len(octets) > limits.octets:
        raise SamlMalformed(Reason.TOO_LARGE)
    return _Indexing(octets.removeprefix(_BOM), trust, limits).aggregate()


class _Indexing:
    """Where the pass is, and what it has found."""

    def __init__(self, octets: bytes, trust: MetadataTrust, limits: AggregateLimits) -> None:
        self._octets = octets
        self._trust = trust
        self._limits = limits
        self._signature: StreamedSignature | None = None
        self._prefixes: tuple[str, ...] = ()
        self._groups: list[GroupContext] = []
        self._open: list[int] = []
        self._index: dict[str, Indexed] = {}

    def aggregate(self) -> Aggregate:
        """All steps, and what came of them."""
        for step in cut(self._octets):
            match step:
                case Opened():
                    self._opened(step)
                case Run():
                    self._run(step)
                case Closed():
                    self._closed()
        if self._signature is not None:
            self._signature.finish()
        return Aggregate(
            validity=self._groups[0].validity,
            signed=self._signature is not None,
            octets=self._octets,
            prefixes=self._prefixes,
            limits=self._limits.entity,
            groups=self._groups,
            index=self._index,
        )

    def _opened(self, step: Opened) -> None:
        """A group: its start tag, and what comes before its members, pass the whole gate."""
        group, (begin, end) = step
        outermost = group.around is None
        # The first piece is the document from its first octet on, with its XML declaration.
        head = self._octets[:begin] if outermost else group.start
        document = read_document(
            b"".join((head, self._octets[begin:end], group.end)), self._limits.entity
        )
        element = innermost(document.root, group.depth)
        if element.tag != GROUP:
            raise MetadataMalformed(MetadataReason.ROOT)
        children = element.getchildren()
        check_no_text(element, children)
        validity = (FOREVER if outermost else self._context.validity).within(element)
        if outermost:
            self._begin(document, element)
        if [one.tag for one in children if isinstance(one.tag, str)] not in _HEADERS:
            # A member whose tag was overlooked would be one that nobody enters.
            raise MetadataMalformed(MetadataReason.STRUCTURE, detail="before the first member")
        context = GroupContext.of(group, validity, self._prefixes)
        if self._signature is not None:
            inside = context.inside(canonicalise(document.root, self._prefixes))
            known = 0 if outermost else len(self._context.start)
            self._signature.update(context.start[known:])
            self._signature.update(inside)
        self._open.append(len(self._groups))
        self._groups.append(context)

    def _begin(self, document: GatedDocument, root: XmlElement) -> None:
        """The signature of the root, which is verified before anything that it covers is looked at."""
        if not isinstance(self._trust, SignedBy):
            return
        signature = document.signature_of(root)
        if signature is None:
            raise SignatureRefused(Reason.UNSIGNED)
        keys, policy = self._trust.keys, self._trust.policy
        self._signature = StreamedSignature.begin(root, signature, keys, policy)
        self._prefixes = self._signature.prefixes
        take_out(signature)

    def _run(self, step: Run) -> None:
        context = self._context
        came = context.around(memoryview(self._octets)[slice(*step.stretch)])
        check_stretch(came, _RUN_LIMITS, checked=len(context.group.start))
        # White space between elements is for the digest alone.
        root = parse_without_blanks(came) if self._signature is None else parse(came)
        check_around(self._octets, step)
        self._enter(innermost(root, context.group.depth), step.entities, context.validity)
        if self._signature is not None:
            self._signature.update(context.inside(canonicalise(root, self._prefixes)))

    def _enter(self, group: XmlElement, places: list[tuple[int, int]], around: Validity) -> None:
        """Every entity of a run; there is nothing else in it."""
        names = entity_names(group)
        if len(names) != len(places) or not only_entities(group, len(places)):
            raise MetadataMalformed(MetadataReason.STRUCTURE)
        ends = entity_ends(group, around)
        roles = entity_roles(group)
        number, index = self._open[-1], self._index
        for at, name in enumerate(names):
            if not syntax.is_entity_id(name):
                raise MetadataMalformed(MetadataReason.ENTITY_ID)
            if name in index:
                raise MetadataMalformed(MetadataReason.ENTITY_REPEATED)
            until = ends[at] if ends else around.until
            index[name] = Indexed(places[at], number, roles.get(name, NO_ROLE), until)
        if len(index) > self._limits.entities:
            raise MetadataMalformed(MetadataReason.TOO_MANY_ENTITIES)

    def _closed(self) -> None:
        end = self._context.end
        self._open.pop()
        if self._signature is not None:
            outer = len(self._context.end) if self._open else 0
            self._signature.update(end[: len(end) - outer])

    @property
    def _context(self) -> GroupContext:
        return self._groups[self._open[-1]]
