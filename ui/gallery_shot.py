"""One picture of the gallery: the page, and which models show what on it."""

from dataclasses import dataclass

from ui.view_models.window import Page


@dataclass(frozen=True, slots=True)
class Shot:
    page: Page
    screens: dict[str, object]
    is_cart: bool = False
    has_pictures: bool = False
    is_frozen: bool = False
    asks_finish: bool = False
    vitals_page: int = 0  # which page of the panel of vital signs is turned up
    asks_assign: bool = False
