"""What a worker can be asked to do, given an id: advance a run, do what follows from orders, send a letter."""

from __future__ import annotations

from config.kit import true_time
from integrations.access import password_links
from integrations.choices import FILES_IN, RunKind
from integrations.erasing.portions import erase_portion
from integrations.follow_up import steps as following_up
from integrations.following.status_feed import status_page
from integrations.importing.fetch_missing import fetch_page
from integrations.importing.load import load_page
from integrations.importing.retry import open_orders_page, retry_page
from integrations.importing.synchronize import synchronize_page
from integrations.invoice_files import invoices_portion
from integrations.partner_runs.bulk_portions import bulk_portion
from integrations.partner_runs.exports import export_portion
from integrations.pushes.sending import outgoing_page
from integrations.pushes.stock_check import check_stock_page
from integrations.pushes.stock_export import export_page
from integrations.runs import queue, worker
from integrations.runs.pages import Handler, Portioner
from integrations.shop_stock.adjusting import book_portion
from integrations.shop_stock.quantities import quantities_page
from integrations.shop_webhooks.hints import hints_page
from integrations.shop_webhooks.registration import check_page
from integrations.shops import alerts
from integrations.shops.code_lists import code_lists_page, products_page
from integrations.warehouses.incoming_files import files_page
from integrations.warehouses.outgoing_files import orders_page

HANDLERS: dict[RunKind, Handler] = {
    RunKind.LOAD: load_page,
    RunKind.RETRY: retry_page,
    RunKind.OPEN_ORDERS: open_orders_page,
    RunKind.PRODUCTS: products_page,
    RunKind.CODE_LISTS: code_lists_page,
    RunKind.WEBHOOK_ORDERS: hints_page,
    RunKind.WEBHOOK_CHECK: check_page,
    RunKind.IMPORT_ORDERS: fetch_page,
    RunKind.SYNCHRONIZE: synchronize_page,
    RunKind.ORDER_UPDATE: status_page,
    RunKind.STOCK_COMPARISON: quantities_page,
    RunKind.OUTGOING: outgoing_page,
    RunKind.STOCK_EXPORT: export_page,
    RunKind.STOCK_CHECK: check_stock_page,
    **dict.fromkeys(FILES_IN, files_page),
    RunKind.ORDERS_OUT: orders_page,
}


PORTIONERS: dict[RunKind, Portioner] = {
    RunKind.BULK_BY_API: bulk_portion,
    RunKind.EXPORT_BY_API: export_portion,
    RunKind.INVOICE_FILES: invoices_portion,
    RunKind.ERASURE: erase_portion,
    RunKind.STOCK_TAKE_OVER: book_portion,
}


def work(run_id: int) -> None:
    if not true_time.is_right():
        return  # the tick rings again
    worker.work(run_id, HANDLERS, portioners=PORTIONERS)


def follow_up(project_id: int) -> None:
    if not true_time.is_right():
        return
    queue.heard(project_id)
    following_up.follow_up(project_id)


def password_letter(request_id: int) -> None:
    password_links.send(request_id)


def alert(trouble_id: int) -> None:
    alerts.send(trouble_id)
