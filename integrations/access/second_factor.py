"""The second factor: a code from an app beside the password, and recovery codes for a lost phone.

The devices are those of django-otp, which also slows down those who guess. The app's key is encrypted at rest; of
recovery codes only a digest is kept, in the tokens of its static device.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from math import ceil
from urllib.parse import quote, urlencode

import django_otp
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists
from django_otp.plugins.otp_static.models import StaticDevice

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.access import access_log
from integrations.access.access_log import Origin
from integrations.choices import AccessKind, FactorState
from integrations.models import Authenticator, Membership

ISSUER = "Countinghouse"
RECOVERY_CODES = 10
# 80 bits: a fast hash will do, there is nothing to guess. StaticToken keeps 16 characters.
CODE_BYTES = 10


class CodeRefused(Refused):
    """The code does not open anything."""


def state_of(user: User) -> FactorState:
    """Whether this session may work, or what it lacks; asked of the database once a request.

    `user.otp_device` is set by the middleware of django-otp to what this session was verified with.
    """
    if getattr(user, "otp_device", None) is not None:
        return FactorState.ENOUGH
    known: FactorState | None = getattr(user, "_factor_state", None)
    if known is None:
        known = _read_state(user)
    return known


def facts(user_id: int) -> dict[str, Exists]:
    """What decides about a person's sessions, as annotations of any rows."""
    devices = Authenticator.objects.filter(user=user_id, confirmed=True)
    demanding = Membership.objects.filter(user=user_id, account__second_factor_required=True)
    return {"has_factor": Exists(devices), "is_demanded": Exists(demanding)}


def remember(user: User, *, has_factor: bool, is_demanded: bool) -> FactorState:
    """Keep what was read for the rest of the request."""
    lacking = FactorState.SET_UP_MISSING if is_demanded else FactorState.ENOUGH
    state = FactorState.CODE_MISSING if has_factor else lacking
    user._factor_state = state  # type: ignore[attr-defined]
    return state


def _read_state(user: User) -> FactorState:
    asked = facts(user.pk)
    found = User.objects.filter(pk=user.pk).annotate(**asked).values(*asked).first()
    return remember(user, **found) if found else FactorState.ENOUGH


def is_demanded_of(user: User) -> bool:
    return Membership.objects.filter(user=user, account__second_factor_required=True).exists()


def authenticator_of(user: User) -> Authenticator | None:
    """The one that is switched on."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def begin(user: User) -> Authenticator:
    """What the app is to be told: the same until it is confirmed. Raises CodeRefused when one is switched on."""
    made, _created = Authenticator.objects.get_or_create(user=user, defaults={"name": "App", "confirmed": False})
    if made.confirmed:
        raise CodeRefused("A second factor is switched on already: switch it off before you set up another one.")
    if not made.key:  # nobody has the key any more that encrypted it
        made.delete()
        return begin(user)
    found: Authenticator = made
    return found


def uri(device: Authenticator) -> str:
    """What the picture says, as all apps read it (otpauth, key-uri-format of Google Authenticator)."""
    label = quote(f"{ISSUER}:{device.user.get_username()}")
    return f"otpauth://totp/{label}?{urlencode({'secret': typed_key(device), 'issuer': ISSUER})}"


def typed_key(device: Authenticator) -> str:
    """The key, as people type it into an app."""
    return base64.b32encode(device.key).decode()


def confirm(user: User, code: str, origin: Origin) -> tuple[Authenticator, list[str]]:
    """Switch it on, with the first code of the app: the device, and the recovery codes. Raises CodeRefused."""
    device = begin(user)
    _verify(user, device, code, origin)
    with transaction.atomic():
        Authenticator.objects.filter(pk=device.pk).update(confirmed=True)
        access_log.note(AccessKind.FACTOR_ON, origin, user_id=user.pk)
        codes = _new_codes(user, origin)
    return Authenticator.objects.get(pk=device.pk), codes


def check(user: User, code: str, origin: Origin) -> Authenticator:
    """The person's device, when this is its code, or a recovery code, which is used up. Raises CodeRefused."""
    device, typed = authenticator_of(user), _plain(code)
    if device is None:
        raise CodeRefused("There is no second factor: log in again.")
    if typed.isdecimal():
        _verify(user, device, typed, origin)
        return device
    recovery = StaticDevice.objects.filter(user=user, confirmed=True).first()
    if recovery is None:
        raise CodeRefused("There are no recovery codes left: enter the code of your app.")
    _verify(user, recovery, _digest(typed), origin)
    left = recovery.token_set.count()
    access_log.note(AccessKind.RECOVERY_USED, origin, user_id=user.pk, detail=f"{left} left")
    return device


def renew_codes(user: User, code: str, origin: Origin) -> list[str]:
    """New recovery codes; the old ones open nothing any more. Raises CodeRefused."""
    check(user, code, origin)
    with transaction.atomic():
        return _new_codes(user, origin)


def codes_left(user: User) -> int:
    recovery = StaticDevice.objects.filter(user=user).first()
    return recovery.token_set.count() if recovery else 0


def switch_off(user: User, origin: Origin, *, by: str = "") -> bool:
    """Forget the app and the recovery codes. Whether there was something; `by`: somebody else did."""
    with transaction.atomic():
        count, _by_model = Authenticator.objects.filter(user=user, confirmed=True).delete()
        StaticDevice.objects.filter(user=user).delete()
        if count:
            access_log.note(AccessKind.FACTOR_OFF, origin, user_id=user.pk, detail=by and f"by {by}")
    return bool(count)


def _verify(user: User, device: Authenticator | StaticDevice, token: str, origin: Origin) -> None:
    """Raises CodeRefused. A device that takes no codes for the moment is not asked, and nothing is written down."""
    allowed, why_not = device.verify_is_allowed()
    if not allowed:
        seconds = max(1, ceil((why_not["locked_until"] - true_time.now()).total_seconds()))
        raise CodeRefused(f"There were wrong codes: wait {seconds} seconds, then enter the code your app shows then.")
    if not django_otp.verify_token(user, device.persistent_id, token):
        access_log.note(AccessKind.FACTOR_FAILED, origin, user_id=user.pk)
        raise CodeRefused(
            "This code is not right, or it was used already. Enter the one your app shows now; if none is ever right, "
            "set your phone's clock by the network."
        )


def _new_codes(user: User, origin: Origin) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Recovery codes")
    codes = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_digest(code))
    access_log.note(AccessKind.RECOVERY_MADE, origin, user_id=user.pk)
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]


def _plain(code: str) -> str:
    """What was typed without spaces and dashes."""
    return "".join(code.lower().split()).replace("-", "")


def _digest(code: str) -> str:
    return base64.b32encode(hashlib.sha256(code.encode()).digest()[:CODE_BYTES]).decode()
