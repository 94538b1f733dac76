"""Contrast is computed from the tokens; the colours of alarms belong to alarms alone."""

import pytest

from ui import theme

TEXT, VITAL, OTHER = 4.5, 7.0, 3.0


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        (theme.INK, theme.PAPER, TEXT),
        (theme.INK, theme.GROUND, TEXT),
        (theme.INK, theme.CHOSEN, TEXT),
        (theme.MUTED, theme.PAPER, TEXT),
        (theme.MUTED, theme.GROUND, TEXT),
        (theme.MUTED, theme.CHOSEN, TEXT),
        (theme.DISABLED_INK, theme.DISABLED_FILL, TEXT),
        (theme.ON_PRIMARY, theme.PRIMARY, TEXT),
        (theme.ON_PRIMARY, theme.PRIMARY_DOWN, TEXT),
        (theme.GOOD, theme.PAPER, TEXT),
        (theme.GOOD, theme.GOOD_FILL, TEXT),
        (theme.ATTENTION, theme.PAPER, TEXT),
        (theme.ATTENTION, theme.ATTENTION_FILL, TEXT),
        (theme.BAD, theme.PAPER, TEXT),
        (theme.BAD, theme.BAD_FILL, TEXT),
        (theme.ON_BANNER, theme.BANNER, TEXT),
        (theme.BANNER_LABEL, theme.BANNER, TEXT),
        (theme.ON_DARK, theme.DARK, TEXT),
        (theme.ON_DARK, theme.DARK_RAISED, TEXT),
        (theme.MUTED_ON_DARK, theme.DARK, TEXT),
        (theme.GOOD_ON_DARK, theme.DARK, TEXT),
        (theme.ATTENTION_ON_DARK, theme.DARK, TEXT),
        (theme.BAD_ON_DARK, theme.DARK, TEXT),
        (theme.DARK_EDGE, theme.DARK, TEXT),  # words of disabled buttons there
        (theme.VITAL_PRESSURE, theme.DARK, VITAL),
        (theme.VITAL_PULSE, theme.DARK, VITAL),
        (theme.VITAL_STALE, theme.DARK, VITAL),
        (theme.CURVE, theme.DARK, OTHER),
        (theme.CURVE_STALE, theme.DARK, OTHER),
        (theme.EDGE, theme.PAPER, OTHER),
        (theme.EDGE, theme.GROUND, OTHER),
        (theme.DARK_EDGE, theme.DARK_RAISED, OTHER),
    ],
)
def test_contrast(ink: str, ground: str, least: float) -> None:
    assert theme.contrast(ink, ground) >= least


@pytest.mark.parametrize(
    ("ring", "beside"),
    [
        (theme.INK, theme.PAPER),
        (theme.INK, theme.GROUND),
        (theme.INK, theme.PRIMARY),
        (theme.INK, theme.CHOSEN),
        (theme.PRIMARY, theme.INK),  # round the STOP button
        (theme.PRIMARY, theme.PAPER),
        (theme.ON_DARK, theme.DARK),
        (theme.ON_DARK, theme.DARK_RAISED),
        (theme.ON_DARK, theme.PRIMARY),
        (theme.PRIMARY, theme.DARK),  # round a light button among dark ones
        (theme.PRIMARY, theme.ON_DARK),
    ],
)
def test_the_focus_ring_is_seen_on_both_of_its_sides(ring: str, beside: str) -> None:
    assert theme.contrast(ring, beside) >= OTHER


def test_contrast_is_the_formula_of_wcag() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#FFFFFF", "#003087") == pytest.approx(11.8, abs=0.1)
    assert theme.contrast("#2BD39A", "#101418") == pytest.approx(9.6, abs=0.1)


def test_alarm_colours_are_used_for_nothing_else() -> None:
    alarms = {theme.ALARM_HIGH, theme.ALARM_MEDIUM, theme.ALARM_LOW}
    others = {
        name: value
        for name, value in vars(theme).items()
        if name.isupper() and not name.startswith("ALARM_")
    }
    assert not [name for name, value in others.items() if value in alarms]
    sheet = theme.style_sheet(theme.Look()).upper()
    assert not [alarm for alarm in alarms if alarm in sheet]


@pytest.mark.parametrize("scale", [1.0, 1.3, 2.0])
@pytest.mark.parametrize("is_touch", [False, True])
def test_the_sheet_leaves_no_token_open(scale: float, is_touch: bool) -> None:
    look = theme.Look(scale, is_touch)
    sheet = theme.style_sheet(look)
    assert "$" not in sheet
    assert f"font-size: {round(theme.BODY * scale)}px" in sheet
    assert look.target >= (48 if is_touch else 24)
