"""`make catalogues`: the kiosk's gettext catalogues, brought up to date with its English and compiled.

A key of kiosk/sentences that a catalogue does not have yet, or whose English has changed, comes in with an empty text:
the page says it in English until somebody writes it, and the tests name it. What the page no longer says is forgotten.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kiosk import words

HEADER: Final = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'


def entry_of(key: str, english: words.Sentence) -> str:
    """One sentence as a template for translators has it."""
    context = f"msgctxt {json.dumps(key)}\n"
    if isinstance(english, str):
        return f'{context}msgid {_quoted(english)}\nmsgstr ""\n'
    plural = f"msgid {_quoted(english['one'])}\nmsgid_plural {_quoted(english['other'])}\n"
    return f'{context}{plural}msgstr[0] ""\nmsgstr[1] ""\n'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def main() -> None:
    """Write every catalogue anew; needs Debian's package gettext."""
    with tempfile.TemporaryDirectory() as folder:
        for subject, english in words.subjects().items():
            template = Path(folder) / f"{subject}.pot"
            template.write_text("\n".join([HEADER, *(entry_of(*each) for each in english.items())]), encoding="utf-8")
            for language in words.LANGUAGES.keys() - {words.SOURCE}:
                catalogue = words.HERE / "locale" / language / "LC_MESSAGES" / f"{subject}.po"
                renew(catalogue, template, language)


def renew(catalogue: Path, template: Path, language: str) -> None:
    """Merge *template* into one catalogue, a new one where there is none, and compile it."""
    if not catalogue.exists():
        catalogue.parent.mkdir(parents=True, exist_ok=True)
        _run("msginit", "--no-translator", f"--locale={language}", f"--input={template}", f"--output-file={catalogue}")
    _run("msgmerge", "--no-wrap", "--backup=none", "--no-fuzzy-matching", "--update", catalogue, template)
    # A sentence that the page does not have any more is forgotten; version control remembers it.
    _run("msgattrib", "--no-wrap", "--no-obsolete", f"--output-file={catalogue}", catalogue)
    _run("msgfmt", "--check-format", f"--output-file={catalogue.with_suffix('.mo')}", catalogue)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
