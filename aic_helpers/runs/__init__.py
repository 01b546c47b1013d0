"""One model on one track: settings, steps, `result.json`, cache keys, report, notebooks."""
