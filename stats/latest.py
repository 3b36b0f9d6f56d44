"""Groups times by moments that are known beforehand, without a time zone's rules for each row."""

import json
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Func


class Latest(Func):
    """The latest of some ascending moments that is not after a column; there must be one.

    Quicker than TruncDate on PostgreSQL where a zone has summer time (docs/performance.md).
    """

    def __init__(self, column: str, moments: list[datetime]) -> None:
        super().__init__(column, output_field=DateTimeField())
        self.moments = moments

    def as_postgresql(self, compiler: Any, _connection: Any, **_context: Any) -> tuple[str, Any]:
        column, params = compiler.compile(self.source_expressions[0])
        sql = f"(%s)[width_bucket({column}, %s)]"
        return sql, [self.moments, *params, self.moments]

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, Any]:
        column, params = compiler.compile(self.source_expressions[0])
        moments = [connection.ops.adapt_datetimefield_value(moment) for moment in self.moments]
        sql = f"(SELECT MAX(value) FROM json_each(%s) WHERE value <= {column})"  # noqa: S608
        return sql, [json.dumps(moments), *params]
