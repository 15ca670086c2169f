"""Garments and boards on a table, under one camera, in exact centimetres."""
