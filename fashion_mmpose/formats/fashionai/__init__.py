"""Files of the FashionAI challenge: its CSV form, its folders, its submissions."""
