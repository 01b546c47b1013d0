"""Worker processes with limits on time and memory, shut in where a stranger's network runs."""
