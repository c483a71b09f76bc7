"""Facts in the console: no add, no change, no delete, and lists that open fast however long they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

M = TypeVar("M", bound=Model)
if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as DjangoModelAdmin

    TypedModelAdmin = DjangoModelAdmin
else:

    class TypedModelAdmin(ModelAdmin):
        """Unfold's ModelAdmin, which may be named with its model: `TypedModelAdmin[Card]`."""

        def __class_getitem__(cls, _model: type[Model]) -> type[ModelAdmin]:
            return cls


MOST_COUNTED: Final = 10_000  # further rows are found with a filter; counting all of them costs a second on flash


class CheapPaginator(Paginator):
    """Counts no more than MOST_COUNTED rows, so that the first page of a million rows is as fast as of ten."""

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through."""
        rows = self.object_list
        return rows[:MOST_COUNTED].count() if isinstance(rows, QuerySet) else len(rows)


class FactsAdmin(TypedModelAdmin[M]):
    """Read-only rows. Whoever may see them still needs the model's view permission."""

    paginator = CheapPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    actions: Any = None
    list_fullwidth = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - inlines pass obj
        """Facts are not added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Facts are not changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Facts are not deleted by hand."""
        return False
