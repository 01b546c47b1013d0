"""Many models side by side: specs, execution here or on a cluster, standings, reports."""
