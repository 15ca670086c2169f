"""Key points labelled in annotation tools."""
