"""Model cards and bills of materials: what they say, and what they leave out. Pure."""
