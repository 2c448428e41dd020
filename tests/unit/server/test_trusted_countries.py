"""Whose chips the server believes: a folder that is read again when it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid.testing.card_issuer import CardIssuer
from hkeid_server.journal import Journal
from hkeid_server.wiring.trusted_countries import TrustedCountries


@pytest.fixture
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture
def journal(clock: Any, log: Any) -> Journal:
    return Journal(clock, sink=log, level="debug")


def test_master_lists_count_and_what_is_not_believed_is_logged(
    issuer: CardIssuer, tmp_path: Path, journal: Journal, log: Any
) -> None:
    (tmp_path / "csca.der").write_bytes(issuer.root.der)
    (tmp_path / "list.ml").write_bytes(issuer.master_list([issuer.neighbour.root.der])[0])
    (tmp_path / "rubbish.pem").write_bytes(b"rubbish")
    assert TrustedCountries(tmp_path, journal).trust.countries == {"UT", "XX"}
    (line,) = log.events("stations:country-signer:rejected")
    assert line["reason"] == "structure_malformed"


def test_without_any_nobody_is_trusted_and_the_log_says_so(
    tmp_path: Path, journal: Journal, log: Any
) -> None:
    assert TrustedCountries(tmp_path / "nowhere", journal).trust.anchors == ()
    assert TrustedCountries(tmp_path, journal).trust.anchors == ()
    assert len(log.events("stations:country-signers:missing")) == 2


def test_a_revocation_list_counts_from_the_next_reading_on(
    issuer: CardIssuer, tmp_path: Path, journal: Journal
) -> None:
    (tmp_path / "csca.der").write_bytes(issuer.root.der)
    countries = TrustedCountries(tmp_path, journal)
    assert countries.trust.lists == ()
    assert countries.trust is countries.trust, "read once as long as nothing changes"
    (tmp_path / "csca.crl").write_bytes(issuer.crl())
    assert len(countries.trust.lists) == 1
    (tmp_path / "csca.der").unlink()
    assert countries.trust.anchors == ()


def test_a_change_that_cannot_be_read_leaves_what_was_there(
    issuer: CardIssuer, tmp_path: Path, journal: Journal, log: Any
) -> None:
    (tmp_path / "csca.der").write_bytes(issuer.root.der)
    countries = TrustedCountries(tmp_path, journal)
    (tmp_path / "half.ml").write_bytes(b"rubbish")
    assert countries.trust.countries == {"UT"}
    (line,) = log.events("server:request:refused")
    assert line["reason"] == "country_signers_list_refused"
    with pytest.raises(ConfigurationError, match="country_signers_list_refused"):
        TrustedCountries(tmp_path, journal)
