"""Controls of `tests.committing`: what follows a commit follows here too, in order, and never what was rolled back."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction


@pytest.mark.django_db
@pytest.mark.usefixtures("commits")
class TestCommits:
    def test_it_follows_the_outermost_block(self) -> None:
        done: list[str] = []
        with transaction.atomic():
            transaction.on_commit(partial(done.append, "outer"))
            with transaction.atomic():
                transaction.on_commit(partial(done.append, "inner"))
            assert done == []
        assert done == ["outer", "inner"]

    def test_without_a_block_it_follows_at_once(self) -> None:
        done: list[str] = []
        transaction.on_commit(partial(done.append, "now"))
        assert done == ["now"]

    def test_what_is_rolled_back_is_followed_by_nothing(self) -> None:
        done: list[str] = []
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            transaction.on_commit(partial(done.append, "never"))
            _ = 1 // 0
        with transaction.atomic():
            transaction.on_commit(partial(done.append, "later"))
        assert done == ["later"]


@pytest.mark.django_db
def test_control_else_nothing_follows() -> None:
    done: list[str] = []
    with transaction.atomic():
        transaction.on_commit(partial(done.append, "never"))
    assert done == []
