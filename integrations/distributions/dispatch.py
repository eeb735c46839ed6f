"""Send the messages that are due: each letter is handed over once, and what became of it is on its row.

A letter is marked before it is handed over. If the worker dies in between, nobody can know whether it arrived: the row
says so and is left to a person, because a letter that comes twice is worse than one that is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from config.kit import true_time
from config.kit.isolating import guarded, place_of
from integrations.choices import DistributionChannel, DistributionTrigger, MessageState
from integrations.client.mail import MailAccount, Postbox, postbox
from integrations.connectors.errors import MailError, MailFault
from integrations.distributions import opt_outs
from integrations.distributions.field_values import Values, load_values
from integrations.distributions.letters import NotSendable, Stamp, compose
from integrations.models import MailServer, Message
from integrations.runs.queue import ring_follow_up

BATCH = 20
# Seconds after which a slow mail server is left, until it is the project's turn again.
TURN = 5.0
# After each try that failed for now; then the message has failed.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
# When nothing can go out until somebody mends the settings.
LOOK_AGAIN = timedelta(hours=1)
HANDED_OVER_WITHIN = timedelta(minutes=10)
RESENDABLE = (MessageState.FAILED, MessageState.UNSURE, MessageState.SKIPPED)
NO_SERVER = "Waits: no mail server is entered for this project."
DIED = "The worker stopped while the e-mail was handed over: it may have arrived or not. Send it again if it has not."


def open_box(server: MailServer) -> AbstractContextManager[Postbox]:
    """A connection to the project's mail server. Raises MailError on entering."""
    password = server.secrets.get("password", "")
    account = MailAccount(server.host, server.port, server.security, server.username, password)
    return postbox(account, settings.ALLOWED_SHOP_ADDRESSES)


def due(project_id: int, at: datetime) -> QuerySet[Message]:
    """Messages to send now, the oldest first; those of a distribution that is off wait until it is on."""
    return Message.objects.filter(
        distribution__project_id=project_id,
        distribution__enabled=True,
        state=MessageState.WAITING,
        next_attempt_at__lte=at,
    ).order_by("pk")


def waiting_projects() -> list[int]:
    """The projects that have letters to send now."""
    open_now = Message.objects.filter(
        distribution__enabled=True,
        state__in=[MessageState.WAITING, MessageState.SENDING],
        next_attempt_at__lte=true_time.now(),
    )
    return list(open_now.order_by().values_list("distribution__project_id", flat=True).distinct())


def send_letters(project_id: int) -> bool:
    """Send a batch of the project's letters. Whether more are due."""
    at = true_time.now()
    _give_up_on_the_dead(project_id, at)
    letters = due(project_id, at).filter(distribution__channel=DistributionChannel.EMAIL)
    batch = list(letters.select_related("distribution__project")[:BATCH])
    if not batch:
        return False
    server = MailServer.objects.filter(project_id=project_id).first()
    if server is None or not server.secrets.readable:
        letters.update(next_attempt_at=at + LOOK_AGAIN, reason=NO_SERVER)
        return False
    try:
        with open_box(server) as box:
            _note_problem(server, "", at)
            _Round(server, box, load_values(project_id, batch)).send(batch)
    except MailError as error:
        # Nothing is wrong with a letter: the server cannot be used at all.
        if error.fault == MailFault.SETTINGS:
            _note_problem(server, str(error), at)
        wait = LOOK_AGAIN if error.fault == MailFault.SETTINGS else RETRY_AFTER[1]
        letters.update(next_attempt_at=at + wait, reason=f"Waits: {str(error)[:1].lower()}{str(error)[1:]}"[:300])
        return False
    return letters.exists()


