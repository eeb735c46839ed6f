"""Role x address x method, from the map of addresses; and every form of one account sent by people of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client

from config.kit.admin.guards import guard_of
from config.kit.admin.model_admins import TenantAdmin
from integrations.access.roles import PERMISSIONS
from integrations.choices import Role
from integrations.models import Project
from tests.admin.conftest import Login
from tests.admin.planted import CANARY, rows_of
from tests.factories import ProjectFactory
from tests.rows import EveryRow

pytestmark = pytest.mark.long

TENANT_ADMINS = [each for each in admin.site._registry.values() if isinstance(each, TenantAdmin)]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Rows = dict[type[Model], Model]


class Asked(NamedTuple):
    """An address of our own, and what its guard says."""

    address: str
    permission: str
    methods: tuple[str, ...]


def own_addresses(rows: Rows) -> Iterator[Asked]:
    for each in TENANT_ADMINS:
        for route, view, name in each.routes():
            guard = guard_of(view)
            assert guard is not None
            numbers = [rows[each.model].pk, *[1] * (route.count("<int:") - 1)] if "<int:pk>" in route else []
            if route.count("<") == len(numbers):
                yield Asked(each.url(name, *numbers), guard.permission, guard.methods)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_at_every_address_of_our_own(role: Role, project: Project, login: Login) -> None:
    """403 exactly where the role lacks the permission, 405 exactly where the method is not meant; never a 500."""
    rows, browser = rows_of(project), login(project, role)
    with EveryRow() as every:
        for asked in own_addresses(rows):
            for method in METHODS:
                with every.apart(f"{method} {asked.address}"):
                    status = browser.generic(method, asked.address).status_code
                    if method not in asked.methods:
                        assert status == 405
                    elif asked.permission not in PERMISSIONS[role]:
                        assert status == 403
                    else:
                        assert status < 500 and status != 405


def test_nobody_in_particular_is_sent_to_the_login(project: Project) -> None:
    rows, browser = rows_of(project), Client()
    with EveryRow() as every:
        for asked in own_addresses(rows):
            for method in METHODS:
                with every.apart(f"{method} {asked.address}"):
                    answer = browser.generic(method, asked.address)
                    assert (answer.status_code, "/login/?next=" in answer.headers["Location"]) == (302, True)


@dataclass
class Form:
    """A form as its page has it."""

    address: str
    values: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page that post, and the buttons that post elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.found = page, list[Form]()
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            posts = given.get("method", "").lower() == "post"
            self._open = Form(given.get("action") or self.page) if posts else None
            if self._open:
                self.found.append(self._open)
        elif tag == "button" and given.get("formaction"):
            values = dict(self._open.values) if self._open else {}
            self.found.append(Form(given["formaction"], values))
        elif tag in {"input", "select", "textarea"} and self._open and given.get("name"):
            self._open.values[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def forms_of(browser: Client, rows: Rows) -> dict[str, Form]:
    """Every form on every page that this person may open, by its address."""
    found: dict[str, Form] = {}
    pages = [asked.address for asked in own_addresses(rows) if "GET" in asked.methods]
    for each in TENANT_ADMINS:
        pages += [each.url("changelist"), each.url("change", rows[each.model].pk)]
    for page in pages:
        answer = browser.get(page)
        if answer.status_code == 200 and not answer.streaming:
            reader = Forms(page)
            reader.feed(answer.content.decode(errors="replace"))
            found |= {form.address: form for form in reader.found if form.address.startswith("/")}
    return {address: form for address, form in found.items() if not address.startswith(("/logout", "/project"))}


OWNED = """
SELECT table_name FROM information_schema.columns
WHERE column_name = 'project_id' AND table_schema = current_schema() ORDER BY 1
"""


def state_of(project: Project) -> dict[str, Any]:
    """A digest of every table's rows of a project."""
    with connection.cursor() as cursor:
        cursor.execute(OWNED)
        tables = [row[0] for row in cursor.fetchall()]
        digests = {}
        for table in tables:
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(row::text, '' ORDER BY row::text), ''))"
                f' FROM "{table}" AS row WHERE project_id = %s',
                [project.pk],
            )
            digests[table] = cursor.fetchone()
    return digests


def test_forms_of_one_account_do_nothing_when_people_of_another_send_them(project: Project, login: Login) -> None:
    theirs = ProjectFactory.create()
    rows = rows_of(theirs)
    forms = forms_of(login(theirs), rows)
    assert len(forms) > 60
    stranger = login(project)
    before = state_of(theirs)
    with EveryRow() as every:
        for address, form in sorted(forms.items()):
            with every.apart(address):
                answer = stranger.post(address, form.values)
                assert answer.status_code < 500
                # A form that is refused comes back with what the stranger has typed.
                typed = CANARY in " ".join(form.values.values())
                assert typed or CANARY.encode() not in answer.content
                assert state_of(theirs) == before


def test_forms_do_nothing_for_those_who_may_only_read(project: Project, login: Login) -> None:
    rows = rows_of(project)
    forms = forms_of(login(project), rows)
    reader = login(project, Role.READ_ONLY)
    before = state_of(project)
    with EveryRow() as every:
        for address, form in sorted(forms.items()):
            with every.apart(address):
                assert reader.post(address, form.values).status_code < 500
                assert state_of(project) == before


def test_the_state_of_a_project_shows_every_change(project: Project) -> None:
    rows_of(project)
    before = state_of(project)
    project.orders.update(note="changed")
    assert state_of(project) != before
