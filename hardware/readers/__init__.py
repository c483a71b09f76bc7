"""Card readers: their protocol, and the presence of a card."""
