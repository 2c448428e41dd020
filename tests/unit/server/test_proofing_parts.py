"""The parts of proofing as a configuration names them; what is missing, and what production refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hkeid.enrolment import RegistrationStep
from hkeid.enrolment.proofing_policy import shipped_policy
from hkeid.kernel.errors import ConfigurationError, MissingExtra, Unavailable
from hkeid.testing.fakes_proofing import FakePersonRegistry, fake_card, fake_selfie
from hkeid_server.config import read_config
from hkeid_server.house import House
from hkeid_server.wiring import proofing

FAKES = {
    "registry": {"url": "personas"},
    "documents": {"reader": "fake"},
    "faces": {"matcher": "fake"},
    "liveness": {"check": "fake"},
}
PRODUCTION = {"profile": "production", "issuer": "https://eid.example.hk"}


def test_a_sandbox_with_fakes_registers_a_persona(make_house: Callable[..., House]) -> None:
    house = make_house(**FAKES)
    registration = house.registration
    assert registration.offered()
    view = registration.begin(browser="b", network="n", language="en", statement="2026-11")
    view = registration.give_card(view.id, fake_card("ho-sau-lan"), browser="b")
    view = registration.confirm_details(view.id, {}, browser="b")
    challenge = registration.start_liveness(view.id, browser="b")
    view = registration.give_selfie(view.id, fake_selfie(challenge, "ho-sau-lan"), browser="b")
    assert view.step is RegistrationStep.BIND
    assert house.evidence.names(view.id) == ()


def test_without_a_register_nobody_is_registered(make_house: Callable[..., House]) -> None:
    registration = make_house().registration
    assert not registration.offered()
    with pytest.raises(Unavailable, match="registration_not_offered"):
        registration.begin(browser="b", network="n", language="en", statement="2026-11")


def test_without_the_extras_the_server_starts_and_says_so(
    make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    monkeypatch.setattr(proofing, "find_spec", lambda _name: None)
    house = make_house(registry={"url": "personas"})
    assert isinstance(house.proofing.registry, FakePersonRegistry)
    assert (house.proofing.reader, house.proofing.matcher, house.proofing.liveness) == (None,) * 3
    assert not house.registration.offered()
    for part in ("documents", "faces", "liveness"):
        (line,) = log.events(f"proofing:{part}:missing")
        assert "pip install" in line["detail"]


def test_with_the_extras_the_parts_are_there(make_house: Callable[..., House]) -> None:
    """Nothing is loaded before the first picture."""
    house = make_house(registry={"url": "http://localhost:8010"})
    assert house.registration.offered()
    assert house.proofing.matcher.calibration is None


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("documents", "reader", "fake"),
        ("faces", "matcher", "fake"),
        ("liveness", "check", "fake"),
        ("registry", "url", "personas"),
        ("registry", "url", "http://localhost:8010"),
    ],
)
def test_production_refuses_what_proves_nothing(
    tmp_path: Path, section: str, key: str, value: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config({**PRODUCTION, section: {key: value}}, {}, tmp_path)
    assert caught.value.reason == "production_refuses"
    assert f"{section}.{key}" in (caught.value.detail or "")


@pytest.mark.parametrize(
    ("section", "content"),
    [
        ("documents", {"reader": "tesseract"}),
        ("documents", {"memory_mib": 1}),
        ("faces", {"matcher": "eye"}),
        ("liveness", {"check": "wink"}),
        ("registration", {"binding_minutes": 11}),
        ("registration", {"review_days": 31}),
        ("registration", {"tries": 0}),
        ("registration", {"statement": " "}),
        ("registry", {"url": "https://registry.example.hk"}),
        ("registry", {"timeout_seconds": 0}),
    ],
)
def test_values_that_cannot_be_meant(tmp_path: Path, section: str, content: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config(
            {"profile": "sandbox", "issuer": "http://localhost:8000", section: content},
            {},
            tmp_path,
        )
    assert caught.value.reason == "config_value_invalid"
    assert section in (caught.value.detail or "")


def test_production_without_a_calibration_leaves_faces_to_officers(tmp_path: Path) -> None:
    config = read_config(PRODUCTION, {}, tmp_path)
    assert proofing.open_matcher(config) is None
    assert proofing.open_liveness(config) is None
    assert proofing.proofing_policy(config) == shipped_policy("production")


def test_a_policy_of_ones_own(tmp_path: Path) -> None:
    sandbox = read_config(
        {
            "profile": "sandbox",
            "issuer": "http://localhost:8000",
            "registration": {"policy": "policy.toml"},
        },
        {},
        tmp_path,
    )
    with pytest.raises(ConfigurationError, match="policy_unreadable"):
        proofing.proofing_policy(sandbox)
    shipped = Path(proofing.parse_policy.__code__.co_filename).with_name("sandbox.toml")
    (tmp_path / "policy.toml").write_text(
        shipped.read_text("utf-8").replace("sandbox-2026-11-3", "ours-1"), "utf-8"
    )
    assert proofing.proofing_policy(sandbox).version == "ours-1"
    production = read_config(
        {**PRODUCTION, "registration": {"policy": "policy.toml"}}, {}, tmp_path
    )
    with pytest.raises(ConfigurationError, match="production_refuses"):
        proofing.proofing_policy(production)


def test_a_missing_extra_names_its_pip_line() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'hkeid\[ocr\]'"):
        proofing._need("no_such_module", "ocr")
