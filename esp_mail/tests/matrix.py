"""Which role gets past the door of which address, by which method."""

EDITORS = {"editor", "superuser"}
MANAGERS = EDITORS | {"manager"}
STAFF = MANAGERS | {"viewer"}
APPS = {"player's app", "editor's app"}
ALL_ROLES = STAFF | APPS | {"anonymous", "player", "read token", "write token"}
WHO: dict[str, set[str]] = {
    "-": set(),
    "all": ALL_ROLES,
    "no-staff": ALL_ROLES - STAFF,
    "no-player": ALL_ROLES - {"player"},
    "session": STAFF | {"player"},
    "player": {"player"},
    "players": {"player", "player's app"},
    "app": APPS,
    "staff": STAFF,
    "managers": MANAGERS,
    "editors": EDITORS,
    "superuser": {"superuser"},
    "readers": STAFF | {"read token", "write token", "editor's app"},
    "auditors": MANAGERS | {"read token", "write token", "editor's app"},
    "writers": EDITORS | {"write token", "editor's app"},
}
# Let in is who gets any answer but 401, 403, 404, 405, 409 and a redirect to the login; also the
# admin's redirect which says that there is no such thing.
TABLE = r"""
GET       POST      PUT       PATCH     DELETE    address
-         all       -         -         -         api/^verification_mail/?$
-         -         -         -         -         api/^play_keys/?$
all       -         -         -         -         (empty)
-         -         -         -         -         embed/
all       -         -         -         -         brand-<slug:version>.css
all       all       all       all       all       language/
-         -         -         -         -         ^(?P<name>verification-mail[a-z-]*\.(js|d\.ts))$
-         -         -         -         -         ^verification-mail/(?P<version>[0-9a-f]{12})/(?P<name>verification-mail[a-z-]*\.js)$
all       -         -         -         -         verification-mail.json
-         -         -         -         -         consent/<str:key>/
staff     -         -         -         -         admin/overview/days.csv
staff     -         -         -         -         admin/overview/hours.csv
staff     staff     staff     staff     staff     admin/search/
staff     staff     staff     staff     staff     admin/
no-player no-player no-player staff     staff     admin/login/
no-staff  all       no-staff  no-staff  no-staff  admin/logout/
staff     staff     staff     -         -         admin/password_change/
staff     -         -         -         -         admin/password_change/done/
-         -         -         -         -         admin/autocomplete/
staff     -         -         -         -         admin/jsi18n/
-         -         -         -         -         admin/r/<path:content_type_id>/<path:object_id>/
superuser superuser superuser superuser superuser admin/games/erasure/
-         -         -         -         -         admin/games/erasure/add/
superuser superuser superuser superuser superuser admin/games/erasure/<path:object_id>/history/
-         -         -         -         -         admin/games/erasure/<path:object_id>/delete/
superuser -         superuser superuser superuser admin/games/erasure/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/games/erasure/<path:object_id>/
superuser superuser superuser superuser superuser admin/admin/logentry/
-         -         -         -         -         admin/admin/logentry/add/
superuser superuser superuser superuser superuser admin/admin/logentry/<path:object_id>/history/
-         -         -         -         -         admin/admin/logentry/<path:object_id>/delete/
superuser -         superuser superuser superuser admin/admin/logentry/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/admin/logentry/<path:object_id>/
superuser superuser superuser superuser superuser admin/esp/mockcontact/
superuser superuser superuser superuser superuser admin/esp/mockcontact/add/
superuser superuser superuser superuser superuser admin/esp/mockcontact/<path:object_id>/history/
superuser superuser superuser superuser superuser admin/esp/mockcontact/<path:object_id>/delete/
superuser superuser superuser superuser superuser admin/esp/mockcontact/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/esp/mockcontact/<path:object_id>/
staff     staff     staff     staff     staff     admin/console/draw/
managers  managers  managers  managers  managers  admin/console/draw/add/
-         -         -         -         -         admin/console/draw/export/
staff     staff     staff     staff     staff     admin/console/draw/<path:object_id>/history/
-         -         -         -         -         admin/console/draw/<path:object_id>/delete/
staff     managers  staff     staff     staff     admin/console/draw/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/console/draw/<path:object_id>/
managers  managers  managers  managers  managers  admin/console/importjob/
-         -         -         -         -         admin/console/importjob/add/
managers  managers  managers  managers  managers  admin/console/importjob/<int:pk>/left-out.csv
managers  managers  managers  managers  managers  admin/console/importjob/<path:object_id>/history/
-         -         -         -         -         admin/console/importjob/<path:object_id>/delete/
managers  managers  managers  managers  managers  admin/console/importjob/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/console/importjob/<path:object_id>/
managers  managers  managers  managers  managers  admin/games/consenttext/
superuser superuser superuser superuser superuser admin/games/consenttext/add/
managers  managers  managers  managers  managers  admin/games/consenttext/<path:object_id>/history/
-         -         -         -         -         admin/games/consenttext/<path:object_id>/delete/
managers  -         managers  managers  managers  admin/games/consenttext/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/games/consenttext/<path:object_id>/
managers  managers  managers  managers  managers  admin/games/consent/export/
managers  managers  managers  managers  managers  admin/games/consent/
-         -         -         -         -         admin/games/consent/add/
managers  managers  managers  managers  managers  admin/games/consent/<path:object_id>/history/
-         -         -         -         -         admin/games/consent/<path:object_id>/delete/
managers  -         managers  managers  managers  admin/games/consent/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/games/consent/<path:object_id>/
managers  managers  managers  managers  managers  admin/games/consentproof/export/
managers  managers  managers  managers  managers  admin/games/consentproof/
-         -         -         -         -         admin/games/consentproof/add/
managers  managers  managers  managers  managers  admin/games/consentproof/<path:object_id>/history/
-         -         -         -         -         admin/games/consentproof/<path:object_id>/delete/
managers  -         managers  managers  managers  admin/games/consentproof/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/games/consentproof/<path:object_id>/
managers  managers  managers  managers  managers  admin/games/play/export/
staff     staff     staff     staff     staff     admin/games/play/
-         -         -         -         -         admin/games/play/add/
staff     staff     staff     staff     staff     admin/games/play/<path:object_id>/history/
-         -         -         -         -         admin/games/play/<path:object_id>/delete/
staff     -         staff     staff     staff     admin/games/play/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/games/play/<path:object_id>/
superuser superuser superuser superuser superuser admin/games/game/person/
superuser superuser superuser superuser superuser admin/games/game/person/erase/
superuser superuser superuser superuser superuser admin/games/game/person/<int:pk>/
superuser superuser superuser superuser superuser admin/games/game/person/<int:pk>/json/
superuser superuser superuser superuser superuser admin/games/game/person/<int:pk>/consents/
managers  managers  managers  managers  managers  admin/games/game/import/
managers  managers  managers  managers  managers  admin/games/game/export/
staff     staff     staff     staff     staff     admin/games/game/
editors   editors   editors   editors   editors   admin/games/game/add/
staff     staff     staff     staff     staff     admin/games/game/<path:object_id>/history/
-         -         -         -         -         admin/games/game/<path:object_id>/delete/
staff     -         staff     staff     staff     admin/games/game/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/games/game/<path:object_id>/
superuser superuser superuser superuser superuser admin/auth/user/<id>/password/
superuser superuser superuser superuser superuser admin/auth/user/
superuser superuser superuser superuser superuser admin/auth/user/add/
superuser superuser superuser superuser superuser admin/auth/user/<path:object_id>/history/
superuser superuser superuser superuser superuser admin/auth/user/<path:object_id>/delete/
superuser superuser superuser superuser superuser admin/auth/user/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/auth/user/<path:object_id>/
superuser superuser superuser superuser superuser admin/auth/group/
superuser superuser superuser superuser superuser admin/auth/group/add/
superuser superuser superuser superuser superuser admin/auth/group/<path:object_id>/history/
superuser superuser superuser superuser superuser admin/auth/group/<path:object_id>/delete/
superuser superuser superuser superuser superuser admin/auth/group/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/auth/group/<path:object_id>/
superuser superuser superuser superuser superuser admin/accounts/token/
superuser superuser superuser superuser superuser admin/accounts/token/add/
staff     staff     staff     staff     staff     admin/accounts/token/<path:object_id>/history/
superuser superuser superuser superuser superuser admin/accounts/token/<path:object_id>/delete/
superuser -         superuser superuser superuser admin/accounts/token/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/accounts/token/<path:object_id>/
superuser superuser superuser superuser superuser admin/console/secondfactor/
-         -         -         -         -         admin/console/secondfactor/add/
superuser superuser superuser superuser superuser admin/console/secondfactor/<path:object_id>/history/
superuser superuser superuser superuser superuser admin/console/secondfactor/<path:object_id>/delete/
superuser -         superuser superuser superuser admin/console/secondfactor/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/console/secondfactor/<path:object_id>/
superuser superuser superuser superuser superuser admin/account/emailaddress/
-         -         -         -         -         admin/account/emailaddress/add/
superuser superuser superuser superuser superuser admin/account/emailaddress/<path:object_id>/history/
-         -         -         -         -         admin/account/emailaddress/<path:object_id>/delete/
superuser -         superuser superuser superuser admin/account/emailaddress/<path:object_id>/change/
staff     staff     staff     staff     staff     admin/account/emailaddress/<path:object_id>/
staff     staff     staff     staff     staff     admin/^(?P<app_label>games|admin|esp|console|auth|accounts|account)/$
-         -         -         -         -         admin/(?P<url>.*)$
session   player    -         -         -         accounts/
-         -         -         -         -         accounts/erasure/<str:key>/
session   session   session   session   session   accounts/email/
all       all       all       session   session   accounts/login/
all       all       -         -         -         accounts/logout/
all       -         -         -         -         accounts/inactive/
all       all       all       session   session   accounts/signup/
-         -         -         -         -         accounts/reauthenticate/
all       -         -         -         -         accounts/confirm-email/
session   session   session   session   session   accounts/password/change/
session   session   session   -         -         accounts/password/set/
all       all       all       -         -         accounts/password/reset/
session   session   session   session   session   accounts/login/code/confirm/
-         -         -         -         -         accounts/^confirm-email/(?P<key>[-:\w]+)/$
all       -         -         -         -         accounts/password/reset/key/done/
-         -         -         -         -         accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$
all       -         -         -         -         accounts/password/reset/done/
session   -         -         -         -         accounts/2fa/
session   session   session   session   session   accounts/2fa/authenticate/
-         -         -         -         -         accounts/2fa/reauthenticate/
session   session   session   -         -         accounts/2fa/totp/activate/
-         -         -         -         -         accounts/2fa/totp/deactivate/
-         -         -         -         -         accounts/2fa/recovery-codes/
session   session   session   -         -         accounts/2fa/recovery-codes/generate/
-         -         -         -         -         accounts/2fa/recovery-codes/download/
session   -         -         -         -         accounts/2fa/webauthn/
session   session   session   -         -         accounts/2fa/webauthn/add/
-         -         -         -         -         accounts/2fa/webauthn/reauthenticate/
-         -         -         -         -         accounts/2fa/webauthn/keys/<int:pk>/remove/
-         -         -         -         -         accounts/2fa/webauthn/keys/<int:pk>/edit/
all       session   session   session   session   accounts/2fa/webauthn/login/
all       -         -         -         -         api/schema/
all       -         -         -         -         api/docs/
readers   writers   -         -         -         api/^games/$
readers   -         -         -         -         api/^games/stats/$
readers   -         -         writers   writers   api/^games/(?P<pk>[0-9]{1,18})/$
readers   -         -         -         -         api/^games/(?P<pk>[0-9]{1,18})/plays/$
auditors  -         -         -         -         api/^games/(?P<pk>[0-9]{1,18})/consents/$
players   -         -         -         -         api/me/
players   -         -         -         -         api/me/plays/
players   -         -         -         -         api/me/export/
-         players   -         -         -         api/me/erasure/
-         -         -         -         -         api/auth/^.*/phone
all       -         -         -         -         api/auth/app/v1/config
app       -         -         -         -         api/auth/app/v1/auth/session
-         app       app       app       app       api/auth/app/v1/auth/reauthenticate
-         -         -         -         -         api/auth/app/v1/auth/code/confirm
-         all       all       all       all       api/auth/app/v1/auth/password/request
all       all       all       all       all       api/auth/app/v1/auth/password/reset
-         all       all       all       all       api/auth/app/v1/auth/login
-         all       -         -         -         api/auth/app/v1/auth/signup
all       all       all       all       all       api/auth/app/v1/auth/email/verify
-         -         -         -         -         api/auth/app/v1/auth/email/verify/resend
-         -         -         -         -         api/auth/app/v1/auth/phone/verify
-         -         -         -         -         api/auth/app/v1/auth/phone/verify/resend
-         app       app       app       app       api/auth/app/v1/account/password/change
app       app       app       app       app       api/auth/app/v1/account/email
-         -         -         -         -         api/auth/app/v1/account/phone
-         -         -         -         -         api/auth/app/v1/auth/2fa/authenticate
-         app       app       app       app       api/auth/app/v1/auth/2fa/reauthenticate
app       -         -         -         -         api/auth/app/v1/account/authenticators
-         app       -         -         app       api/auth/app/v1/account/authenticators/totp
-         app       app       app       app       api/auth/app/v1/account/authenticators/recovery-codes
app       app       app       -         app       api/auth/app/v1/account/authenticators/webauthn
-         -         -         -         -         api/auth/app/v1/auth/webauthn/authenticate
app       app       -         -         -         api/auth/app/v1/auth/webauthn/reauthenticate
all       all       -         -         -         api/auth/app/v1/auth/webauthn/login
-         all       all       all       all       api/auth/app/v1/tokens/refresh
all       -         -         -         -         api/auth/openapi.yaml
all       -         -         -         -         api/auth/openapi.json
all       all       all       all       all       ^docs/?$
all       -         -         -         -         robots.txt
all       all       all       all       all       favicon.ico
"""  # noqa: E501


def expected() -> dict[str, dict[str, set[str]]]:
    """Return the roles that are let in, by pattern and method."""
    header, *lines = [line.split() for line in TABLE.strip().splitlines()]
    methods = header[:-1]
    return {
        pattern.replace("(empty)", ""): dict(
            zip(methods, (WHO[name] for name in names), strict=True)
        )
        for *names, pattern in lines
    }
