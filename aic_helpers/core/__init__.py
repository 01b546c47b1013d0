"""What everything else stands on: tracks, scores, statistics, files, errors. Neither TensorFlow nor matplotlib."""
