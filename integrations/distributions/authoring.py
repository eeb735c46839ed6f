"""Save what a person sets: the mail server of a project and its distributions. Passwords go in and never come out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.choices import DistributionChannel, DistributionTrigger, MailSecurity, MessageState
from integrations.client.addresses import LOCAL_NAMES, address_is_public, host_name
from integrations.connectors.errors import MailError, MailFault
from integrations.distributions.dispatch import open_box
from integrations.distributions.letters import Stamp, compose
from integrations.distributions.wording import FIELD, UNSUBSCRIBE, fields, problems
from integrations.models import Distribution, MailServer, Message, Project
from integrations.runs.queue import ring_follow_up
from integrations.secrets import Secrets

# Those mail servers take letters of programs on.
PORTS = {25, 465, 587, 2465, 2525, 2587}
LONGEST_TEXT = 20_000


class SettingsRefused(Refused):
    """What was entered cannot be saved: sentences by the name of the field."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in problems.values() for sentence in sentences))
        self.problems = problems


@dataclass(frozen=True)
class ServerSettings:
    host: str
    port: int
    security: MailSecurity
    username: str
    from_name: str
    from_address: str


def save_server(project_id: int, values: ServerSettings, password: str) -> MailServer:
    """Keep the mail server; an empty password keeps the one that is there. What waits goes out now.

    Raises SettingsRefused.
    """
    host = _checked_host(values)
    _check_sender(values)
    with transaction.atomic():
        server = MailServer.objects.select_for_update().filter(project_id=project_id).first()
        server = server or MailServer(project_id=project_id)
        if password:
            server.secrets = Secrets(password=password)
        elif not values.username:
            server.secrets = Secrets()
        elif (server.host, server.username) != (host, values.username):
            raise SettingsRefused({"password": ["Enter the password for this server and user name."]})
        for name in values.__dataclass_fields__:
            setattr(server, name, getattr(values, name))
        server.host, server.problem, server.problem_at = host, "", None
        server.save()
        _wake(project_id, true_time.now())
    return server


def _checked_host(values: ServerSettings) -> str:
    try:
        host = host_name(values.host.strip())
    except ValueError as error:
        raise SettingsRefused({"host": [str(error)]}) from None
    if f"{host}:{values.port}" in settings.ALLOWED_SHOP_ADDRESSES:
        return host
    if not _may_be_public(host):
        raise SettingsRefused({"host": [f"{host} is not a public address. {OPERATOR}"]})
    if values.port not in PORTS:
        known = ", ".join(map(str, sorted(PORTS)))
        raise SettingsRefused({"port": [f"Mail servers take e-mails on one of the ports {known}."]})
    if values.security == MailSecurity.PLAIN:
        text = "Choose TLS or STARTTLS, so that password and e-mails travel encrypted."
        raise SettingsRefused({"security": [text]})
    return host


OPERATOR = "For a server in your own network, whoever runs Countinghouse can add it to ALLOWED_SHOP_ADDRESSES."


def _may_be_public(host: str) -> bool:
    try:
        return address_is_public(host.strip("[]"))
    except ValueError:
        return "." in host and not any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES)


def _check_sender(values: ServerSettings) -> None:
    try:
        validate_email(values.from_address)
        values.from_address.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        raise SettingsRefused({"from_address": ["Enter an e-mail address such as shop@example.com."]}) from None
    if not values.from_name.isprintable():
        raise SettingsRefused({"from_name": ["Leave line breaks out of the name."]})


@dataclass(frozen=True)
class DistributionSettings:
    name: str
    trigger: DistributionTrigger
    channel: DistributionChannel
    subject: str = ""
    text: str = ""
    segment_id: int | None = None
    endpoint_id: int | None = None


