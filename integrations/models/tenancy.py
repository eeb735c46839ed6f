"""Who is who: accounts, their people, their order books."""

from __future__ import annotations

import os
import zoneinfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from config.kit import true_time
from integrations.choices import AccountPlan, Role


def check_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone. Use a name such as Europe/Prague.")


def new_id_key() -> bytes:
    return os.urandom(16)


class Account(models.Model):
    """The subscriber."""

    name = models.CharField(max_length=100, unique=True)
    plan = models.CharField(max_length=20, choices=AccountPlan, default=AccountPlan.TRIAL)
    created_at = models.DateTimeField(default=true_time.now, editable=False)
    second_factor_required = models.BooleanField(default=False)
    """Members without a second factor set one up before they do anything else."""

    def __str__(self) -> str:
        return self.name

    @property
    def on_trial(self) -> bool:
        return self.plan == AccountPlan.TRIAL


class Membership(models.Model):
    """A person's role in an account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role, default=Role.READ_ONLY)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="member_once")]
        permissions = [("invite_people", "Can invite people, change their roles and take them out")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} of {self.account}"


class Project(models.Model):
    """A separate order book inside an account; customers, products and number series belong to it."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3, default="EUR", help_text="For orders that carry none.")
    time_zone = models.CharField(
        max_length=50, default="UTC", validators=[check_zone], help_text="Decides the issue date of documents."
    )
    id_key = models.BinaryField(max_length=16, default=new_id_key, editable=False)
    """What the ids of the partner API are made with, see `config.kit.public_ids`."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="project_once_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)
