"""The one expectation that Great Expectations does not have: how often each value of a column occurs."""

from typing import Any, ClassVar

from great_expectations.expectations.expectation import ColumnAggregateExpectation

from pipeline.base.errors import listed


class ExpectColumnValueCountsToEqual(ColumnAggregateExpectation):
    """Expect each value of a column in exactly the given number of rows."""

    counts: dict[int, int]
    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.value_counts",)
    success_keys: ClassVar[tuple[str, ...]] = ("counts",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        found = {int(value): int(count) for value, count in metrics["column.value_counts"].items()}
        values = sorted(found.keys() | self.counts)
        wrong = [value for value in values if found.get(value, 0) != self.counts.get(value, 0)]
        differences = [f"{value}: {found.get(value, 0):,} for {self.counts.get(value, 0):,}" for value in wrong]
        return {"success": not wrong, "result": {"observed_value": listed(differences, 10) or "as expected"}}
