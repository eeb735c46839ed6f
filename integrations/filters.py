"""What lists of the integrations app are filtered by, in the API and in the admin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter

from config.kit.list_filters import IdFilter, YesNoFilter, filters_of, span
from integrations.choices import (
    FILE_KINDS,
    ArticleState,
    CrossingKind,
    CrossingState,
    DeliveryState,
    DistributionChannel,
    DistributionTrigger,
    FileState,
    IntegrationHealth,
    MessageState,
    RemoteState,
    RunKind,
    RunState,
    WebhookEvent,
)
from integrations.models import (
    Crossing,
    Distribution,
    ExchangedFile,
    Integration,
    Message,
    RemoteOrder,
    Run,
    ShopArticle,
    WebhookDelivery,
    WebhookEndpoint,
)

INTEGRATIONS = filters_of(
    Integration,
    platform=CharFilter(help_text="The platform, e.g. woocommerce."),
    health=ChoiceFilter(choices=IntegrationHealth.choices, help_text="Whether the shop can be reached."),
)
REMOTE_ORDERS = filters_of(
    RemoteOrder,
    integration=IdFilter("int", field_name="integration", help_text="Orders of this shop."),
    state=ChoiceFilter(choices=RemoteState.choices, help_text="What became of the order here."),
    retry=YesNoFilter(
        _("Looked at again"), _("Not looked at again"), field_name="retry", help_text="Whether it is looked at again."
    ),
    reason_code=CharFilter(help_text="Why it is in this state."),
    number=CharFilter(help_text="The order's number in the shop, in full."),
    external_id=CharFilter(help_text="The shop's own id, in full."),
    **span("changed_at", "changed", ordered=True),
)
RUNS = filters_of(
    Run,
    integration=IdFilter("int", field_name="integration", help_text="Runs of this shop."),
    kind=ChoiceFilter(choices=RunKind.choices, help_text="What the run does."),
    state=ChoiceFilter(choices=RunState.choices, help_text="How far it is."),
    **span("created_at", "created", ordered=True),
)
DISTRIBUTIONS = filters_of(
    Distribution,
    trigger=ChoiceFilter(choices=DistributionTrigger.choices, help_text="What it is written on."),
    segment=IdFilter("seg", field_name="segment_id", help_text="Distributions to this segment."),
    channel=ChoiceFilter(choices=DistributionChannel.choices, help_text="How it reaches people."),
)
MESSAGES = filters_of(
    Message,
    distribution=IdFilter("dist", field_name="distribution", help_text="Messages of this distribution."),
    customer=IdFilter("cust", field_name="customer_id", help_text="Messages to this customer."),
    state=ChoiceFilter(choices=MessageState.choices, help_text="What became of the message."),
    **span("created_at", "created", ordered=True),
)
FILES = filters_of(
    ExchangedFile,
    integration=IdFilter("int", field_name="feed__integration", help_text="Files exchanged with this integration."),
    kind=ChoiceFilter(
        field_name="feed__kind",
        choices=[(kind.value, kind.label) for kind in FILE_KINDS],
        help_text="What the file is about.",
    ),
    state=ChoiceFilter(choices=FileState.choices, help_text="What became of the file."),
    **span("seen_at", "seen"),
)
WEBHOOKS = filters_of(WebhookEndpoint)
CROSSINGS = filters_of(
    Crossing,
    integration=IdFilter("int", field_name="integration", help_text="What this shop is told."),
    kind=ChoiceFilter(choices=CrossingKind.choices, help_text="What it is told of."),
    state=ChoiceFilter(choices=CrossingState.choices, help_text="What became of it."),
    **span("created_at", "created", ordered=True),
)
ARTICLES = filters_of(
    ShopArticle,
    integration=IdFilter("int", field_name="integration", help_text="Articles of this shop."),
    state=ChoiceFilter(choices=ArticleState.choices, help_text="Whether the shop has it, and takes its quantity."),
)
DELIVERIES = filters_of(
    WebhookDelivery,
    webhook=IdFilter("wh", field_name="endpoint", help_text="Deliveries to this endpoint."),
    event=ChoiceFilter(choices=WebhookEvent.choices, help_text="What it tells of."),
    state=ChoiceFilter(choices=DeliveryState.choices, help_text="What became of it."),
    order=CharFilter(field_name="subject", help_text="Only those of the order with this id."),
    **span("created_at", "created", ordered=True),
)
