"""`python -m aic_helpers` is the `aic` command."""

from aic_helpers.cli.main import main

if __name__ == "__main__":
    main()
