"""The embedded authority's files: a folder for the root, which is kept offline, and one for the rest.

::

    root/                               on a medium of its own, in a safe
      root.key  root.pem  root.crl      sealed key, certificate, revocation list (DER)
      root.json                         what the root has certified and revoked
    ca/                                 beside the server
      issuing.key  issuing.pem          sealed key, certificate
      ocsp.key     ocsp.pem             the delegated responder
      time-stamp.key  time-stamp.pem    the time-stamp unit
      root.pem     root.crl             copies of what the root publishes
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.adapters.certificate_authorities.key_files import FileKey, store_key
from hkeid.adapters.keyfiles.files import (
    check_private_directory,
    make_private_directory,
    write_private,
)
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput, NotFound
from hkeid.kernel.instants import epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import Secret
from hkeid.ports.certificates import CertificateSubject, RevocationReason
from hkeid.ports.surroundings import Clock, Random
from hkeid.signing.certificates import (
    Credential,
    EmbeddedAuthority,
    Pointers,
    build_request,
    certify_issuing,
    make_root,
    read_certificate,
    root_revocation_list,
)
from hkeid.signing.certificates.pem import certificate_pem
from hkeid.signing.certificates.revocation_lists import RevokedEntry

ROOT, ISSUING, OCSP, TIME_STAMP = "root", "issuing", "ocsp", "time-stamp"
SERVICES: Final = (OCSP, TIME_STAMP)
_LOG = "root.json"


def make_private_key(*, authority: bool) -> Any:
    """A new key: P-384 for authorities, P-256 for those who sign more often."""
    return ec.generate_private_key(ec.SECP384R1() if authority else ec.SECP256R1())


class RootFolder:
    """The root in its folder.

    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing``, ``authority_malformed``; what
        :class:`FileKey` refuses.
    """

    def __init__(
        self, folder: Path, passphrase: Secret | None, clock: Clock, random: Random
    ) -> None:
        check_private_directory(folder)
        self._folder = folder
        self._clock = clock
        self._random = random
        self.credential = Credential(
            FileKey(folder / "root.key", passphrase), read_pem(folder / "root.pem")
        )

    @classmethod
    def create(
        cls,
        folder: Path,
        passphrase: Secret | None,
        clock: Clock,
        random: Random,
        *,
        name: str,
        organization: str = "",
    ) -> RootFolder:
        """Make a root; one that is there is never overwritten.

        :raises hkeid.kernel.errors.ConfigurationError: ``authority_exists``.
        """
        make_private_directory(folder)
        if (folder / "root.key").exists() or (folder / "root.pem").exists():
            raise ConfigurationError("authority_exists", detail=str(folder))
        store_key(folder / "root.key", make_private_key(authority=True), passphrase)
        key = FileKey(folder / "root.key", passphrase)
        certificate = make_root(key, name, at=clock.now(), random=random, organization=organization)
        write_private(folder / _LOG, canonical_json.dumps({"number": 0, "certified": []}))
        write_pem(folder / "root.pem", certificate)
        made = cls(folder, passphrase, clock, random)
        made.publish_list()
        return made

    @property
    def revocation_list(self) -> bytes:
        """The list as it was published last, DER."""
        return _read(self._folder / "root.crl")

    def certify(
        self, request: bytes, name: str, pointers: Pointers, *, organization: str = ""
    ) -> bytes:
        """An issuing authority's certificate, DER; noted in the folder before it is handed out.

        :raises hkeid.signing.certificates.CertificateRefused: as
            :func:`hkeid.signing.certificates.certify_issuing`.
        """
        now = self._clock.now()
        certificate = certify_issuing(
            self.credential, request, name,
            at=now, random=self._random, pointers=pointers, organization=organization,
        )  # fmt: skip
        log = self._log()
        serial = f"{read_certificate(certificate).serial:x}"
        log["certified"].append({"serial": serial, "name": name, "at": epoch_seconds(now)})
        write_private(self._folder / _LOG, canonical_json.dumps(log))
        return certificate

    def revoke(self, serial: str, reason: RevocationReason) -> None:
        """Take an issuing authority's certificate back; the next list says so.

        :param serial: hexadecimal.
        :raises hkeid.kernel.errors.NotFound: ``certificate_unknown``.
        :raises hkeid.kernel.errors.ConfigurationError: ``certificate_revoked_already``.
        """
        log = self._log()
        found = next((one for one in log["certified"] if one["serial"] == serial.lower()), None)
        if found is None:
            raise NotFound("certificate_unknown")
        if "revoked" in found:
            raise ConfigurationError("certificate_revoked_already")
        found["revoked"] = epoch_seconds(self._clock.now())
        found["reason"] = reason.value
        write_private(self._folder / _LOG, canonical_json.dumps(log))

    def publish_list(self) -> bytes:
        """Sign a new revocation list, DER, and keep it in the folder."""
        log = self._log()
        log["number"] += 1
        entries = [
            RevokedEntry(
                serial=int(one["serial"], 16),
                revoked_at=from_epoch_seconds(one["revoked"]),
                reason=RevocationReason(one["reason"]),
            )
            for one in log["certified"]
            if "revoked" in one
        ]
        encoded = root_revocation_list(
            self.credential, number=log["number"], at=self._clock.now(), revoked=entries
        )
        # The number first: one that is skipped is lawful, one that is used twice is not.
        write_private(self._folder / _LOG, canonical_json.dumps(log))
        write_private(self._folder / "root.crl", encoded)
        return encoded

    def _log(self) -> dict[str, Any]:
        try:
            return canonical_json.loads_object(_read(self._folder / _LOG))
        except MalformedInput:
            raise ConfigurationError(
                "authority_malformed", detail=str(self._folder / _LOG)
            ) from None


class AuthorityFolder:
    """The issuing authority and its services in their folder."""

    def __init__(self, folder: Path, passphrase: Secret | None) -> None:
        check_private_directory(folder)
        self._folder = folder
        self._passphrase = passphrase

    @classmethod
    def create(
        cls,
        folder: Path,
        passphrase: Secret | None,
        root: RootFolder,
        *,
        name: str,
        pointers: Pointers,
        organization: str = "",
    ) -> AuthorityFolder:
        """Make an issuing authority below a root; one that is there is never overwritten.

        :param pointers: where the root's certificate and list will be.
        :raises hkeid.kernel.errors.ConfigurationError: ``authority_exists``.
        """
        make_private_directory(folder)
        if (folder / "issuing.key").exists():
            raise ConfigurationError("authority_exists", detail=str(folder))
        store_key(folder / "issuing.key", make_private_key(authority=True), passphrase)
        request = build_request(FileKey(folder / "issuing.key", passphrase))
        certificate = root.certify(request, name, pointers, organization=organization)
        write_pem(folder / "issuing.pem", certificate)
        made = cls(folder, passphrase)
        made.take_from_root(root)
        return made

    @property
    def exists(self) -> bool:
        """Whether there is an authority in it."""
        return (self._folder / "issuing.pem").exists()

    @property
    def root(self) -> tuple[bytes, bytes]:
        """The root's certificate and revocation list, DER."""
        return read_pem(self._folder / "root.pem"), _read(self._folder / "root.crl")

    def take_from_root(self, root: RootFolder) -> None:
        """Copy what the root publishes."""
        write_pem(self._folder / "root.pem", root.credential.certificate)
        write_private(self._folder / "root.crl", root.revocation_list)

    def credential(self, name: str = ISSUING) -> Credential:
        """The authority's own, or that of a service (``ocsp``, ``time-stamp``).

        :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing``, ``authority_malformed``; what
            :class:`FileKey` refuses.
        """
        above: tuple[bytes, ...] = (read_pem(self._folder / "root.pem"),)
        if name != ISSUING:
            above = (read_pem(self._folder / "issuing.pem"), *above)
        certificate = read_pem(self._folder / f"{name}.pem")
        return Credential(
            FileKey(self._folder / f"{name}.key", self._passphrase), certificate, above
        )

    def renew(self, authority: EmbeddedAuthority, service: str, *, organization: str) -> bytes:
        """A new key and certificate for a service, in the place of those before; the certificate, DER.

        The old certificate is not revoked: what was signed with it stays good.
        """
        fresh = self._folder / f"{service}.key.new"
        fresh.unlink(missing_ok=True)
        store_key(fresh, make_private_key(authority=False), self._passphrase)
        issued = authority.issue(
            build_request(FileKey(fresh, self._passphrase)),
            profile=service,
            subject=CertificateSubject(
                reference=f"service-{service}",
                name=f"hkeid {service}",
                organization=organization,
            ),
        )
        # Of the two, a reader may see the new key with the old certificate and says so; it tries again.
        fresh.replace(self._folder / f"{service}.key")
        write_pem(self._folder / f"{service}.pem", issued.certificate)
        return issued.certificate


def read_pem(path: Path) -> bytes:
    """A certificate file as DER.

    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing``, ``authority_malformed``.
    """
    try:
        encoded = x509.load_pem_x509_certificate(_read(path)).public_bytes(Encoding.DER)
        read_certificate(encoded)
    except (ValueError, HkeidError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError("authority_malformed", detail=str(path)) from None
    return encoded


def write_pem(path: Path, certificate: bytes) -> None:
    """Write a certificate file (0600; the folder is private anyway)."""
    write_private(path, certificate_pem(certificate).encode("ascii"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ConfigurationError(
            "authority_missing", detail=f"{path}; run: hkeid ca init"
        ) from None
