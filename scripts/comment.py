"""Post the report of a CI run as the one comment of its pull request, or update that comment.

    python3 -I scripts/comment.py REPORT

.github/workflows/comment.yml runs it, with the right to comment, after a run of CI that had no rights. REPORT is
the artifact of that run. The code of the pull request wrote it, so nothing in it is trusted.
Standard library only.
"""

import html
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
LIMIT = 50_000  # GitHub takes 65,536 characters
# All HTML and entities, except those that `compare` writes.
MARKUP = re.compile(
    r"&(?!(?:amp|lt|gt|#(?:36|42|58|9[12356]|12[46]|8203));)|<(?!/?(?:details|summary)>)(?=[A-Za-z/!?])"
)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")  # a forge may drop these, and join the text on both sides
REACHING = re.compile(r"@|://|\]\(|\]:|www\.|(?<!&)#(?=\d)")


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """The answer of GitHub's REST API, about this repository."""
    request = urllib.request.Request(  # noqa: S310  (the runner sets the address)
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        method=method,
    )
    # Unredirected: if an answer points to another address, the token does not go there.
    request.add_unredirected_header("Authorization", f"Bearer {os.environ['GITHUB_TOKEN']}")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def comments(number: str) -> Iterator[dict[str, Any]]:
    """All comments of a pull request, from all pages."""
    for page in itertools.count(1):
        found = call("GET", f"issues/{number}/comments?per_page=100&page={page}")
        yield from found
        if len(found) < 100:
            return


def content(path: Path) -> str:
    """The text of a file of the artifact, cut after the limit; nothing for a link, which may lead anywhere."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(4 * LIMIT + 4).decode(errors="replace")[: LIMIT + 1]  # a character has at most four bytes


def tamed(text: str) -> str:
    """Markdown without HTML, links, pictures and mentions, cut to the limit."""
    text = CONTROL.sub(" ", text)
    text = text.replace("&#64;", "@").replace("&#35;", "#")  # GitHub sees a mention in both forms
    text = MARKUP.sub(lambda found: html.escape(found[0]), text)
    text = REACHING.sub(lambda found: f"{found[0][0]}\u200b{found[0][1:]}", text)
    return text if len(text) <= LIMIT else f"{text[:LIMIT]}\n\n(cut here; the rest is in the report)"


def pictures(pull: dict[str, Any]) -> Iterator[str]:
    """A table of the pictures in git, of the target and of the last commit of the pull request."""
    sides = [(side["repo"]["full_name"], side["sha"]) for side in (pull["base"], pull["head"]) if side["repo"]]
    yield "| " + " | ".join(f"{name} {sha[:7]}" for name, sha in sides) + " |"
    yield "|---" * len(sides) + "|"
    for picture in PICTURES:
        addresses = [f"{os.environ['GITHUB_SERVER_URL']}/{name}/blob/{sha}/{picture}" for name, sha in sides]
        yield "| " + " | ".join(f"![{picture}]({address}?raw=true)" for address in addresses) + " |"


def composed(run: dict[str, Any], pull: dict[str, Any], comparison: str) -> str:
    """The comment. The text from the pull request's code comes last, so it cannot change the text before it."""
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
        "The pictures are from the commits. The code of this pull request wrote the text below.",
        "",
        tamed(comparison) or missing,
    ])  # fmt: skip


def post(number: str, body: str) -> str:
    """Update our comment, or make it if there is none; return its address."""
    own = (c["id"] for c in comments(number) if (c["user"] or {}).get("login") == BOT and MARKER in c["body"])
    known = next(own, None)
    where = ("PATCH", f"issues/comments/{known}") if known else ("POST", f"issues/{number}/comments")
    return str(call(*where, {"body": body})["html_url"])


def main(report: str) -> int:
    """Post the comment; return 1 if that fails. A commit that is not the last one gets no comment."""
    run = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text())["workflow_run"]
    number = content(Path(report, "number")).strip()
    if not re.fullmatch("[1-9][0-9]{0,9}", number):
        print("error: the report names no pull request", file=sys.stderr)
        return 1
    try:
        pull = call("GET", f"pulls/{number}")
        if pull["head"]["sha"] != run["head_sha"]:
            print(f"nothing posted: commit {run['head_sha']} is not the last one of pull request {number}")
        else:
            print(post(number, composed(run, pull, content(Path(report, "comparison.md")))))
    except urllib.error.HTTPError as error:
        print(f"error: {error.url}: {error.code} {error.reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
