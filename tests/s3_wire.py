"""The real boto3 against `FakeS3`, without a network: requests are answered in process.

Every request can be counted, refused, lost, or be the last one of the process.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import format_datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from fakes_s3 import FakeS3, RefusedError, Stored

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_LOCK = "x-amz-object-lock-"
_NS = "{http://s3.amazonaws.com/doc/2006-03-01/}"
Reply = tuple[int, dict[str, str], bytes]


SESSION = boto3.Session()
"""Reads the definition of the service once for all clients."""


class Killed(BaseException):
    """The process ends here: nobody catches this."""


class _Raw(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


class Wire:
    """Answers the requests of its clients out of *world*.

    ``before`` and ``after`` see every request, as ``METHOD /bucket/key?query``, and may
    raise: before it is carried out, or when only the reply is still to come. What goes
    wrong on the way is tried *attempts* times. ``refusal`` is the next answer.
    """

    def __init__(self, world: FakeS3, attempts: int = 1) -> None:
        self.world = world
        self.attempts = attempts
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.refusal: RefusedError | None = None

    def client(self) -> "S3Client":
        client = SESSION.client(
            "s3",
            region_name="eu-central-1",
            endpoint_url="http://s3.invalid",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",  # noqa: S106 - a fake of S3
            config=Config(
                s3={"addressing_style": "path"},
                retries={"mode": "standard", "total_max_attempts": self.attempts},
            ),
        )
        events: Any = client.meta.events  # its stubs know no handler that answers
        events.register("before-send.s3", self.answer)
        return client

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        parts = urlsplit(request.url)
        said = f"{request.method} {parts.path}" + (
            f"?{parts.query}" if parts.query else ""
        )
        self.requests.append(said)
        self.before(said)
        with self.world.lock:
            status, headers, body = self._handle(request)
        self.after(said)
        date = format_datetime(self.world.now - self.world.slow_by, usegmt=True)
        answer: Any = {"Date": date, **headers}
        return AWSResponse(request.url, status, answer, _Raw(body))

    def _handle(self, request: AWSPreparedRequest) -> Reply:
        parts = urlsplit(request.url)
        _, bucket, key = f"{unquote(parts.path)}/".split("/", 2)
        query = {
            k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()
        }
        raw: dict[str, Any] = dict(request.headers.items())
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in raw.items()
        }
        sent: Any = request.body
        body: bytes = sent.read() if hasattr(sent, "read") else sent or b""
        try:
            if self.refusal is not None:
                refusal, self.refusal = self.refusal, None
                raise refusal
            if key := key.removesuffix("/"):
                return self._object(
                    str(request.method), bucket, key, query, headers, body
                )
            return self._bucket(bucket, query)
        except RefusedError as refusal:
            error = _xml("Error", Code=refusal.code, Message=str(refusal))
            is_head = request.method == "HEAD"
            return refusal.status, {}, b"" if is_head else error

    def _object(
        self,
        method: str,
        bucket: str,
        key: str,
        query: dict[str, str],
        headers: dict[str, str],
        body: bytes,
    ) -> Reply:
        world, version = self.world, query.get("versionId")
        bypass = headers.get("x-amz-bypass-governance-retention") == "true"
        if method in {"GET", "HEAD"}:
            found = world.find(bucket, key, version)
            return (
                200,
                _headers_of(found),
                (found.data or b"") if method == "GET" else b"",
            )
        if method == "DELETE":
            world.delete(bucket, key, version, bypass=bypass)
            return 204, {}, b""
        if "retention" in query:
            mode, until = (_text(body, tag) for tag in ("Mode", "RetainUntilDate"))
            world.retain(bucket, key, version, mode, _date(until), bypass=bypass)
            return 200, {}, b""
        if "legal-hold" in query:
            world.hold(bucket, key, version, on=_text(body, "Status") == "ON")
            return 200, {}, b""
        stored = world.put(
            bucket,
            key,
            body,
            if_none_match=headers.get("if-none-match") == "*",
            if_match=headers.get("if-match"),
            mode=headers.get(_LOCK + "mode"),
            until=_date(headers.get(_LOCK + "retain-until-date")),
            has_checksum=bool(
                {"content-md5", "x-amz-sdk-checksum-algorithm"} & headers.keys()
            ),
        )
        return 200, {"ETag": stored.etag, "x-amz-version-id": stored.id}, b""

    def _bucket(self, bucket: str, query: dict[str, str]) -> Reply:
        place = self.world.bucket(bucket)
        if "versioning" in query:
            status = "Enabled" if place.versioned else ""
            return 200, {}, _xml("VersioningConfiguration", Status=status)
        if "object-lock" in query:
            if not place.can_lock:
                raise RefusedError(404, "ObjectLockConfigurationNotFoundError", "none")
            mode, days = place.default or ("", 0)
            rule = (
                f"<Rule><DefaultRetention><Mode>{mode}</Mode><Days>{days}</Days>"
                "</DefaultRetention></Rule>"
            )
            enabled = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
            text = enabled + (rule if mode else "")
            return 200, {}, _wrap("ObjectLockConfiguration", text)
        if "lifecycle" in query:
            if not place.expiring:
                raise RefusedError(404, "NoSuchLifecycleConfiguration", "none")
            rules = "".join(
                f"<Rule><ID>tidy</ID><Status>Enabled</Status><Filter><Prefix>{prefix}"
                f"</Prefix></Filter><Expiration><Days>{days}</Days></Expiration></Rule>"
                for prefix, days in place.expiring
            )
            return 200, {}, _wrap("LifecycleConfiguration", rules)
        assert "versions" in query, query
        return 200, {}, self._list(bucket, query)

    def _list(self, bucket: str, query: dict[str, str]) -> bytes:
        after = query.get("key-marker", ""), query.get("version-id-marker", "")
        every = list(self.world.versions(bucket, query.get("prefix", ""), after))
        page = every[: int(query.get("max-keys", "1000"))]
        more = len(every) > len(page)
        text = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        if more:
            key, last, _ = page[-1]
            text += f"<NextKeyMarker>{key}</NextKeyMarker>"
            text += f"<NextVersionIdMarker>{last.id}</NextVersionIdMarker>"
        for key, one, newest in page:
            tag = "DeleteMarker" if one.data is None else "Version"
            text += (
                f"<{tag}><Key>{key}</Key><VersionId>{one.id}</VersionId><IsLatest>"
                f"{str(newest).lower()}</IsLatest><LastModified>{_iso(one.modified)}"
                f"</LastModified></{tag}>"
            )
        return _wrap("ListVersionsResult", text)


def _headers_of(found: Stored) -> dict[str, str]:
    headers = {
        "ETag": found.etag,
        "x-amz-version-id": found.id,
        "Last-Modified": format_datetime(found.modified, usegmt=True),
        "Content-Length": str(len(found.data or b"")),
    }
    if found.mode is not None and found.until is not None:
        headers[_LOCK + "mode"] = found.mode
        headers[_LOCK + "retain-until-date"] = _iso(found.until)
    if found.held:
        headers[_LOCK + "legal-hold"] = "ON"
    return headers


def _text(body: bytes, tag: str) -> str | None:
    return ET.fromstring(body).findtext(_NS + tag)  # noqa: S314 - botocore wrote it


def _date(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _xml(root: str, **fields: str) -> bytes:
    return _wrap(root, "".join(f"<{k}>{v}</{k}>" for k, v in fields.items() if v))


def _wrap(root: str, text: str) -> bytes:
    return f"<{root}>{text}</{root}>".encode()
