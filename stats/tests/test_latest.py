"""`Latest` on SQLite; the tests of the figures cover it on PostgreSQL."""

from datetime import UTC, datetime

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from games.models import Play
from stats.latest import Latest

pytestmark = pytest.mark.django_db


def test_latest_moment_that_is_not_after_the_column(sqlite: BaseDatabaseWrapper) -> None:
    moments = [datetime(2026, 5, day, 22, tzinfo=UTC) for day in (1, 2, 3)]
    times = [moments[0], datetime(2026, 5, 3, 21, 59, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)]
    plays = Play.objects.order_by().annotate(at=Latest("played_at", moments)).values_list("at")
    statement = plays.query.get_compiler(connection=sqlite).as_sql()
    with sqlite.cursor() as cursor:
        cursor.execute("CREATE TABLE games_play (played_at datetime)")
        for time in times:
            value = sqlite.ops.adapt_datetimefield_value(time)
            cursor.execute("INSERT INTO games_play VALUES (%s)", [value])
        cursor.execute(*statement)
        found = [value for (value,) in cursor.fetchall()]
    assert found == ["2026-05-01 22:00:00", "2026-05-02 22:00:00", "2026-05-03 22:00:00"]
