"""The one expectation that Great Expectations does not have: how often each value of a column occurs."""

from typing import Any, ClassVar

from great_expectations.expectations.expectation import ColumnAggregateExpectation

from pipeline.base.errors import listed


class ExpectColumnValueCountsToEqual(ColumnAggregateExpectation):
    """Expect each value of a column in exactly the given number of rows, or in `counts` to `most` rows."""

    counts: dict[int, int]
    most: dict[int, int] | None = None
    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.value_counts",)
    success_keys: ClassVar[tuple[str, ...]] = ("counts", "most")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        found = {int(value): int(count) for value, count in metrics["column.value_counts"].items()}
        differences = []
        for value in sorted(found.keys() | self.counts):
            count, least, most = (
                counts.get(value, 0) for counts in (found, self.counts, self.most or self.counts)
            )
            if not least <= count <= most:
                expected = f"{least:,}" if least == most else f"{least:,} to {most:,}"
                differences.append(f"{value}: {count:,} for {expected}")
        return {"success": not differences, "result": {"observed_value": listed(differences, 10) or "as expected"}}
