"""The card's group arithmetic: two ways to multiply, one result; what is no member is refused."""

from __future__ import annotations

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.chip.domain_parameters import CURVES, MODP_GROUPS, standardised_parameters
from hkeid.testing.virtual_card.groups import Curve, Modp, add, multiply, multiply_in_python


@pytest.mark.parametrize("name", CURVES)
def test_both_ways_to_multiply_agree(name: str) -> None:
    curve = Curve.standard(CURVES[name])
    domain = curve.domain
    point = curve.decode(curve.public_key(curve.private_key(SystemRandom())))
    for scalar in (1, 2, 3, domain.n - 2, domain.n - 1, curve.private_key(SystemRandom())):
        assert multiply(scalar, point, domain) == multiply_in_python(scalar, point, domain)
    assert multiply(domain.n, point, domain) is None
    assert multiply(domain.n + 1, point, domain) == point
    assert add(point, (point[0], domain.p - point[1]), domain) is None
    assert add(point, point, domain) == multiply(2, point, domain)


@pytest.mark.parametrize("name", CURVES)
def test_both_sides_of_an_agreement_come_to_the_same(name: str) -> None:
    curve = Curve.standard(CURVES[name])
    one, two = (curve.private_key(SystemRandom()) for _ in range(2))
    assert curve.agree(one, curve.public_key(two)) == curve.agree(two, curve.public_key(one))


@pytest.mark.parametrize("name", CURVES)
def test_points_that_are_none(name: str) -> None:
    curve = Curve.standard(CURVES[name])
    good = curve.public_key(5)
    for bad in (b"", good[:-1], b"\x02" + good[1:], good[:-1] + bytes([good[-1] ^ 1])):
        with pytest.raises(ValueError, match=r"point format|off curve"):
            curve.decode(bad)


@pytest.mark.parametrize("domain", MODP_GROUPS, ids=lambda one: one.name)
def test_numbers_that_are_no_members(domain: object) -> None:
    group = Modp.standard(domain)  # type: ignore[arg-type]
    width = group.domain.field_bytes
    for bad in (0, 1, group.domain.p - 1, group.domain.p, 2 if width == 128 else 3):
        if bad in {2, 3} and pow(bad, group.domain.q, group.domain.p) == 1:
            continue
        with pytest.raises(ValueError, match=r"out of range|not in the subgroup"):
            group.decode(bad.to_bytes(width, "big"))


def test_the_table_of_doc_9303() -> None:
    """Doc 9303-11 §9.5.1, table 6."""
    assert [one.parameter_id for one in MODP_GROUPS] == [0, 1, 2]
    for number in (8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18):
        found = standardised_parameters(number)
        assert found is not None
        assert found.parameter_id == number
    for number in (-1, 3, 7, 19, 31):
        assert standardised_parameters(number) is None
    for curve in CURVES.values():
        assert curve.contains(curve.gx, curve.gy)
    for group in MODP_GROUPS:
        assert pow(group.g, group.q, group.p) == 1
