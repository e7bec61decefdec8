"""Errors as RFC 9457 problem details: `code`, `cure` and facts for programs, never what was sent.

Law: whatever goes wrong, on any route, is answered as `application/problem+json` of one shape; a
fault of our own is told as `api.failure` and nothing of it leaves the machine.
Source: RFC 9457, section 3; RFC 9110, section 15.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tallystick.base.errors import Denied, Error, Invalid, NotFound
from tallystick.county.local import told

__all__ = ["PROBLEM", "PROBLEM_TYPE", "Problem", "add_handlers", "problem_response", "problem_tree"]

PROBLEM_TYPE: Final = "application/problem+json"
_STATUS: Final = {
    "api.token": 401,
    "api.no_route": 404,
    "api.method": 405,
    "api.body_size": 413,
    "api.host": 421,
    "api.rate": 429,
    "gateway.accept": 406,
    "gateway.dnslink": 400,
    "gateway.inside": 501,
    "gateway.not_cached": 412,
    "gateway.range": 416,
    "gateway.request": 400,
}
_RETRY_S: Final = "1"
_FAULTS_MAX: Final = 20
PROBLEM: Final[dict[str, Any]] = {
    "description": "A problem: RFC 9457, with a stable code and what to do about it.",
    "content": {
        PROBLEM_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail", "code", "family"],
                "properties": {
                    "type": {"type": "string", "const": "about:blank"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "code": {"type": "string", "pattern": "^[a-z0-9_]+\\.[a-z0-9_]+$"},
                    "family": {
                        "enum": [
                            *("Conflict", "Corrupt", "Denied", "Error"),
                            *("Invalid", "NotFound", "Unavailable"),
                        ]
                    },
                    "cure": {"type": "string"},
                    "values": {"type": "object"},
                },
            }
        }
    },
}
Problem = dict[str, Any]


def problem_tree(error: Error) -> Problem:
    """Return the problem details of an error."""
    status = _STATUS.get(error.code, error.http_status)
    tree: Problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "code": error.code,
        "family": _family(error),
    }
    if error.cure:
        tree["cure"] = error.cure
    if error.values:
        tree["values"] = {name: _plain(value) for name, value in sorted(error.values.items())}
    return tree


def _family(error: Error) -> str:
    """Return the error's family: the class just below `Error` that it belongs to."""
    line = type(error).__mro__
    return line[max(line.index(Error) - 1, 0)].__name__


def _plain(value: object) -> object:
    found = told(value)
    return found if isinstance(found, int | str | list | dict) else str(found)


def problem_response(error: Error, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that tells an error."""
    tree = problem_tree(error)
    extra = dict(headers or {})
    if tree["status"] == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    if tree["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = _RETRY_S
    if tree["status"] == HTTPStatus.TOO_MANY_REQUESTS:
        extra["Retry-After"] = str(error.values["retry_s"])
    if tree["status"] == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        extra["Content-Range"] = f"bytes */{error.values['size']}"
    body = json.dumps(tree, ensure_ascii=False).encode()
    return Response(body, tree["status"], extra, PROBLEM_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    app.add_exception_handler(Error, _tell_error)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(Exception, _tell_failure)


async def _tell_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, Error)
    return problem_response(error)


async def _tell_invalid(_: Request, error: Exception) -> Response:
    """Tell where a request breaks its shape; what was sent there is not repeated."""
    assert isinstance(error, RequestValidationError)
    faults = [_fault(each) for each in error.errors()[:_FAULTS_MAX]]
    places = ", ".join(sorted({fault["at"] for fault in faults}))
    return problem_response(
        Invalid(
            "api.body",
            f"the request breaks the shape of this route at: {places}",
            cure="See docs/api.md for the shape of each route.",
            faults=faults,
        )
    )


def _fault(found: Mapping[str, Any]) -> dict[str, str]:
    """Return place and rule of one fault; a stranger's own name is left out with its value."""
    rule = str(found["type"])
    steps = [str(step) for step in found["loc"]]
    if rule in {"extra_forbidden", "unexpected_keyword_argument"}:
        steps = steps[:-1]
    if rule == "json_invalid":
        steps = steps[:1]
    return {"at": ".".join(steps), "rule": rule}


async def _tell_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(
            NotFound("api.no_route", "there is no such route", cure="See docs/api.md.")
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        fault = Denied("api.method", "the route has no such method", cure="See docs/api.md.")
        return problem_response(fault, error.headers)
    return problem_response(
        Invalid("api.body", "the request could not be read", cure="See docs/api.md.")
    )


async def _tell_failure(_: Request, error: Exception) -> Response:
    del error
    return problem_response(
        Error("api.failure", "the node failed at this request", cure="Tell the node's operator.")
    )
