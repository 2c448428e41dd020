"""A federation's aggregate of metadata, as federation operators write theirs: indented, one set of prefixes on the
root, empty tags, a comment for each member. Signed by a signer that shares nothing with the kernel's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from hkeid.saml.dsig import PublicKey
from hkeid.saml.dsig.namespaces import DS, EXC_C14N, PREFIXES

FEDERATION = "https://federation.example"
VALID_UNTIL = "2026-12-05T08:00:00Z"
_ROOT = '<md:EntitiesDescriptor ID="_federation" Name="{name}" validUntil="{until}" cacheDuration="PT1H"\n{spaces}>'
_USED = ("md", "ds", "saml", "mdui", "mdattr", "mdrpi", "shibmd")
_WORDS = "Identity for the members of a university, its libraries and its guests. 大學成員的身分。"


@dataclass(frozen=True, slots=True)
class Member:
    """One entity of the federation; every fifth is a service."""

    number: int

    @property
    def service(self) -> bool:
        """Whether it is a service provider."""
        return self.number % 5 == 4

    @property
    def entity_id(self) -> str:
        """Its name."""
        kind = "sp" if self.service else "idp"
        return f"https://{kind}.member-{self.number}.example/shibboleth?a=1&b={self.number}"


@dataclass
class Federation:
    """Its operator.

    :ivar key: with which aggregates are signed.
    """

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        repr=False,
    )

    @property
    def keys(self) -> list[PublicKey]:
        """Whom to trust."""
        return [self.key.public_key()]

    @cached_property
    def certificate(self) -> bytes:
        """DER of a certificate for the same key; every member's too, so that making many is quick. It is over."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federation.example")])
        then = datetime(2020, 1, 1, tzinfo=UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(then)
            .not_valid_after(then + timedelta(days=365))
            .sign(self.key, SHA256())
        )
        return made.public_bytes(Encoding.DER)

    def aggregate(
        self,
        members: Sequence[Member],
        *,
        groups: int = 0,
        until: str = VALID_UNTIL,
        signed: bool = True,
    ) -> bytes:
        """An EntitiesDescriptor.

        :param groups: into how many groups inside it the members are put; none, and they stand in it.
        :param until: ``validUntil`` of it all.
        """
        spaces = "\n".join(f'    xmlns:{one}="{PREFIXES[one]}"' for one in _USED)
        start = _ROOT.format(name=FEDERATION, until=until, spaces=spaces)
        body = "".join(self._body(members, groups))
        octets = f"<?xml version='1.0' encoding='UTF-8'?>\n<!-- once a day -->\n{start}{body}</md:EntitiesDescriptor>\n".encode()
        return self.sign(octets) if signed else octets

    def sign(self, octets: bytes, *, prefixes: Sequence[str] = ()) -> bytes:
        """An aggregate with a signature over its root; the root carries none yet.

        :param prefixes: of InclusiveNamespaces.
        """
        root = etree.fromstring(octets, etree.XMLParser(huge_tree=True))
        canonical = etree.tostring(
            root,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
        inclusive = (
            f'<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{" ".join(prefixes)}">'
            "</ec:InclusiveNamespaces>"
        )
        reference = f"#{root.get('ID')}"
        del root
        info = (
            f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{EXC_C14N}">'
            "</ds:CanonicalizationMethod><ds:SignatureMethod "
            'Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>'
            f'<ds:Reference URI="{reference}"><ds:Transforms>'
            f'<ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>'
            f'<ds:Transform Algorithm="{EXC_C14N}">{inclusive if prefixes else ""}</ds:Transform></ds:Transforms>'
            '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
            f"<ds:DigestValue>{_base64(sha256(canonical).digest())}</ds:DigestValue>"
            "</ds:Reference></ds:SignedInfo>"
        )
        value = self.key.sign(info.encode(), padding.PKCS1v15(), SHA256())
        signature = (
            f'<ds:Signature xmlns:ds="{DS}">{info}<ds:SignatureValue>{_base64(value)}</ds:SignatureValue>'
            f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{_base64(self.certificate)}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        )
        at = octets.index(b">", octets.index(b"<md:EntitiesDescriptor")) + 1
        return b"".join((octets[:at], signature.encode(), octets[at:]))

    def _body(self, members: Sequence[Member], groups: int) -> Iterator[str]:
        yield (
            f'\n  <md:Extensions>\n    <mdrpi:PublicationInfo publisher="{FEDERATION}"/>\n'
            "  </md:Extensions>\n"
        )
        if not groups:
            yield from map(self.member, members)
        for number in range(groups):
            yield f'  <md:EntitiesDescriptor Name="group {number}">\n'
            yield from map(self.member, members[number::groups])
            yield "  </md:EntitiesDescriptor>\n"

    def member(self, member: Member) -> str:
        """The EntityDescriptor of one member."""
        number = member.number
        languages = ("en", "zh-Hant-HK", "zh-Hans")
        names = "".join(
            f'\n          <mdui:DisplayName xml:lang="{one}">Member {number} 大學 &amp; Library</mdui:DisplayName>'
            f'\n          <mdui:Description xml:lang="{one}">{_WORDS}</mdui:Description>'
            for one in languages
        )
        organization = "".join(
            f'\n      <md:{part} xml:lang="en">{value}</md:{part}>'
            for part, value in (
                ("OrganizationName", f"Member {number}"),
                ("OrganizationDisplayName", f"Member {number} 大學"),
                ("OrganizationURL", f"https://member-{number}.example/"),
            )
        )
        role = self._service(member, names) if member.service else self._provider(member, names)
        return f"""  <!-- member {number} -->
  <md:EntityDescriptor entityID="{escape(member.entity_id)}">
    <md:Extensions>
      <mdrpi:RegistrationInfo registrationAuthority="{FEDERATION}" registrationInstant="2024-05-06T07:08:09Z">
        <mdrpi:RegistrationPolicy xml:lang="en">{FEDERATION}/policy</mdrpi:RegistrationPolicy>
      </mdrpi:RegistrationInfo>
      <mdattr:EntityAttributes>
        <saml:Attribute Name="http://macedir.org/entity-category" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">
          <saml:AttributeValue>http://refeds.org/category/research-and-scholarship</saml:AttributeValue>
        </saml:Attribute>
      </mdattr:EntityAttributes>
    </md:Extensions>
{role}    <md:Organization>{organization}
    </md:Organization>
    <md:ContactPerson contactType="technical">
      <md:GivenName>Operations</md:GivenName>
      <md:EmailAddress>mailto:operations@member-{number}.example</md:EmailAddress>
    </md:ContactPerson>
  </md:EntityDescriptor>
"""

    def _provider(self, member: Member, names: str) -> str:
        number = member.number
        services = "".join(
            f'      <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" '
            f'Location="https://idp.member-{number}.example/idp/profile/SAML2/{binding}/SSO"/>\n'
            for binding in ("HTTP-Redirect", "HTTP-POST", "SOAP")
        )
        return f"""    <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <md:Extensions>
        <shibmd:Scope regexp="false">member-{number}.example</shibmd:Scope>
        <mdui:UIInfo>{names}
          <mdui:Logo width="80" height="60">https://member-{number}.example/logo.png</mdui:Logo>
        </mdui:UIInfo>
      </md:Extensions>
{self._key()}      <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>
{services}    </md:IDPSSODescriptor>
"""

    def _service(self, member: Member, names: str) -> str:
        return f"""    <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <md:Extensions>
        <mdui:UIInfo>{names}
        </mdui:UIInfo>
      </md:Extensions>
{self._key()}      <md:AssertionConsumerService index="1" isDefault="true"
          Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
          Location="https://sp.member-{member.number}.example/Shibboleth.sso/SAML2/POST"/>
    </md:SPSSODescriptor>
"""

    def _key(self) -> str:
        text = _base64(self.certificate)
        lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        return f"""      <md:KeyDescriptor>
        <ds:KeyInfo>
          <ds:X509Data>
            <ds:X509Certificate>
{lines}
            </ds:X509Certificate>
          </ds:X509Data>
        </ds:KeyInfo>
      </md:KeyDescriptor>
"""


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")
