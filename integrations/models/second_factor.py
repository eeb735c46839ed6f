"""The app on somebody's phone that shows a code of six digits (TOTP, RFC 6238)."""

from __future__ import annotations

import secrets

from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from config.kit import true_time
from integrations.secrets import EncryptedField, Secrets

KEY_BYTES = 20
DIGITS = 6
# A code counts for the half minute before its own and the one after it.
TOLERANCE = 1


def new_secrets() -> Secrets:
    return Secrets(key=secrets.token_hex(KEY_BYTES))


class Authenticator(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """A device of django-otp. Unlike the one that comes with it, its key is encrypted at rest.

    After wrong codes it takes no code for one, two, four, eight... seconds; a code is taken once.
    """

    secrets = EncryptedField(default=new_secrets)
    last_t = models.BigIntegerField(default=-1)
    """The half minute, counted from 1970, of the code that was taken last."""
    drift = models.SmallIntegerField(default=0)
    """Half minutes by which the phone's clock was off."""

    class Meta(Device.Meta):  # type: ignore[misc]
        abstract = False
        constraints = [models.UniqueConstraint(fields=["user"], name="authenticator_once_per_person")]

    @property
    def key(self) -> bytes:
        """Empty when no key of ENCRYPTION_KEYS opens it."""
        return bytes.fromhex(self.secrets.get("key", ""))

    def get_throttle_factor(self) -> int:
        return 1

    def verify_token(self, token: str) -> bool:
        """Whether this is the code now; for `django_otp.verify_token`, which holds the row meanwhile."""
        allowed, _why_not = self.verify_is_allowed()
        if not allowed or not self.key:
            return False
        clock = TOTP(self.key, digits=DIGITS, drift=self.drift)
        clock.time = true_time.now().timestamp()
        digits = len(token) == DIGITS and token.isascii() and token.isdecimal()
        right = bool(digits and clock.verify(int(token), TOLERANCE, self.last_t + 1))
        if not right:
            self.throttle_increment()
            return False
        self.last_t, self.drift = clock.t(), clock.drift
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True
