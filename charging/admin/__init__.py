"""`charging` in the console: facts read-only, asks through the services, the owner's rows as forms."""

from charging.admin import cards, connectors, id_tags, journal, profiles, security_log, sessions, settings, wishes

__all__ = ["cards", "connectors", "id_tags", "journal", "profiles", "security_log", "sessions", "settings", "wishes"]
