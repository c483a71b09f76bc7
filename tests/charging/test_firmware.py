"""An image of controller firmware, and which boards may run it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charging.domain.firmware import HEADER_BYTES, Board, NotAnImage, image_of, unfit
from tests.hardware.firmware_images import CABLE, firmware_image

IMAGE = firmware_image(security_counter=3)
BOARD = Board(model=CABLE, hardware_revision=2, firmware="1.4.2", security_counter=3)


def test_an_intact_image_says_what_it_is() -> None:
    image = image_of(IMAGE)
    assert (image.version, image.build, image.model, image.security_counter) == ("2.0.1", 300, CABLE, 3)
    assert unfit(image, BOARD) == ""


@pytest.mark.parametrize("name", ["", "model\nof two lines", "Modell für München"])
def test_a_model_is_printable(name: str) -> None:
    with pytest.raises(NotAnImage, match="names no model"):
        image_of(firmware_image(name))


@pytest.mark.parametrize("position", range(0, len(IMAGE), 97))
def test_a_flipped_bit_makes_another_image_or_none(position: int) -> None:
    """U6: a hit in the header makes an image for another board, revision or version; the program is never damaged."""
    damaged = bytearray(IMAGE)
    damaged[position] ^= 1
    if position >= HEADER_BYTES:
        with pytest.raises(NotAnImage):
            image_of(bytes(damaged))
        return
    try:
        found = image_of(bytes(damaged))
    except NotAnImage:
        return
    assert found != image_of(IMAGE)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin with NFW1"),
        (IMAGE[: HEADER_BYTES - 1], "ends within its header"),
        (IMAGE[:-1], "1499 follow"),
        (IMAGE + b"\0", "1501 follow"),
    ],
)
def test_what_was_cut_or_grew_is_no_image(content: bytes, why: str) -> None:
    with pytest.raises(NotAnImage, match=why):
        image_of(content)


@pytest.mark.parametrize(
    ("board", "why"),
    [
        (replace(BOARD, model="Sim AC22 socket"), "for Sim AC22 cable, and the board is Sim AC22 socket"),
        (replace(BOARD, hardware_revision=9), "for hardware revisions 2 to 8, and the board has 9"),
        (replace(BOARD, security_counter=4), "security counter 3 and the board 4"),
        (replace(BOARD, security_counter=2), ""),
    ],
)
def test_a_board_gets_only_what_is_for_it(board: Board, why: str) -> None:
    found = unfit(image_of(firmware_image(revisions=(2, 8), security_counter=3)), board)
    assert (why in found) if why else found == ""
