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

Kits that do the keeping and sending: :mod:`hkeid.rp.flask` and :mod:`hkeid.rp.django`. Importing this
package brings neither a framework nor anything else that is heavy.
"""

from hkeid.rp.client import RelyingParty
from hkeid.rp.client_key import ClientKey
from hkeid.rp.errors import (
    LoginDeclined,
    LoginFailed,
    ProviderMisbehaved,
    ProviderUnavailable,
    SignatureDeclined,
    SignatureNotTaken,
    StartAgain,
)
from hkeid.rp.logout_tokens import LogoutToken
from hkeid.rp.records import Login, Resident, Tokens

__all__ = [
    "ClientKey",
    "Login",
    "LoginDeclined",
    "LoginFailed",
    "LogoutToken",
    "ProviderMisbehaved",
    "ProviderUnavailable",
    "RelyingParty",
    "Resident",
    "SignatureDeclined",
    "SignatureNotTaken",
    "StartAgain",
    "Tokens",
]
