"""The torture of tenants notices what it is there for."""

from __future__ import annotations

import pytest

from hkeid.testing import saml_tenants


def test_each_message_verifies_under_its_own_key_only() -> None:
    (case,) = saml_tenants.run(160)
    assert (case["attempts"], case["failures"]) == (160, 0), case["notes"]


def test_tenants_that_share_a_key_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    only = saml_tenants.Tenant()
    monkeypatch.setattr(saml_tenants, "Tenant", lambda: only)
    (case,) = saml_tenants.run(32)
    assert case["failures"] == 32


def test_a_signer_in_a_global_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in pysaml2's RSACrypto: the key of whoever came last."""
    real, last = saml_tenants.signer, saml_tenants.Tenant()
    monkeypatch.setattr(saml_tenants, "signer", lambda keys, **rest: real(last.keys, **rest))
    (case,) = saml_tenants.run(32)
    assert case["failures"] == 32
