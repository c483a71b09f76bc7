"""The drawn state diagram is what the rules do."""

from __future__ import annotations

from tests.charging.diagram import TARGET, drawn


def test_the_diagram_in_the_documents_is_what_the_rules_do() -> None:
    assert TARGET.read_text(encoding="utf-8") == drawn(), "write it anew: python -m tests.charging.diagram"
