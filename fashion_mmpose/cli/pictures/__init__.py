"""The commands that find and measure garments in pictures, in parts or at once."""
