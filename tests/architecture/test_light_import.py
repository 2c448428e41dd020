"""A relying party pays for what it uses (law 8): time, memory, modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "flask",
    "django",
    "sqlalchemy",
    "requests",
    "saml2",
    "pyhanko",
    "fido2",
    "smartcard",
    "deepface",
)

_MEASURE = """
import resource, sys
{code}
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, *sorted(sys.modules))
"""

# What a first login loads besides: signatures, HTTP, TLS.
_FIRST_LOGIN = "import hkeid.rp, hkeid.jose.jwt, hkeid.jose.signatures, http.client, ssl"


def _run(code: str) -> tuple[float, float, set[str]]:
    """CPU milliseconds, MiB at most, and modules of a fresh interpreter."""
    out = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(code=code)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return float(out[0]) * 1000, float(out[1]) / 1024, set(out[2:])


def _cost(code: str) -> tuple[float, float]:
    """The least of several runs above bare Python: a busy machine only adds."""
    bare = [_run("pass") for _ in range(5)]
    full = [_run(code) for _ in range(5)]
    return (
        min(one[0] for one in full) - min(one[0] for one in bare),
        min(one[1] for one in full) - min(one[1] for one in bare),
    )


@pytest.mark.parametrize("code", ["import hkeid.rp", _FIRST_LOGIN], ids=["import", "first_login"])
def test_the_budget_of_importing_holds(code: str) -> None:
    """Time goes by the machine: it is held against what the libraries underneath cost anyway."""
    milliseconds, mebibytes = _cost(code)
    underneath, _ = _cost("import joserfc.jwt, http.client, ssl, urllib.parse, typing, dataclasses")
    assert milliseconds <= 3 * underneath
    assert mebibytes <= 30


@pytest.mark.parametrize("code", ["import hkeid.rp", _FIRST_LOGIN], ids=["import", "first_login"])
def test_nothing_heavy_is_loaded(code: str) -> None:
    loaded = {name.partition(".")[0] for name in _run(code)[2]}
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(("kit", "other"), [("flask", "django"), ("django", "flask")])
def test_a_kit_brings_only_its_own_framework(kit: str, other: str) -> None:
    loaded = {name.partition(".")[0] for name in _run(f"import hkeid.rp.{kit}")[2]}
    assert kit in loaded
    assert not loaded & (set(HEAVY) - {kit}), other


@pytest.mark.parametrize(
    ("module", "extra", "code"),
    [
        ("flask", "flask", "import hkeid.rp.flask"),
        ("django", "django", "import hkeid.rp.django"),
        ("fido2", "testing", "import hkeid.testing.authenticator"),
        ("sqlalchemy", "sql", "import hkeid.adapters.sql"),
        ("sqlalchemy", "sql", "from hkeid.adapters.vault import SqlVault"),
        ("psycopg", "postgresql", "import hkeid.adapters.sql.postgresql"),
        ("asn1crypto", "chip", "import hkeid.chip.trust"),
        ("lxml", "saml", "import hkeid.saml.dsig"),
        ("lxml", "saml", "import hkeid.testing.saml_attacks"),
        ("pyhanko", "signing", "import hkeid.adapters.pdf.signing_engine"),
        ("pikepdf", "signing", "import hkeid.adapters.pdf.signing_engine"),
        ("fontTools", "signing", "import hkeid.adapters.pdf.stamps"),
        ("segno", "signing", "import hkeid.adapters.pdf.stamps"),
        ("pikepdf", "signing", "import hkeid.testing.papers"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(module: str, extra: str, code: str) -> None:
    _run(
        f"import sys; sys.modules[{module!r}] = None\n"
        f"try:\n    {code}\n"
        "except ImportError as error:\n    assert 'pip install' in str(error), error\n"
        f"    assert 'hkeid[{extra}]' in str(error), error\n"
        "else:\n    raise SystemExit('it loaded')"
    )


@pytest.mark.parametrize("module", ["click", "sqlalchemy", "babel"])
def test_the_command_says_what_it_lacks(module: str, tmp_path: Path) -> None:
    hide = f"import sys; sys.modules[{module!r}] = None\n"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{hide}from hkeid_server.cli import main\nmain(['init', '--sandbox'])",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode
    assert "pip install 'hkeid[" in done.stderr
    assert "Traceback" not in done.stderr