def save_distribution(
    project: Project, values: DistributionSettings, *, pk: int | None = None, user_id: int | None = None
) -> Distribution:
    """A new distribution, or new settings for one; a new one is off. Raises SettingsRefused."""
    found = wrong_with(values)
    if found:
        raise SettingsRefused(found)
    distribution = Distribution(project=project, created_by_id=user_id)
    if pk is not None:
        distribution = Distribution.objects.get(project=project, pk=pk)
    for name in values.__dataclass_fields__:
        setattr(distribution, name, getattr(values, name))
    try:
        with transaction.atomic():
            distribution.save()
    except IntegrityError as error:
        if "distribution_once_per_name" not in str(error):
            raise
        raise SettingsRefused({"name": ["Another distribution has this name: choose another one."]}) from error
    return distribution


def wrong_with(values: DistributionSettings) -> dict[str, list[str]]:
    """What keeps these settings from being saved, sentences by field."""
    found: dict[str, list[str]] = {}
    if values.trigger == DistributionTrigger.SEGMENT_ENTERED and values.segment_id is None:
        found["segment_id"] = ["Choose the segment that customers enter."]
    if values.channel == DistributionChannel.EMAIL:
        for name, text, longest in (("subject", values.subject, 200), ("text", values.text, LONGEST_TEXT)):
            sentences = problems(text, values.trigger)
            if not text.strip():
                sentences = ["An e-mail needs one."]
            elif len(text) > longest:
                sentences = [f"At most {longest:,} characters."]
            if sentences:
                found[name] = sentences
        if not settings.PUBLIC_URL and any(field[1] == UNSUBSCRIBE for field in FIELD.finditer(values.text)):
            text = "This site has no public address for {{ unsubscribe_url }}: whoever runs it must set PUBLIC_URL."
            found.setdefault("text", []).append(text)
        return found
    if values.endpoint_id is None:
        found["endpoint_id"] = ["Choose the endpoint that is told."]
    if values.trigger != DistributionTrigger.SEGMENT_ENTERED:
        found["trigger"] = ["Endpoints are told of orders by their own events: subscribe the endpoint to them."]
    elif sentences := problems(values.text, values.trigger):
        found["text"] = sentences
    return found


def switch(distribution: Distribution, *, on: bool) -> bool:
    """Switch a distribution on or off; what happens while it is off is never answered. Whether that is new."""
    changed = Distribution.objects.filter(pk=distribution.pk).exclude(enabled=on).update(enabled=on)
    if changed and on:
        ring_follow_up(distribution.project_id)
    return bool(changed)


def send_test(distribution: Distribution, to: str) -> None:
    """Send one letter with example values, now. Raises MailError and NotSendable."""
    server = MailServer.objects.filter(project_id=distribution.project_id).first()
    if server is None:
        raise MailError(MailFault.SETTINGS, "No mail server is entered for this project.")
    stamp = Stamp(0, true_time.now(), f"{settings.PUBLIC_URL}/" if settings.PUBLIC_URL else "")
    letter = compose(distribution, server, to, example_values(distribution), stamp)
    with open_box(server) as box:
        box.send(letter)
    MailServer.objects.filter(pk=server.pk).update(problem="", problem_at=None)
    _wake(distribution.project_id, true_time.now())


def example_values(distribution: Distribution) -> dict[str, str]:
    """Values that show what goes where."""
    examples = {
        "customer.name": "Jana Nováková",
        "customer.email": "jana@example.com",
        "customer.phone": "+420 601 000 000",
        "customer.source_id": "c-1001",
        "customer.points": "120",
        "customer.order_count": "7",
        "customer.total_spent": f"842.00 {distribution.project.currency}",
        "project.name": distribution.project.name,
        "segment.name": "Example segment",
        "order.number": "1001",
        "order.total": f"1,234.50 {distribution.project.currency}",
        "order.id": "ord_0123456789abcdef",
    }
    return {name: value for name, value in examples.items() if name in fields(distribution.trigger)}


def _wake(project_id: int, at: datetime) -> None:
    """Let messages that wait go out now."""
    Message.objects.filter(distribution__project_id=project_id, state=MessageState.WAITING).update(next_attempt_at=at)
    ring_follow_up(project_id)
