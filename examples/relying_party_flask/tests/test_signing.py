"""A declaration with two signatures, with a provider that lives in the test."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from hkeid.testing.fake_provider import AccountHolder, FakeProvider
from hkeid.testing.fake_signing import FakeSigning

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from relying_party_flask.settings import Settings

from relying_party_flask import create_app

ISSUER = "http://localhost:8000"
BASE = "http://localhost:5001"
CHAN = AccountHolder(claims={"name": "CHAN, Tai Man"})
LEE = AccountHolder(sub="another-fictional-resident")


@pytest.fixture
def signing() -> FakeSigning:
    return FakeSigning(FakeProvider(ISSUER, client_id="hko-suggestions"), sub=CHAN.sub)


@pytest.fixture
def app(signing: FakeSigning) -> Any:
    settings = Settings(
        issuer=ISSUER,
        client_id="hko-suggestions",
        private_key="",
        base_url=BASE,
        secret_key="a secret of enough characters",
    )
    return create_app(settings, http=signing, private_key=None)


def visitor(app: Any, signing: FakeSigning, person: AccountHolder) -> Any:
    client = app.test_client()
    begun = client.get("/eid/login?next=/suggestion")
    client.get(signing.provider.log_in(begun.headers["Location"], person).removeprefix(BASE))
    return client


def token(html: str) -> str:
    return re.findall(r'name="eid_form" value="([^"]+)"', html)[-1]


def declaration(client: Any) -> str:
    """A suggestion with its declaration; the address of the latter."""
    fields = {"eid_form": token(client.get("/suggestion").text), "topic": "rain", "message": "雨"}
    thanks = client.get(client.post("/suggestion", data=fields).headers["Location"]).text
    return re.search(r'id="declare" href="([^"]+)"', thanks)[1]  # type: ignore[index]


def asked(client: Any, address: str) -> str:
    page = client.get(address).text
    answer = client.post(f"{address}/sign", data={"eid_form": token(page)})
    assert answer.status_code == 200, answer.text
    assert ">K7WM<" in answer.text
    return re.search(r'id="go-sign" href="([^"]+)"', answer.text)[1]  # type: ignore[index]


def test_declarant_and_witness_sign(app: Any, signing: FakeSigning) -> None:
    chan = visitor(app, signing, CHAN)
    address = declaration(chan)
    empty = chan.get(f"{address}/file.pdf").data
    back = chan.get(signing.sign(asked(chan, address)).removeprefix(BASE))
    assert back.headers["Location"] == address
    page = chan.get(address).text
    assert 'id="signed"' in page
    once = chan.get(f"{address}/file.pdf").data
    assert once.startswith(empty)
    witness_address = re.search(r'id="witness-link" href="([^"]+)"', page)[1]  # type: ignore[index]

    lee = visitor(app, signing, LEE)
    signing.sub = LEE.sub
    assert lee.get(address).status_code == 404, "it is not theirs"
    back = lee.get(signing.sign(asked(lee, witness_address)).removeprefix(BASE))
    assert back.headers["Location"] == witness_address
    assert lee.get(f"{witness_address}/file.pdf").data.startswith(once)


def test_signing_twice_or_out_of_order_is_refused(app: Any, signing: FakeSigning) -> None:
    chan = visitor(app, signing, CHAN)
    address = declaration(chan)
    form = {"eid_form": token(chan.get(address).text)}
    one, other = asked(chan, address), asked(chan, address)
    chan.get(signing.sign(one).removeprefix(BASE))
    assert chan.get(signing.sign(other).removeprefix(BASE)).status_code == 409
    assert chan.post(f"{address}/sign", data=form).status_code == 409
    assert chan.post(f"{address}/sign", data={"eid_form": "x"}).status_code == 400
    assert chan.get("/witness/nobody").status_code == 404


def test_a_refusal_leads_back_to_the_declaration(app: Any, signing: FakeSigning) -> None:
    chan = visitor(app, signing, CHAN)
    address = declaration(chan)
    page = chan.get(address).text
    answer = chan.post(
        f"{address}/sign", data={"eid_form": token(page)}, headers={"Referer": BASE + address}
    )
    url = re.search(r'id="go-sign" href="([^"]+)"', answer.text)[1]  # type: ignore[index]
    refused = chan.get(signing.refuse(url).removeprefix(BASE))
    assert refused.status_code == 403
    assert f'href="{address}"' in refused.text
