"""`loket bench`: figures, each beside a floor measured in the same run on the same machine."""
