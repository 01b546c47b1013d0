"""E-mail addresses that stand for those that a person has yet to put: nobody gets what is sent to example.org."""

SENDER, ADDRESS = "team@example.org", "organiser@example.org"
