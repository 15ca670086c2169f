"""What tells centimetres: things of known size, the lens, and the plane they lie on."""
