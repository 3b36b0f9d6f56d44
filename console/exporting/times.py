"""Times by the site's clock, as an export writes them."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import get_language

# In text, and in the cells of a spreadsheet. Excel reads the first in each of its languages;
# 05/01 would be May in New York and January in London.
UNAMBIGUOUS = ("%Y-%m-%d %H:%M:%S", "yyyy-mm-dd hh:mm:ss")
CUSTOMARY = {"ru": ("%d.%m.%Y %H:%M:%S", "dd.mm.yyyy hh:mm:ss")}


def date_format() -> tuple[str, str]:
    return CUSTOMARY.get(get_language() or "", UNAMBIGUOUS)


def iso(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat()


def clock_time(moment: datetime) -> tuple[datetime, str]:
    """Return what the clock showed, to the second, and the offset if it showed that twice."""
    local = timezone.localtime(moment).replace(microsecond=0)
    other = local.replace(fold=1 - local.fold)
    is_shown_twice = local.utcoffset() != other.utcoffset()
    return local.replace(tzinfo=None), local.isoformat()[19:] if is_shown_twice else ""
