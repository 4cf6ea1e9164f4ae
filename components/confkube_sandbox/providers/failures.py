"""Failures on the wire: which of them leave something in the engine's state."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from confkube_sandbox.providers.errors import CloudError, PartialFailure
from confkube_sandbox.providers.wire import struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

_LOG = logging.getLogger(__name__)
_R = TypeVar("_R")


def guard(context: grpc.ServicerContext, answer: Callable[[], _R]) -> _R:
    """Turn failures into what the engine understands; see ``errors``."""
    try:
        return answer()
    except PartialFailure as failure:
        detail = provider_pb2.ErrorResourceInitFailed(
            id=failure.id, properties=struct(failure.outputs), inputs=struct(failure.inputs), reasons=failure.reasons
        )
        _abort(context, grpc.StatusCode.UNKNOWN, str(failure), detail)
    except CloudError as failure:
        _abort(context, grpc.StatusCode.FAILED_PRECONDITION, failure.message)
    except Exception as failure:  # noqa: BLE001  (the last line before the wire: no traceback may cross it)
        _LOG.exception("defect in a simulated provider")
        where = _origin(failure)
        _abort(
            context, grpc.StatusCode.INTERNAL, f"defect in the simulated provider: {type(failure).__name__} in {where}"
        )


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, text: str, detail: Message | None = None) -> NoReturn:
    if detail is not None:
        packed = any_pb2.Any()
        packed.Pack(detail, type_url_prefix="type.googleapis.com")
        number: int = code.value[0]
        status = status_pb2.Status(code=number, message=text, details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, text)


def _origin(failure: BaseException) -> str:
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_name} (line {trace.tb_lineno})"
