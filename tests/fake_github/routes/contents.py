"""Files and folders at a commit."""

from base64 import encodebytes
from hashlib import sha1

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.git_folder import read_files
from fake_github.routes.commits import find_commit
from fake_github.routes.shapes import WEB, Json
from fake_github.routing import route

_MOST_INLINE = 1024 * 1024  # bytes; above, only the raw form holds the content
_MOST = 100 * 1024 * 1024
_RAW = "application/vnd.github.raw"


@route("repos/get-content", public=True, contents="read")
def content(call: Call) -> Answer:
    repository = call.repository
    name = call.query.get("ref", repository.default_branch)
    commit = find_commit(repository, name)
    if commit is None:
        raise Refused(404, f"No commit found for the ref {name}")
    files = read_files(repository, commit)
    path = call.path["path"].strip("/")
    if path in files:
        data = files[path]
        if len(data) > _MOST:
            raise Refused(403, "This API returns blobs up to 100 MB in size.")
        if call.accept.startswith(_RAW):
            return Answer(200, data)
        return Answer(200, _file(call, path, data, name, inline=True))
    inside = f"{path}/" if path else ""
    below = [p for p in files if p.startswith(inside)]
    if not below:
        raise not_found()
    entries = {}
    for each in below:
        first, slash, _ = each.removeprefix(inside).partition("/")
        if slash:
            entries[first] = _folder(call, inside + first, name)
        else:
            entries[first] = _file(call, each, files[each], name, inline=False)
    return Answer(200, [entries[each] for each in sorted(entries)])


def blob_id(data: bytes) -> str:
    """The id that git gives to *data*."""
    return sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()  # noqa: S324


def _file(call: Call, path: str, data: bytes, ref: str, *, inline: bool) -> Json:
    shown = _entry(call, path, "file", blob_id(data), len(data), ref)
    if inline:
        is_small = len(data) <= _MOST_INLINE
        shown["content"] = encodebytes(data).decode() if is_small else ""
        shown["encoding"] = "base64" if is_small else "none"
    return shown


def _folder(call: Call, path: str, ref: str) -> Json:
    sha = sha1(path.encode()).hexdigest()  # noqa: S324 - any id will do
    return _entry(call, path, "dir", sha, 0, ref)


def _entry(call: Call, path: str, kind: str, sha: str, size: int, ref: str) -> Json:
    url = f"{call.link('contents', path)}?ref={ref}"
    web = f"{WEB}/{call.repository.name}/blob/{ref}/{path}"
    git = call.link("git/blobs", sha)
    return {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": web,
        "git_url": git,
        "download_url": None,
        "_links": {"self": url, "git": git, "html": web},
    }
