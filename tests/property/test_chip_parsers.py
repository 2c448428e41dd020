"""Whatever bytes a card sends: our errors or a value, and what is written reads back."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.chip import tlv
from hkeid.chip.apdu import Command, Response, parse_command, parse_response
from hkeid.chip.errors import CardMalformed
from hkeid.chip.kdf import CipherName, pad, session_keys, unpad
from hkeid.chip.object_identifiers import decode_oid, encode_oid
from hkeid.chip.secure_messaging import SecureChannel
from hkeid.kernel.errors import HkeidError
from hkeid.testing import chip_fuzz

ROOT = Path(__file__).resolve().parents[2]

tags = st.one_of(
    st.integers(0, 0xFE).filter(lambda tag: tag & 0x1F != 0x1F),
    st.integers(0x1F00, 0xFF7F).filter(
        lambda tag: (tag >> 8) & 0x1F == 0x1F and not tag & 0x80 and tag >> 8 >= 0x1F
    ),
)
commands = st.builds(
    Command,
    cla=st.integers(0, 255),
    ins=st.integers(0, 255),
    p1=st.integers(0, 255),
    p2=st.integers(0, 255),
    data=st.binary(max_size=600),
    expect=st.one_of(st.none(), st.integers(1, 65_536)),
)


@given(name=st.sampled_from(sorted(chip_fuzz.PARSERS)), data=st.binary(max_size=300))
def test_any_bytes_raise_only_our_errors(name: str, data: bytes) -> None:
    try:
        chip_fuzz.PARSERS[name](data)
    except HkeidError as error:
        assert error.reason


@given(tag=tags, value=st.binary(max_size=70_000))
def test_data_objects_read_back(tag: int, value: bytes) -> None:
    raw = tlv.encode(tag, value)
    assert tlv.parse_one(raw, tag) == tlv.Tlv(tag, value, raw)
    assert tlv.parse_all(raw + raw) == (tlv.Tlv(tag, value, raw),) * 2


@given(values=st.lists(st.tuples(tags, st.binary(max_size=40)), max_size=9))
def test_a_cut_is_noticed(values: list[tuple[int, bytes]]) -> None:
    """No proper beginning of a data object is one."""
    raw = tlv.encode(0x30, *(tlv.encode(tag, value) for tag, value in values))
    for end in range(len(raw)):
        with pytest.raises(CardMalformed):
            tlv.parse_one(raw[:end])


@given(command=commands)
def test_commands_read_back(command: Command) -> None:
    again = parse_command(command.encode())
    assert again.encode() == command.encode()
    assert (again.header, again.data, again.expect) == (
        command.header,
        command.data,
        command.expect,
    )


@given(data=st.binary(max_size=400), status=st.integers(0, 0xFFFF))
def test_responses_read_back(data: bytes, status: int) -> None:
    assert parse_response(Response(data, status).encode()) == Response(data, status)


@given(data=st.binary(max_size=64), block=st.sampled_from([8, 16]))
def test_padding_comes_off(data: bytes, block: int) -> None:
    padded = pad(data, block)
    assert len(padded) % block == 0
    assert unpad(padded, block) == data


@given(arcs=st.lists(st.integers(0, 2**40), max_size=8), second=st.integers(0, 39))
def test_object_identifiers_read_back(arcs: list[int], second: int) -> None:
    dotted = ".".join(map(str, (1, second, *arcs)))
    assert decode_oid(encode_oid(dotted)) == dotted


@given(
    cipher=st.sampled_from(CipherName),
    answer=st.binary(max_size=120),
    status=st.sampled_from([0x9000, 0x6282, 0x6988]),
)
def test_a_channel_believes_nothing_without_its_keys(
    cipher: CipherName, answer: bytes, status: int
) -> None:
    """Bytes that nobody protected are refused, and close the channel."""
    channel = SecureChannel(session_keys(b"secret", cipher))
    channel.protect(Command(ins=0xB0, expect=4))
    with pytest.raises(HkeidError):
        channel.unprotect(Response(answer, status))
    with pytest.raises(HkeidError):
        channel.protect(Command(ins=0xB0, expect=4))


@given(data=st.binary(max_size=60), seed=st.integers(0, 2**32))
def test_mutations_end(data: bytes, seed: int) -> None:
    assert isinstance(chip_fuzz.mutate(data, random.Random(seed)), bytes)


@pytest.mark.torture
def test_counted_fuzz_at_a_fiftieth(tmp_path: Path) -> None:
    report = tmp_path / "chip.json"
    script = ROOT / "scripts" / "torture_chip.py"
    command = [sys.executable, str(script), "--attempts", "2000", "--json", str(report)]
    subprocess.run(command, check=True, capture_output=True, timeout=280)
    cases: list[dict[str, Any]] = json.loads(report.read_text())["cases"]
    assert [case["name"] for case in cases] == ["chip_fuzz_tlv", "chip_fuzz_sod", "chip_fuzz_apdu"]
    assert sum(case["failures"] for case in cases) == 0
    assert sum(case["attempts"] for case in cases) >= 2000


def test_the_fuzz_finds_a_parser_that_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chip_fuzz, "PARSERS", {"broken": lambda data: data[10_000]})
    count = chip_fuzz.data_objects(20, random.Random(1))
    assert count.failures == count.attempts == 20
    assert "IndexError" in count.case()["notes"]
