"""Clients of random consent histories: made up, and registered as the model says."""

from __future__ import annotations

from random import Random as Dice
from typing import Final

from hkeid.doors.relying_party import DataForm, DirectMarketing, MarketingChannel
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.testing.consent_model import ADVERTISING, ModelClient, ModelPurpose

CLAIMS: Final = ("name", "family_name", "birthdate", "gender", "hkic_number")
PURPOSES: Final = ("", "visit", "member", ADVERTISING)
_TERMS: Final = {"": (None,), "visit": (0, 1, 30), "member": (7, 365), ADVERTISING: (None,)}


def new_client(dice: Dice) -> ModelClient:
    """A client with some of the purposes, some of the claims, and either of two reasons."""
    purposes = {}
    for purpose in PURPOSES:
        if purpose and dice.random() < 0.15:
            continue
        claims = [one for one in CLAIMS if dice.random() < 0.75] or ["name"]
        why = dice.choice(("delivery", "age check"))
        always = purpose == ADVERTISING
        purposes[purpose] = ModelPurpose(
            wording={
                one: (
                    why if purpose else dice.choice(("delivery", "age check")),
                    always or dice.random() < 0.4,
                )
                for one in claims
            },
            days=dice.choice(_TERMS[purpose]),
        )
    return ModelClient(purposes=purposes)


def registered(client: str, model: ModelClient) -> Client:
    """The client of the model as the registry has it."""
    login = model.purposes[""]
    advertising = model.purposes.get(ADVERTISING)
    return Client(
        id=client,
        name={"en": client},
        redirect_uris=(f"https://{client}.example/callback",),
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        sector_identifier=f"{client}.example",
        claims={claim: {"en": why} for claim, (why, _) in login.wording.items()},
        voluntary_claims=tuple(claim for claim, (_, may) in login.wording.items() if may),
        forms=tuple(
            _form(purpose, found)
            for purpose, found in model.purposes.items()
            if purpose not in ("", ADVERTISING)
        ),
        direct_marketing=None if advertising is None else _marketing(advertising),
        enabled=model.enabled,
    )


def _form(purpose: str, model: ModelPurpose) -> DataForm:
    return DataForm(
        id=purpose,
        name={"en": purpose},
        purpose={"en": next(iter(model.wording.values()))[0]},
        required=tuple(claim for claim, (_, may) in model.wording.items() if not may),
        voluntary=tuple(claim for claim, (_, may) in model.wording.items() if may),
        keeps_for=model.days or None,
    )


def _marketing(model: ModelPurpose) -> DirectMarketing:
    return DirectMarketing(
        goods={"en": next(iter(model.wording.values()))[0]},
        channels=(MarketingChannel.EMAIL,),
        claims=tuple(model.wording),
    )
