"""A bound for what a browser may send, before any of it is read."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

# Bytes of a whole form with its files; the largest file a form takes has 5 MB.
MOST = 8 * 1024 * 1024


class BoundedUpload(FileUploadHandler):
    """The first upload handler: refuses a form that says it is larger than MOST (400), else lets the next ones work.

    A body without a length is taken for empty by Django.
    """

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: Any = None
    ) -> None:
        if content_length > MOST:
            raise RequestDataTooBig(f"A form of {content_length} bytes is more than {MOST}.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        return None
