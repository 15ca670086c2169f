"""What goes wrong in a run, as one HTML file that needs no connection."""
