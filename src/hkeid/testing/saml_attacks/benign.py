"""Documents that look unlike ours and must be accepted: what honest implementations send."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

from hkeid.testing.saml_attacks.surgery import (
    DS,
    ENVELOPED,
    EXC,
    Bench,
    Recipe,
    sign_anew,
)
from hkeid.testing.saml_attacks.targets import Target
from hkeid.testing.saml_specimens import Kind

Make = Callable[[Bench], bytes]

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_CERTIFICATE = (
    f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{b64encode(bytes(900)).decode()}"
    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
)
_INCLUSIVE = f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="xs xsi"/>'


def _always(target: Target) -> bool:
    return isinstance(target, Target)


def _recipe(recipe: Recipe) -> Make:
    return lambda bench: sign_anew(bench, recipe)


def _declared(bench: Bench) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + bench.octets


def _marked(bench: Bench) -> bytes:
    return b"\xef\xbb\xbf" + bench.octets


def _indented(bench: Bench) -> bytes:
    """White space between elements, which belongs to what is signed."""
    for element in bench.root.iter():
        if len(element) and not element.tag.startswith(f"{{{DS}}}"):
            element.text = "\n  "
            for child in element:
                child.tail = "\n  "
    return _all_signed(bench)


def _broken_base64(bench: Bench) -> bytes:
    """Lines of 76 characters with the carriage returns that some write as references."""
    text = sign_anew(bench, Recipe()).decode()
    return re.sub(
        "(<ds:SignatureValue>)([^<]+)",
        lambda one: one[1] + "&#13;\n".join(re.findall(".{1,76}", one[2])) + "\n",
        text,
        count=1,
    ).encode()


def _another_prefix(bench: Bench) -> bytes:
    octets = bench.octets
    for old, new in ((b"samlp", b"saml2p"), (b"saml", b"saml2")):
        octets = re.sub(rb"(</?|xmlns:)" + old + rb"(?=[:=])", rb"\1" + new, octets)
    return _all_signed(Bench.of(bench.peer, bench.about, octets))


def _default_namespace(bench: Bench) -> bytes:
    """Signatures without a prefix."""
    return _all_signed(bench, prefix="")


def _text_with_references(bench: Bench) -> bytes:
    issuer = bench.root[0]
    if issuer.text:
        issuer.text = 'https://idp.example/?a=1&b=<2>&c="3"\t\xe9\U0001f600'
    return _all_signed(bench)


def _all_signed(bench: Bench, prefix: str = "ds") -> bytes:
    """Sign the target, and what is around it if that is signed as well."""
    octets = sign_anew(bench, Recipe(prefix=prefix))
    if bench.about.under_another:
        outer = Target(bench.about.kind, bench.about.signed, inner=False)
        octets = sign_anew(Bench.of(bench.peer, outer, octets), Recipe(prefix=prefix))
    elif bench.about.signed.value == "both":
        inner = Target(bench.about.kind, bench.about.signed, inner=True)
        octets = sign_anew(Bench.of(bench.peer, inner, octets), Recipe(prefix=prefix))
        octets = sign_anew(Bench.of(bench.peer, bench.about, octets), Recipe(prefix=prefix))
    return octets


def _comments_between(bench: Bench) -> bytes:
    """Metadata only: a comment before the document, and one between elements."""
    octets = bench.octets
    place = octets.index(b"<md:SingleSignOnService")
    return b"<!-- terms -->" + octets[:place] + b"<!-- endpoint -->" + octets[place:]


BENIGN: dict[str, tuple[Make, Callable[[Target], bool]]] = {
    **{
        name: (make, lambda target: not target.under_another)
        for name, make in {
            "signed_by_another_signer": _recipe(Recipe()),
            "sha384": _recipe(Recipe(method=f"{_MORE}rsa-sha384", hash_name="sha384")),
            "sha512": _recipe(
                Recipe(
                    method=f"{_MORE}rsa-sha512",
                    hash_name="sha512",
                    digest_method="http://www.w3.org/2001/04/xmlenc#sha512",
                    digest_name="sha512",
                )
            ),
            "foreign_certificate_is_not_looked_at": _recipe(Recipe(extra=_CERTIFICATE)),
            "inclusive_namespaces": _recipe(
                Recipe(transforms=((ENVELOPED, ""), (EXC, _INCLUSIVE)))
            ),
            "base64_on_many_lines": _broken_base64,
        }.items()
    },
    "xml_declaration": (_declared, _always),
    "byte_order_mark": (_marked, _always),
    "indented": (_indented, _always),
    "other_prefixes": (_another_prefix, _always),
    "signature_in_default_namespace": (_default_namespace, _always),
    "text_that_needs_escapes": (_text_with_references, _always),
    "comments_in_metadata": (_comments_between, lambda target: target.kind is Kind.METADATA),
}
"""By name: how it is made, and for which targets."""
