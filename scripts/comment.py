"""Post the report of a CI run as the one comment of its pull request, or update that comment.

    python3 -I scripts/comment.py REPORT

.github/workflows/comment.yml runs it, with the right to comment, after a run of CI that had no rights. REPORT is
that run's artifact, written by the pull request's own code: nothing in it is believed. Standard library only.
"""

import itertools
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKER = "<!-- the report of CI -->"
BOT = "github-actions[bot]"
PICTURES = ("metrics/misclassified.png", "metrics/suspects.png")
ARTIFACTS = {"rows.png": "the rows that differ", "report": "everything, with the page of plots"}
LIMIT = 50_000  # of the 65,536 characters that GitHub takes
REACHING = re.compile(r"<(?=[A-Za-z/!?])|@|://|\]\(|\]:|www\.|#(?=\d)")


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """What GitHub's REST API answers about this repository."""
    request = urllib.request.Request(  # noqa: S310  (the runner sets the address)
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        method=method,
    )
    # Unredirected: wherever an answer may point, the token stays here.
    request.add_unredirected_header("Authorization", f"Bearer {os.environ['GITHUB_TOKEN']}")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def comments(number: int) -> Iterator[dict[str, Any]]:
    """All comments of a pull request, whatever the number of pages."""
    for page in itertools.count(1):
        found = call("GET", f"issues/{number}/comments?per_page=100&page={page}")
        yield from found
        if len(found) < 100:
            return


def content(path: Path) -> str:
    """The text of a file of the artifact, no more than the limit; nothing for a link, which may lead anywhere."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(LIMIT + 1).decode(errors="replace")


def tamed(text: str) -> str:
    """Markdown without what reaches out of it: HTML, links, pictures, mentions; cut to the limit."""
    text = text.replace("&", "&amp;")
    text = REACHING.sub(lambda m: "&lt;" if m[0] == "<" else f"{m[0][0]}\u200b{m[0][1:]}", text)
    return text if len(text) <= LIMIT else f"{text[:LIMIT]}\n\n(cut here; the rest is in the report)"


def pictures(pull: dict[str, Any]) -> Iterator[str]:
    """A table of the pictures that git holds, of the target and of the pull request's last commit."""
    sides = [side for side in (pull["base"], pull["head"]) if side["repo"]]  # a deleted fork has none
    yield "| " + " | ".join(f"{side['repo']['full_name']} {side['sha'][:7]}" for side in sides) + " |"
    yield "|---" * len(sides) + "|"
    for picture in PICTURES:
        base = [
            f"{os.environ['GITHUB_SERVER_URL']}/{side['repo']['full_name']}/blob/{side['sha']}" for side in sides
        ]
        yield "| " + " | ".join(f"![{picture}]({address}/{picture}?raw=true)" for address in base) + " |"


def composed(run: dict[str, Any], pull: dict[str, Any], comparison: str) -> str:
    """The comment. What the pull request's code wrote comes last, so that it can change nothing before it."""
    found = call("GET", f"actions/runs/{run['id']}/artifacts?per_page=100")["artifacts"]
    ids = {artifact["name"]: artifact["id"] for artifact in sorted(found, key=lambda artifact: artifact["id"])}
    links = [
        f"[{text}]({run['html_url']}/artifacts/{ids[name]})" for name, text in ARTIFACTS.items() if name in ids
    ]
    says = f"**[CI]({run['html_url']}): {run['conclusion']}** at {run['head_sha']}"
    missing = "No comparison: the run ended before it. Its log says why."
    return "\n".join([
        MARKER,
        " \u00b7 ".join([says, *links]),
        "",
        *pictures(pull),
        "",
        "The pictures are those that were committed. What follows was written by the code of this pull request.",
        "",
        tamed(comparison) or missing,
    ])  # fmt: skip


def main(report: str) -> int:
    """Return 1 where nothing can be posted though something should be."""
    run = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text())["workflow_run"]
    number = content(Path(report, "number")).strip()
    if not re.fullmatch("[1-9][0-9]{0,9}", number):
        print("error: the report names no pull request", file=sys.stderr)
        return 1
    try:
        pull = call("GET", f"pulls/{number}")
        if pull["head"]["sha"] != run["head_sha"]:
            print(f"nothing posted: commit {run['head_sha']} is not the last one of pull request {number}")
            return 0
        body = {"body": composed(run, pull, content(Path(report, "comparison.md")))}
        own = (
            c["id"] for c in comments(int(number)) if (c["user"] or {}).get("login") == BOT and MARKER in c["body"]
        )
        known = next(own, None)
        posted = (
            call("PATCH", f"issues/comments/{known}", body)
            if known
            else call("POST", f"issues/{number}/comments", body)
        )
    except urllib.error.HTTPError as error:
        print(f"error: {error.url}: {error.code} {error.reason}", file=sys.stderr)
        return 1
    print(posted["html_url"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
