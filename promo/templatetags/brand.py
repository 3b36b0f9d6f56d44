"""`{% get_brand as brand %}`: a tag, since pages of errors are rendered without a request."""

from django import template
from django.conf import settings

from promo.brand import Brand

register = template.Library()


@register.simple_tag
def get_brand() -> Brand:
    return settings.BRAND