@dataclass(frozen=True)
class _Round:
    """A batch on one connection."""

    server: MailServer
    box: Postbox
    values: Values

    def send(self, batch: Sequence[Message]) -> None:
        """Raises MailError when the server cannot be used any more."""
        unwilling = opt_outs.opted_out(self.server.project_id, [self.values.email(message) for message in batch])
        deadline = monotonic() + TURN
        for message in batch:
            if monotonic() > deadline:
                return
            try:
                guarded(partial(self._one, message, unwilling), partial(_broken, message))
            except NotSendable as reason:
                settle(message, MessageState.SKIPPED, str(reason))
            except MailError as error:
                if error.fault == MailFault.SETTINGS:
                    settle(message, MessageState.WAITING)
                    raise
                _failed(message, error)
                if error.fault in {MailFault.LATER, MailFault.UNSURE}:
                    return  # the connection may be gone: the rest goes out on the next one

    def _one(self, message: Message, unwilling: set[str]) -> None:
        distribution, email = message.distribution, self.values.email(message)
        of_segment = distribution.trigger == DistributionTrigger.SEGMENT_ENTERED
        if of_segment and email.lower() in unwilling:
            raise NotSendable("The customer wants no e-mails.")
        stamp = Stamp(message.pk, message.created_at, opt_outs.link(message.pk) if of_segment else "")
        letter = compose(distribution, self.server, email, self.values.of(message), stamp)
        if _mark(message):
            self.box.send(letter)
            settle(message, MessageState.SENT, "", sent_at=true_time.now())


def _mark(message: Message) -> bool:
    """Whether this worker is the one that hands the letter over."""
    mine = Message.objects.filter(pk=message.pk, state=MessageState.WAITING)
    return bool(
        mine.update(
            state=MessageState.SENDING, tries=F("tries") + 1, next_attempt_at=true_time.now() + HANDED_OVER_WITHIN
        )
    )


def settle(message: Message, state: MessageState, reason: str = "", **values: object) -> None:
    """Write down what became of a message."""
    Message.objects.filter(pk=message.pk).update(state=state, reason=reason[:300], **values)


def _failed(message: Message, error: MailError) -> None:
    if error.fault == MailFault.UNSURE:
        settle(message, MessageState.UNSURE, f"{error} Send it again if it has not arrived.")
    elif error.fault == MailFault.LATER and message.tries < len(RETRY_AFTER):
        again = true_time.now() + RETRY_AFTER[message.tries]
        settle(message, MessageState.WAITING, f"{error} It is tried again.", next_attempt_at=again)
    else:
        settle(message, MessageState.FAILED, str(error))


def _broken(message: Message, error: Exception) -> None:
    """A fault of ours keeps one letter back, none of the others: before it was handed over, or nobody knows."""
    if isinstance(error, NotSendable | MailError):
        raise error
    handed_over = Message.objects.filter(pk=message.pk, state=MessageState.SENDING).exists()
    state = MessageState.UNSURE if handed_over else MessageState.FAILED
    settle(message, state, f"A fault of Countinghouse ({place_of(error)}). Report it.")


def _give_up_on_the_dead(project_id: int, at: datetime) -> None:
    stuck = Message.objects.filter(
        distribution__project_id=project_id, state=MessageState.SENDING, next_attempt_at__lte=at
    )
    stuck.update(state=MessageState.UNSURE, reason=DIED)


def _note_problem(server: MailServer, problem: str, at: datetime) -> None:
    if server.problem != problem:
        MailServer.objects.filter(pk=server.pk).update(problem=problem[:300], problem_at=at if problem else None)


def send_again(messages: QuerySet[Message]) -> int:
    """Let messages that failed, are unsure or were not sent go out once more; how many."""
    chosen = list(messages.filter(state__in=RESENDABLE).values_list("pk", "distribution__project_id"))
    with transaction.atomic():
        count = Message.objects.filter(pk__in=[pk for pk, _ in chosen], state__in=RESENDABLE).update(
            state=MessageState.WAITING, tries=0, next_attempt_at=true_time.now(), reason="Sent again by hand."
        )
        for project_id in {project_id for _, project_id in chosen}:
            ring_follow_up(project_id)
    return count
