"""The colours of messages and outcomes: the same for all views, readable, and told apart by most eyes."""

from itertools import combinations

import pytest

from repid_nb.core.message import MessageAction
from repid_nb.display import colours, words

# Where a text of a colour may stand, by theme: the page, and the surfaces of cards on it.
PAGES = {"light": ("#ffffff", "#f1f3f6"), "dark": ("#111111", "#16181d", "#212121", "#23262d")}

# How colours look to eyes without one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1).
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green cones": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "no blue cones": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def linear(colour):
    """Return a `#rrggbb` as linear red, green and blue."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def times(matrix, vector):
    return [sum(one * other for one, other in zip(row, vector, strict=True)) for row in matrix]


def luminance(colour):
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def oklab(light):
    """Return linear red, green and blue in Oklab, where distances are those that eyes see."""
    cones = ((0.4122, 0.5363, 0.0514), (0.2119, 0.6807, 0.1074), (0.0883, 0.2817, 0.63))
    lab = ((0.2105, 0.7936, -0.0041), (1.978, -2.4286, 0.4506), (0.0259, 0.7828, -0.8087))
    return times(lab, [max(part, 0) ** (1 / 3) for part in times(cones, light)])


def distance(one, other, eyes):
    seen = (oklab([min(max(part, 0), 1) for part in times(eyes, linear(colour))]) for colour in (one, other))
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5


ALL = [*colours.HUES, *(outcome.colour for outcome in colours.OUTCOMES.values())]
WRITTEN = [*ALL, colours.TEXT, colours.QUIET, colours.ACCENT]


@pytest.mark.parametrize("theme", PAGES)
@pytest.mark.parametrize("colour", WRITTEN, ids=lambda one: one.name)
def test_a_colour_can_be_read_as_text_on_every_page(colour, theme):
    assert min(contrast(getattr(colour, theme), page) for page in PAGES[theme]) >= 4.5


@pytest.mark.parametrize("colour", WRITTEN, ids=lambda one: one.name)
def test_text_can_be_read_on_a_colour(colour):
    assert contrast(colour.light, "#ffffff") >= 4.5
    assert contrast(colour.dark, colours.SURFACE.dark) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_two_hues_are_told_apart(eyes, theme):
    hues = [getattr(hue, theme) for hue in colours.HUES]
    # The distance that eyes just notice is 0.02.
    assert min(distance(one, other, EYES[eyes]) for one, other in combinations(hues, 2)) > 0.06


def test_a_message_has_the_hue_of_its_root():
    assert [colours.hue_of(name) for name in ("m1", "m2", "m8", "m9", "m1.2", "m2.1.3")] == [0, 1, 7, 0, 0, 1]


@pytest.mark.parametrize("name", ["", "m0", "m01", "m٣", "order-7", "m1.", "03543fe1-0000", "\ud800", "m" + "9" * 5000])
def test_any_other_id_has_a_hue_that_stays(name):
    assert colours.hue_of(name) == colours.hue_of(name)
    assert 0 <= colours.hue_of(name) < len(colours.HUES)


def test_a_message_without_an_id_has_a_hue():
    assert colours.hue_of(None) == len(colours.HUES) - 1


def test_every_outcome_has_a_colour_and_the_symbol_and_word_of_all_views():
    assert set(colours.OUTCOMES) == {*MessageAction, None}
    for action, outcome in colours.OUTCOMES.items():
        assert f"{outcome.symbol} {outcome.word}" == words.SETTLEMENTS[action][0]


def test_a_style_sheet_has_every_colour_as_a_variable():
    variables = colours.css_variables().splitlines()
    assert "--rnb-hue-0: light-dark(#3928be, #9bb7fd);" in variables
    assert {f"--rnb-{outcome.colour.name}" for outcome in colours.OUTCOMES.values()} < {
        one.partition(":")[0] for one in variables
    }
    assert len({one.partition(":")[0] for one in variables}) == len(variables)
