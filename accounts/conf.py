"""Settings of django-allauth."""

from typing import Any

BY_NAME, BY_NETWORK = "wrong_password", "wrong_password_network"


def display_name(user: Any) -> str:
    return str(user.email or user.get_username())


ALLAUTH: dict[str, Any] = {
    "ACCOUNT_ADAPTER": "accounts.adapter.AccountAdapter",
    # Staff made by createsuperuser may have no address.
    "ACCOUNT_LOGIN_METHODS": {"email", "username"},
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
    "ACCOUNT_SESSION_REMEMBER": False,  # see SESSION_EXPIRE_AT_BROWSER_CLOSE
    "ACCOUNT_MAX_EMAIL_ADDRESSES": 1,  # one person is one address
    "ACCOUNT_EMAIL_NOTIFICATIONS": True,
    "ACCOUNT_RATE_LIMITS": {  # added to django-allauth's own limits
        "erasure": "5/h/user",
        BY_NAME: "5/5m/key",
        BY_NETWORK: "10/m/ip",
    },
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,  # seconds; signing in counts too
    "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
    "ACCOUNT_USER_DISPLAY": display_name,
    "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
    "MFA_PASSKEY_LOGIN_ENABLED": True,
    "MFA_ALLOW_UNVERIFIED_EMAIL": True,  # staff may have no address
    "MFA_TOTP_ISSUER": "ESP mail",
    "MFA_TOTP_TOLERANCE": 1,  # a clock may be half a minute wrong
    "HEADLESS_CLIENTS": ("app",),  # browsers use the pages
    "HEADLESS_SERVE_SPECIFICATION": True,
    "HEADLESS_SPECIFICATION_TEMPLATE_NAME": None,  # its viewer loads scripts from another origin
}
