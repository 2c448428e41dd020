"""Words of logout tokens and front-channel logout, which both sides say."""

from __future__ import annotations

from typing import Final

LOGOUT_TOKEN_TYPE: Final = "logout+jwt"
"""``typ`` of a logout token (OpenID Connect Back-Channel Logout §2.4): nobody takes it for an ID token."""

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
"""The member of ``events`` that makes a token a logout token (Back-Channel Logout §2.4)."""
