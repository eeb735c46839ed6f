"""Counts what a person does on pages: clicks, and the pages that were loaded for them."""

from __future__ import annotations

from typing import Any


class Hand:
    """Clicks, and keys that do what a click would; the pages that come of them. Typed texts are not counted."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.clicks = self.loads = 0
        page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        """A redirect is a part of the load it belongs to."""
        if request.is_navigation_request() and request.redirected_from is None and request.frame.parent_frame is None:
            self.loads += 1

    def click(self, what: Any) -> None:
        self.clicks += 1
        what.click()
        self.page.wait_for_load_state()

    def press(self, key: str) -> None:
        self.clicks += 1
        self.page.keyboard.press(key)
        self.page.wait_for_load_state()

    def begin(self) -> None:
        self.clicks = self.loads = 0
