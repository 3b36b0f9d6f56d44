"""django-allauth's second factors, under a name that staff understand."""

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _


class SecondFactor(Authenticator):
    class Meta:
        app_label = "console"
        proxy = True
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        default_permissions = ()
