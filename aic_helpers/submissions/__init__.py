"""Teams' e-mails, the organiser's ledger, judging, the leaderboard."""
