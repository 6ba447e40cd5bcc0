"""The methods side by side: each is scored once on test, chosen by validation, and shown with its costs."""
