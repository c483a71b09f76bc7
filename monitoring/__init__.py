"""The manufacturer's monitoring server. Not spoken to yet: this package holds its place in the architecture."""
