"""User studies: designs, votes, analysis, reports."""
