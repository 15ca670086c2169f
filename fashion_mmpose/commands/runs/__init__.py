"""From the options of a command line to a run, and from a run to its report."""
