"""The `aic` command."""
