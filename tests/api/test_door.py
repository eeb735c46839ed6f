"""Who gets in: keys, their scopes and ends; the shape of every answer that is no success."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.access import api_keys
from integrations.choices import ApiScope, Role
from integrations.models import ApiKey, Project
from tests.api.conftest import Partner, told
from tests.api.test_tenancy import ROUTES, takes
from tests.factories import ProjectFactory, member

LIST = "/v1/async-actions"


def test_a_key_opens_its_project_by_either_pair_of_headers(partner: Partner) -> None:
    assert partner.get(LIST).status_code == 200
    bearer = Client().get(LIST, headers={"Authorization": f"Bearer {partner.made.token}"})
    assert bearer.status_code == 200
    assert told(bearer) == {"object": "list", "data_ref": "async_actions", "async_actions": [], "has_more": False}


def headers_that_open_nothing(token: str, app_id: str) -> dict[str, dict[str, str]]:
    return {
        "none": {},
        "app id alone": {"X-App-Id": app_id},
        "token alone": {"X-App-Token": token},
        "wrong token": {"X-App-Id": app_id, "X-App-Token": token[:-1] + ("a" if token[-1] != "a" else "b")},
        "wrong app id": {"X-App-Id": "0" * 36, "X-App-Token": token},
        "swapped": {"X-App-Id": token, "X-App-Token": app_id},
        "other scheme": {"Authorization": f"Basic {token}"},
        "no scheme": {"Authorization": token},
        "doubled": {"Authorization": f"Bearer {token}, Bearer {token}"},
        "null": {"Authorization": "Bearer null"},
        "empty": {"Authorization": "Bearer "},
        "a megabyte": {"Authorization": "Bearer " + "x" * 1_000_000},
        "not ascii": {"Authorization": "Bearer ké"},
        "prefix alone": {"Authorization": f"Bearer {token[:11]}"},
    }


@pytest.mark.parametrize("case", headers_that_open_nothing("t", "a"))
def test_a01_anything_else_is_refused(partner: Partner, case: str) -> None:
    headers = headers_that_open_nothing(partner.made.token, partner.made.key.app_id)[case]
    refused = Client().get(LIST, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="Countinghouse"'
    body = told(refused)
    assert (body["code"], body["key"], body["message"]) == (401, "unauthorized", "Unauthorized")
    assert "X-App-Token" in body["details"]
    assert body["request_id"].startswith("v-")
    assert partner.made.token not in refused.content.decode()


def test_a01_a_key_in_the_address_opens_nothing(partner: Partner) -> None:
    for name in ("token", "X-App-Token", "api_key", "access_token"):
        refused = Client().get(f"{LIST}?X-App-Id={partner.made.key.app_id}&{name}={partner.made.token}")
        assert refused.status_code == 401


def test_a28_a_key_ends_at_once(partner: Partner, project: Project) -> None:
    assert partner.get(LIST).status_code == 200
    assert api_keys.revoke(partner.made.key)
    assert not api_keys.revoke(partner.made.key)
    assert told(partner.get(LIST))["details"] == "The key was revoked: ask the owner of the project for a new one."

    expired = Partner(project, api_keys.make(project.pk, "Old", expires_at=timezone.now() - timedelta(seconds=1)))
    assert expired.get(LIST).status_code == 401
    assert "expired" in told(expired.get(LIST))["details"]

    person = member(project.account, Role.IMPORT_ADMIN)
    made = Partner(project, api_keys.make(project.pk, "Theirs", user_id=person.pk))
    assert made.get(LIST).status_code == 200
    person.is_active = False
    person.save()
    assert made.get(LIST).status_code == 401


def test_a28_a_scope_taken_away_is_gone_at_once(project: Project) -> None:
    partner = Partner(project, api_keys.make(project.pk, "Orders only", [ApiScope.ORDERS]))
    refused = partner.get(LIST)
    assert refused.status_code == 403
    assert told(refused) == {
        "code": 403,
        "key": "missing_required_permission",
        "message": "Missing permission",
        "details": "This key lacks the scope “async-actions”: ask the owner of the project for it.",
        "request_id": refused.headers["X-Request-Id"],
    }
    ApiKey.objects.update(scopes=[ApiScope.ASYNC_ACTIONS])
    assert partner.get(LIST).status_code == 200


def test_the_token_is_not_kept(partner: Partner) -> None:
    kept = ApiKey.objects.values().get()
    assert partner.made.token not in str(kept)
    assert partner.made.token.startswith(kept["prefix"])
    assert len(bytes(kept["digest"])) == 32


def test_the_last_use_is_seen_without_a_write_per_call(partner: Partner, django_assert_num_queries: Any) -> None:
    partner.get(LIST)
    used = ApiKey.objects.get().last_used_at
    assert used is not None
    with django_assert_num_queries(2):  # the key and the list
        partner.get(LIST)
    ApiKey.objects.update(last_used_at=used - timedelta(minutes=2))
    partner.get(LIST)
    assert ApiKey.objects.filter(last_used_at__gte=used).exists()


def test_keys_of_two_projects_see_their_own(partner: Partner) -> None:
    other = Partner(ProjectFactory.create())
    partner.post("/v1/orders/import", [{"amount": 100}])
    assert len(told(partner.get(LIST))["async_actions"]) == 1
    assert told(other.get(LIST))["async_actions"] == []


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/orders/import/", "/v1/orders.json", "/v1/%00"])
def test_an_address_that_there_is_not(partner: Partner, path: str) -> None:
    missing = partner.call("POST", path, {})
    assert missing.status_code in {404, 405}
    assert missing.headers["Content-Type"].startswith("application/json")
    assert set(told(missing)) >= {"code", "key", "message", "details", "request_id"}


def test_a20_answers_are_json_or_nothing(partner: Partner) -> None:
    refused = partner.get(LIST, Accept="text/html")
    assert (refused.status_code, told(refused)["key"]) == (406, "not_acceptable")
    assert partner.get(LIST, Accept="text/html, application/json;q=0.9").status_code == 200
    assert partner.get(f"{LIST}?format=api").status_code == 400


def test_a21_other_methods_are_told_which_are_right(partner: Partner) -> None:
    refused = partner.call("PATCH", LIST)
    assert (refused.status_code, told(refused)["details"]) == (405, "This address takes GET, HEAD, OPTIONS.")
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert partner.get(LIST, X_HTTP_Method_Override="DELETE").status_code == 200
    assert partner.call("TRACE", LIST).status_code == 405


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def test_a21_every_address_refuses_other_methods_and_tells_its_own(partner: Partner) -> None:
    for route, view in ROUTES.items():
        path = "/" + re.sub("<.*?>", "x", route)
        own = {method for method in METHODS if takes(view, method.replace("HEAD", "GET"))}
        asked = partner.call("OPTIONS", path)
        assert (asked.status_code, asked.content) == (204, b"")
        assert set(asked.headers["Allow"].split(", ")) == own | {"OPTIONS"}
        for method in set(METHODS) - own:
            refused = partner.call(method, path, {})
            assert (refused.status_code, refused.headers["Allow"]) == (405, asked.headers["Allow"]), (method, path)
            assert method == "HEAD" or told(refused)["key"] == "method_not_allowed"


def test_a21_head_is_get_without_the_body(partner: Partner) -> None:
    for path in (LIST, "/v1/orders", "/back-office/v1/orders", "/v1/openapi.json"):
        whole, head = partner.get(path), partner.call("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Type"] == whole.headers["Content-Type"]
        assert head.headers.get("ETag") == whole.headers.get("ETag")
    assert partner.call("HEAD", "/v1/orders/nobody").status_code == 404
    assert partner.call("HEAD", f"{LIST}?what=1").status_code == 400


def test_a26_no_other_origin_is_let_in(partner: Partner) -> None:
    asked = partner.call("OPTIONS", LIST, Origin="https://evil.example", Access_Control_Request_Method="POST")
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_a_fault_of_ours_is_told_without_what_it_was_about(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of jana@mail.example")

    monkeypatch.setattr("integrations.api.async_actions._actions", broken)
    failed = partner.get(LIST)
    assert (failed.status_code, told(failed)["key"]) == (500, "internal_error")
    assert "jana" not in failed.content.decode() + caplog.text
    assert "RuntimeError in broken" in caplog.text
