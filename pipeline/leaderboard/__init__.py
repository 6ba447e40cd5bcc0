"""The methods side by side: each scored once on test, its choices made on validation, its cost beside it."""
