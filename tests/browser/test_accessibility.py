"""Every page in a real browser: no violation that axe-core knows, in both themes and on a phone, and no complaint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django.live_server_helper import LiveServer

from integrations.access import first_run
from integrations.choices import Role
from integrations.models import Account, Project
from tests.admin.planted import CANARY, rows_of
from tests.admin.test_matrix import TENANT_ADMINS, Rows, own_addresses
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside
from tests.factories import ProjectFactory, member
from tests.rows import EveryRow

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    NEEDS_CHROMIUM,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# What a theme can change; the other rules need not be tried in both. They take the longest.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
# Without `preload` axe does not fetch the style sheets once more; their own @import would be asked for at wrong places.
AXE = """async ([rules, left]) => (await axe.run(document, {
    runOnly: rules, rules: Object.fromEntries(left.map((rule) => [rule, {enabled: false}])),
    preload: false, resultTypes: ["violations"],
  })).violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id} at ${node.target}: ${node.failureSummary}`))"""
NONE: list[str] = []
TRIED = (
    (DESK, "light", RULES, NONE),
    (DESK, "dark", OF_COLOURS, NONE),
    (PHONE, "light", RULES, OF_COLOURS),
    # A phone has menus and cards of its own, in colours of their own.
    (PHONE, "dark", OF_COLOURS, NONE),
)
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

OF_MEMBERS = (
    "/",
    f"/where/?q={CANARY}",
    "/where/?q=nothing-like-it",
    "/profile/",
    "/profile/second-factor/",
    "/people/",
    "/password_change/",
    "/orders/order/?tab=history",
    "/orders/order/?q=nothing-like-it",
    "/integrations/remoteorder/?tab=imported",
)
OF_OPERATORS = ("integrations/account/", "integrations/project/", "integrations/membership/", "auth/user/")
OF_STRANGERS = (
    "/login/", "/password_reset/", "/password_reset/sent/", "/password_reset/x/y/", "/password_reset/done/",
)  # fmt: skip


def entered(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def enter(page: Any, site: str, browser: Client) -> None:
    """Give the real browser the session of a test's client."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": browser.cookies[name].value, "url": site}])


def pages_of(rows: Rows, browser: Client) -> list[str]:
    """Every page of a project that is read, once."""
    found = list(OF_MEMBERS)
    for each in TENANT_ADMINS:
        found += [each.url("changelist"), each.url("change", rows[each.model].pk), each.url("add")]
    found += [asked.address for asked in own_addresses(rows) if "GET" in asked.methods]
    return [page for page in dict.fromkeys(found) if is_page(browser, page)]


def is_page(browser: Client, address: str) -> bool:
    answer = browser.get(address)
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


def load(page: Any, address: str) -> None:
    from axe_playwright_python.base import AXE_SCRIPT

    page.emulate_media(reduced_motion="reduce")  # no colour is on its way to another one
    page.set_viewport_size(DESK)
    page.goto(address)
    page.evaluate(AXE_SCRIPT)


def violations(page: Any) -> list[str]:
    """What axe finds on the page that stands: everything in the light, colours in the dark, and so on a phone."""
    found = []
    for width, theme, rules, left in TRIED:
        page.set_viewport_size(width)
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        page.evaluate(SETTLED)
        found += [f"{theme}, {width['width']} px: {one}" for one in page.evaluate(AXE, [rules, left])]
    return found


def judge(page: Any, site: str, addresses: Iterable[str]) -> None:
    troubles = Troubles(page, site)
    with EveryRow() as every:
        for address in addresses:
            troubles.clear()
            with every.row(address):
                load(page, site + address)
                found = violations(page)
                assert not found, "\n".join(found)
                assert not troubles


@pytest.fixture
def of_member(live_server: LiveServer) -> tuple[Client, list[str]]:
    """Somebody who may do everything in a project, and the pages there are."""
    project: Project = ProjectFactory.create()
    browser = entered(member(project.account, Role.IMPORT_ADMIN, "jana"))
    return browser, pages_of(rows_of(project), browser)


@pytest.fixture
def of_operator(live_server: LiveServer) -> tuple[Client, list[str]]:
    """Who runs the installation, the pages of it, and those of a project in which there is nothing yet."""
    project: Project = ProjectFactory.create()
    operator = User.objects.create_superuser("root")
    found = ["/", *(each.url("changelist") for each in TENANT_ADMINS)]
    for place in OF_OPERATORS:
        found += [f"/{place}", f"/{place}add/"]
    found += [f"/integrations/account/{Account.objects.get().pk}/change/", f"/auth/user/{operator.pk}/change/"]
    return entered(operator), [*found, f"/integrations/project/{project.pk}/change/"]


def test_pages_of_a_project(of_member: tuple[Client, list[str]], live_server: LiveServer, page: Any) -> None:
    browser, addresses = of_member
    assert len(addresses) > 80
    enter(page, live_server.url, browser)
    judge(page, live_server.url, addresses)


def test_pages_of_an_installation(of_operator: tuple[Client, list[str]], live_server: LiveServer, page: Any) -> None:
    browser, addresses = of_operator
    enter(page, live_server.url, browser)
    judge(page, live_server.url, addresses)


@pytest.fixture
def links(live_server: LiveServer, settings: Any) -> list[str]:
    """Where an invitation leads, and a link to a new password; from here on the site sends e-mails."""
    account = ProjectFactory.create().account
    boss = entered(member(account, Role.IMPORT_ADMIN, "boss"))
    boss.post("/people/invite/", {"email": "tom@mail.example", "role": Role.WAREHOUSE})
    [invited] = [one["link"] for one in boss.get("/people/").context["members"] if one["link"]]
    eva = member(account, Role.READ_ONLY, "eva")
    settings.MAIL_ACCOUNT = {"host": "127.0.0.1", "port": 9, "security": "plain", "username": "", "password": ""}
    settings.EMAIL_FROM, settings.PUBLIC_URL = "office@orders.example", "https://orders.example"
    uid = urlsafe_base64_encode(force_bytes(eva.pk))
    return [urlsplit(invited).path, f"/password_reset/{uid}/{default_token_generator.make_token(eva)}/"]


def test_pages_before_somebody_is_logged_in(live_server: LiveServer, page: Any) -> None:
    judge(page, live_server.url, [f"/begin/{aside(first_run.token)}/"])


def test_pages_of_links_in_e_mails(links: list[str], live_server: LiveServer, page: Any) -> None:
    judge(page, live_server.url, [*OF_STRANGERS, *links])
    assert page.locator("input[type=password]").count() == 2, "the link to a new password was not taken"


def test_what_is_wrong_is_found(live_server: LiveServer, page: Any) -> None:
    """The control: a field without a name, words that one theme alone makes pale, and a style inside the page."""
    troubles = Troubles(page, live_server.url)
    load(page, f"{live_server.url}/login/")
    assert not violations(page) and not troubles
    page.evaluate("() => { document.querySelector('h1').style.color = '#333'; }")
    pale = {one.split(" at ")[0] for one in violations(page)}
    assert pale == {"dark, 1440 px: color-contrast", "dark, 390 px: color-contrast"}
    load(page, f"{live_server.url}/login/")
    page.evaluate("document.querySelector('label[for=id_username]').remove()")
    assert {one.split(" at ")[0] for one in violations(page)} == {"light, 1440 px: label", "light, 390 px: label"}
    page.evaluate("document.querySelector('h1').setAttribute('style', 'color: red')")
    assert troubles


FOCUS = """() => {
  const shade = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = shade(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let tried = 0;
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (!one.checkVisibility() || one.disabled || one.type === "hidden") continue;
    one.focus({ focusVisible: true });
    if (document.activeElement !== one) continue;
    tried += 1;
    const style = getComputedStyle(one);
    const ring = style.outlineStyle === "none" ? 0 : contrast(shade(style.outlineColor), ground(one.parentElement));
    const words = ["checkbox", "radio", "file"].includes(one.type) ? 21 : contrast(shade(style.color), ground(one));
    const said = `${one.outerHTML.slice(0, 90)} ring ${ring.toFixed(1)} words ${words.toFixed(1)}`;
    if (ring < 3 || words < 4.5 || parseFloat(style.outlineWidth) < 2) poor.push(said);
  }
  return [tried, [...new Set(poor)]];
}"""


def test_what_has_the_focus_is_seen(of_member: tuple[Client, list[str]], live_server: LiveServer, page: Any) -> None:
    """A ring of 3:1 around every control and its words still legible (WCAG 2.4.7, 1.4.11), in both themes."""
    browser, addresses = of_member
    enter(page, live_server.url, browser)
    order = next(one for one in addresses if one.startswith("/orders/order/") and one.endswith("/change/"))
    with EveryRow() as every:
        for address in ("/", "/orders/order/", order, "/integrations/integration/connect/", "/people/"):
            for theme in ("light", "dark"):
                with every.row(f"{address} {theme}"):
                    load(page, live_server.url + address)
                    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
                    tried, poor = page.evaluate(FOCUS)
                    assert tried > 15
                    assert not poor, "\n".join(poor)
    page.evaluate("() => { document.querySelector('#find').style.outline = 'none'; }")
    assert len(page.evaluate(FOCUS)[1]) == 1
