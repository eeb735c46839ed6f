"""Accounts, projects, members and people: for those who operate the installation, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice

from config.kit.admin.change_lists import TenantChangeList
from integrations.access import access_log, people
from integrations.models import Account, Membership, Project
from orders.segments import due, filling

if TYPE_CHECKING:
    DjangoAdmin = admin.ModelAdmin[Any]
    DjangoUserAdmin = UserAdmin[User]
else:
    DjangoAdmin = admin.ModelAdmin
    DjangoUserAdmin = UserAdmin


class OperatorsOnly(DjangoAdmin):
    """Superusers only, whatever permissions say; nothing is deleted here."""

    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TenantChangeList

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Account)
class AccountAdmin(OperatorsOnly):
    list_display = ("name", "plan", "created_at")
    search_fields = ("name",)
    fields = ("name", "plan")


@admin.register(Project)
class ProjectAdmin(OperatorsOnly):
    list_display = ("name", "account", "currency", "time_zone")
    list_select_related = ("account",)
    search_fields = ("name",)
    autocomplete_fields = ("account",)
    fields = ("account", "name", "currency", "time_zone")

    def save_model(self, request: HttpRequest, obj: Project, form: ModelForm[Any], change: bool) -> None:
        """Customers are added up in the project's currency; segments ask for days of its zone."""
        super().save_model(request, obj, form, change)
        if change and "currency" in form.changed_data:
            due.mark_all(obj.pk)
        if change and "time_zone" in form.changed_data:
            filling.begin_all(obj.pk)


@admin.register(Membership)
class MembershipAdmin(OperatorsOnly):
    list_display = ("user", "account", "role")
    list_select_related = ("user", "account")
    search_fields = ("user__username", "account__name")
    autocomplete_fields = ("user", "account")
    fields = ("account", "user", "role")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)  # a person leaves an account


class PersonAdmin(OperatorsOnly, DjangoUserAdmin):
    """People; what they may do is decided by their memberships, so Django's groups and permissions are not shown."""

    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            people.deactivated(obj.pk, access_log.origin_of(request), by=request.user.get_username())

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's page; when the password is another one afterwards, the person's sessions end."""
        person = self.get_object(request, unquote(id))
        before = person.password if person else ""
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if person is not None:
            person.refresh_from_db()
        if person is not None and person.password != before:
            own = person.pk == request.user.pk
            kept, by = (request.session.session_key, "") if own else (None, request.user.get_username())
            people.password_changed(person.pk, access_log.origin_of(request), keep=kept, by=by)
        return answer


if admin.site.is_registered(User):
    admin.site.unregister(User)
if admin.site.is_registered(StaticDevice):  # recovery codes are nobody else's business
    admin.site.unregister(StaticDevice)
if admin.site.is_registered(Group):
    admin.site.unregister(Group)
admin.site.register(User, PersonAdmin)
