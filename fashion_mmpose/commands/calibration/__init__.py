"""The command `calibrate`: gather errors, fit, tell and draw how good the fit is."""
