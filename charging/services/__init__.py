"""The one door: whoever wants something of the station calls a function of this package."""

from charging.security_log import LogBreak, security_event, security_log_broken, security_log_lines
from charging.services.answer import Answer
from charging.services.asking import (
    acknowledge_faults,
    change_settings,
    raise_fault,
    release_cable,
    set_availability,
    stop,
)
from charging.services.boards import BoardOfConnectors, boards, firmware_read_back
from charging.services.cards import (
    authorization_answered,
    authorization_unanswered,
    card_presented,
    cards_to_ask,
    learn_card,
)
from charging.services.central_link import central_system_configured, central_system_link
from charging.services.commissioning import (
    FoundConnector,
    confirm_replacement,
    connectors_found,
    power_returned,
    surroundings_found,
)
from charging.services.dating import time_told
from charging.services.emergency import acknowledge, emergency_stop, latch_emergency, switch_off
from charging.services.id_tag_info import clear_cache, id_tag_told
from charging.services.local_list import ListEntry, local_list_version, send_local_list
from charging.services.measuring import measured_now, meter_values_wanted
from charging.services.memory import memory_checked
from charging.services.placing import choose_card
from charging.services.profiles import composite_schedule, has_connector, profile_set, profiles_cleared
from charging.services.reserving import cancel_reservation, reserve
from charging.services.resetting import reset, reset_begins, reset_failed, reset_in_hand, reset_step
from charging.services.screen import screen_started_again
from charging.services.sharing import SitePower
from charging.services.starting import start
from charging.services.station_turn import StationTurn, station_turn
from charging.services.transactions import transaction_confirmed, transaction_of
from charging.services.wishing import wish, wish_ended, wish_moved, wishes

__all__ = [
    "Answer",
    "BoardOfConnectors",
    "FoundConnector",
    "ListEntry",
    "LogBreak",
    "SitePower",
    "StationTurn",
    "acknowledge",
    "acknowledge_faults",
    "authorization_answered",
    "authorization_unanswered",
    "boards",
    "cancel_reservation",
    "card_presented",
    "cards_to_ask",
    "central_system_configured",
    "central_system_link",
    "change_settings",
    "choose_card",
    "clear_cache",
    "composite_schedule",
    "confirm_replacement",
    "connectors_found",
    "emergency_stop",
    "firmware_read_back",
    "has_connector",
    "id_tag_told",
    "latch_emergency",
    "learn_card",
    "local_list_version",
    "measured_now",
    "memory_checked",
    "meter_values_wanted",
    "power_returned",
    "profile_set",
    "profiles_cleared",
    "raise_fault",
    "release_cable",
    "reserve",
    "reset",
    "reset_begins",
    "reset_failed",
    "reset_in_hand",
    "reset_step",
    "screen_started_again",
    "security_event",
    "security_log_broken",
    "security_log_lines",
    "send_local_list",
    "set_availability",
    "start",
    "station_turn",
    "stop",
    "surroundings_found",
    "switch_off",
    "time_told",
    "transaction_confirmed",
    "transaction_of",
    "wish",
    "wish_ended",
    "wish_moved",
    "wishes",
]
