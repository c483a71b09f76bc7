"""The central system, OCPP 1.6J. The edge that speaks to it, and what it keeps of its own."""
