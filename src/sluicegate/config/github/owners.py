"""Judge whether somebody must look at a change of what decides about releases. Pure."""

from collections.abc import Iterator, Sequence

from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.codeowners import owners_of, parse_codeowners
from sluicegate.model.host_check import HostCheck, Place, Standing


def judge_owners(checkout: Checkout, asked: Asked) -> Iterator[HostCheck]:
    """Whether somebody in particular must look at changes of what decides."""
    topic = "code owners"
    files = (*asked.rules, *(each.path for each in checkout.workflows))
    if checkout.owners is None:
        if files:
            yield HostCheck(
                topic,
                Standing.WARNING,
                "there is no CODEOWNERS file",
                "nobody in particular looks at changes of the rules of releases",
                "\n".join(("# .github/CODEOWNERS", *_lines(files))),
            )
        return
    path, text = checkout.owners
    rules = parse_codeowners(text)
    left = [file for file in (*files, path) if not owners_of(rules, file)]
    if left:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"{', '.join(left)} belong to nobody"
            if left[1:]
            else f"{left[0]} is nobody's",
            "who may approve any change may approve that of what decides",
            "\n".join((f"# {path}", *_lines(left))),
            (Place(path, 0),),
        )
    else:
        what = "the rules of releases and the workflows have owners"
        yield HostCheck(topic, Standing.FINE, what, places=(Place(path, 0),))


def _lines(files: Sequence[str]) -> Iterator[str]:
    folder = ".github/workflows/"
    names = dict.fromkeys(folder if file.startswith(folder) else file for file in files)
    for name in names:
        yield f"/{name} @OWNER/TEAM"
