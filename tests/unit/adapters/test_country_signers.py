"""Country signers out of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.adapters.country_signers import load_country_signers
from hkeid.chip.asn1 import read_certificate
from hkeid.kernel.errors import ConfigurationError
from hkeid.testing.card_issuer import CardIssuer


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


def test_certificates_lists_and_revocations(issuer: CardIssuer, tmp_path: Path) -> None:
    pem = x509.load_der_x509_certificate(issuer.root.der).public_bytes(Encoding.PEM)
    (tmp_path / "csca.PEM").write_bytes(pem)
    (tmp_path / "csca.crl").write_bytes(issuer.crl())
    made, _ = issuer.master_list([issuer.neighbour.root.der])
    (tmp_path / "list.ml").write_bytes(made)
    (tmp_path / "neighbour.crl").write_bytes(issuer.neighbour.crl())
    (tmp_path / "README.txt").write_text("not a certificate")
    (tmp_path / "folder.pem").mkdir()
    trust = load_country_signers(tmp_path)
    assert trust.countries == {"UT", "XX"}
    assert trust.rejected == ()
    signer = read_certificate(issuer.neighbour.signer.der)
    assert trust.judge(signer, at=issuer.now).findings == ()


def test_master_list_signers_from_another_folder(issuer: CardIssuer, tmp_path: Path) -> None:
    lists, signers = tmp_path / "lists", tmp_path / "signers"
    lists.mkdir()
    signers.mkdir()
    made, signer = issuer.master_list([issuer.neighbour.root.der])
    (lists / "list.ml").write_bytes(made)
    (signers / "signer.cer").write_bytes(signer.der)
    assert load_country_signers(lists, master_list_signers=signers).countries == {"XX"}
    with pytest.raises(ConfigurationError) as caught:
        load_country_signers(lists)
    assert caught.value.reason == "country_signers_list_refused"


def test_what_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_country_signers(tmp_path / "nowhere")
    assert caught.value.reason == "country_signers_unreadable"
    with pytest.raises(ConfigurationError) as caught:
        load_country_signers(tmp_path)
    assert caught.value.reason == "country_signers_missing"
    (tmp_path / "bad.ml").write_bytes(b"rubbish")
    with pytest.raises(ConfigurationError) as caught:
        load_country_signers(tmp_path)
    assert caught.value.reason == "country_signers_list_refused"


def test_what_is_not_believed_is_listed(issuer: CardIssuer, tmp_path: Path) -> None:
    (tmp_path / "csca.der").write_bytes(issuer.root.der)
    (tmp_path / "rubbish.pem").write_bytes(b"rubbish")
    assert [one.reason for one in load_country_signers(tmp_path).rejected] == [
        "structure_malformed"
    ]
