"""For relying parties: log in with eID.

::

    from hkeid.rp import RelyingParty

    rp = RelyingParty.discover("https://eid.example.hk", client_id="…", private_key="client.pem")
    login = rp.start_login(redirect_uri="https://service.example.hk/eid/callback")
    # keep login.state for this browser, send it to login.url; when it is back:
    resident = rp.finish_login(login.state, callback_url)

    asked = rp.request_signature(pdf, document_name="Tax return", redirect_uri=…)
    # show asked.code, keep asked.state, send the browser to asked.url; when it is back:
    signed = rp.finish_signature(asked.state, callback_url).pdf

    asked = rp.start_form("visit", redirect_uri=…)
    # keep asked.state, send the browser to asked.url; when it is back:
    rp.finish_form(asked.state, callback_url)["visit"].claims

    policy = VerificationPolicy(max_age=timedelta(days=730), check_methods=("vcrypt",))
    # RelyingParty(…, userinfo_algorithm="ES256", verification=policy), and with
    # claims={"userinfo": {"verified_claims": policy.request(["name", "birthdate"])}} at start_login:
    resident.verified_claims[0].claims
    rp.customer_record(resident).as_json()      # for the customer's file; verify_record reads it

Kits that do the keeping and sending: :mod:`hkeid.rp.flask` and :mod:`hkeid.rp.django`. Importing this
package brings neither a framework nor anything else that is heavy.
"""

from hkeid.rp.client import RelyingParty
from hkeid.rp.client_key import ClientKey
from hkeid.rp.customer_records import (
    KnowYourCustomerRecord,
    RecordRefused,
    VerifiedRecord,
    verify_record,
)
from hkeid.rp.errors import (
    FormNotSent,
    LoginDeclined,
    LoginFailed,
    ProviderMisbehaved,
    ProviderUnavailable,
    SignatureDeclined,
    SignatureNotTaken,
    StartAgain,
)
from hkeid.rp.form_records import FilledForm, FilledForms
from hkeid.rp.logout_tokens import LogoutToken
from hkeid.rp.records import Login, Resident, Tokens
from hkeid.rp.verified_claims import VerificationPolicy, VerifiedClaims

__all__ = [
    "ClientKey",
    "FilledForm",
    "FilledForms",
    "FormNotSent",
    "KnowYourCustomerRecord",
    "Login",
    "LoginDeclined",
    "LoginFailed",
    "LogoutToken",
    "ProviderMisbehaved",
    "ProviderUnavailable",
    "RecordRefused",
    "RelyingParty",
    "Resident",
    "SignatureDeclined",
    "SignatureNotTaken",
    "StartAgain",
    "Tokens",
    "VerificationPolicy",
    "VerifiedClaims",
    "VerifiedRecord",
    "verify_record",
]
