"""Calls are counted for the key, all of them, also at the same time and when Valkey is away."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.kit import true_time, valkey_client
from config.kit.api import rates
from tests.api.conftest import Partner, told
from tests.waiting import GENEROUS

LIST = "/v1/async-actions"


@pytest.fixture(autouse=True)
def five_a_minute(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_RATE_LIMIT = 5
    begun = datetime.fromtimestamp(1_000_000_020, UTC)
    monkeypatch.setattr(true_time, "now", lambda: begun)  # no minute ends in the middle of a test


@pytest.mark.django_db
def test_a24_the_sixth_call_of_a_minute_waits(partner: Partner) -> None:
    answers = [partner.get(LIST) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["X-Rate-Limit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.headers["X-Rate-Limit-Limit"] == "5"
    assert refused.headers["X-Rate-Limit-Retry"] == "1000000080"
    assert refused.headers["X-Rate-Limit-Type"] == "api_calls"
    assert int(refused.headers["Retry-After"]) >= 1
    assert told(refused) == {
        "code": 429,
        "key": "too_many_requests",
        "message": "Too many requests hit the API too quickly.",
        "details": "At most 5 calls a minute. Go on in 60 s.",
        "request_id": refused.headers["X-Request-Id"],
    }


@pytest.mark.django_db
def test_bulk_calls_have_their_own_count_and_are_told_so(partner: Partner) -> None:
    answers = [partner.post("/v1/customers/bulk/async", []) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert told(answers[-1])["details"] == "At most 5 bulk calls a minute. Go on in 60 s."
    assert answers[-1].headers["X-Rate-Limit-Type"] == "bulk_api_calls"
    assert partner.get(LIST).status_code == 200


@pytest.mark.django_db
def test_a24_forged_addresses_count_as_well(partner: Partner) -> None:
    answers = [partner.get(LIST, X_Forwarded_For=f"10.0.0.{number}").status_code for number in range(10)]
    assert answers.count(200) == 5


@pytest.mark.django_db
def test_another_key_has_its_own_count(partner: Partner) -> None:
    for _ in range(6):
        partner.get(LIST)
    assert Partner(partner.project).get(LIST).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a24_of_twenty_calls_at_once_five_pass(partner: Partner) -> None:
    assert at_once(partner, 20).count(200) == 5


@pytest.mark.django_db(transaction=True)
def test_control_reading_and_writing_the_count_apart_lets_more_pass(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: dict[str, int] = {}
    together = threading.Barrier(20, timeout=GENEROUS)

    def in_two_steps(name: str, limit: int) -> rates.Rate:
        seen = counts.get(name, 0)
        together.wait()
        counts[name] = seen + 1
        return rates.Rate(limit, seen + 1, 1_000_000_080)

    monkeypatch.setattr(rates, "count", in_two_steps)
    assert at_once(partner, 20).count(200) == 20


@pytest.mark.django_db
def test_a29_without_valkey_calls_are_counted_in_the_process(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = redis.Redis(host="127.0.0.1", port=9, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(valkey_client, "shared", lambda: away)
    monkeypatch.setattr(rates, "_counts", {})
    assert [partner.get(LIST).status_code for _ in range(6)] == [200] * 5 + [429]
    assert "Valkey cannot be reached" in caplog.text


def at_once(partner: Partner, calls: int) -> list[int]:
    answers: list[int] = []

    def call() -> None:
        try:
            answers.append(Partner(partner.project, partner.made).get(LIST).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
