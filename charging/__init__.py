"""The hub: the rules of charging, their record, and the services that everyone calls."""
