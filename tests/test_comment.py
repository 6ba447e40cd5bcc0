"""The comment on a pull request: the steps of comment.yml, with a forge on loopback."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from forge import BOT, TOKEN, Forge, serving
from runner import Job, definition

SHA, TARGET = "a" * 40, "b" * 40
TABLE = "| errors | before | after |\n|---|---|---|\n| test | 47 | 52 |\n"
WORKFLOW = definition(".github/workflows/comment.yml")
Report = Callable[..., Job]


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A forge with pull request 7 from a fork; its last commit is SHA."""
    with serving() as forge:
        sides = {"base": ("owner/project", TARGET), "head": ("fork/project", SHA)}
        forge.pulls[7] = {key: {"repo": {"full_name": name}, "sha": sha} for key, (name, sha) in sides.items()}
        forge.pulls[8] = forge.pulls[7] | {"head": {"repo": None, "sha": "c" * 40}}
        forge.artifacts = [{"id": 11, "name": "report"}, {"id": 9, "name": "report"}, {"id": 10, "name": "other"}]
        yield forge


@pytest.fixture
def report(forge: Forge, tmp_path: Path) -> Report:
    """Run comment.yml after a run of CI that left these files. None: the file is absent. A path: a link to it."""
    count = iter(range(100))

    def comment(number: str | Path | None = "7\n", comparison: str | Path | None = TABLE, sha: str = SHA) -> Job:
        event = tmp_path / "event.json"
        url = f"{forge.url}/owner/project/actions/runs/42"
        run = {"id": 42, "head_sha": sha, "html_url": url, "conclusion": "failure"}
        event.write_text(json.dumps({"workflow_run": run}))
        addresses = {"GITHUB_API_URL": forge.url, "GITHUB_SERVER_URL": forge.url, "GITHUB_EVENT_PATH": str(event)}
        contexts = {"github.token": TOKEN, "github.event.workflow_run.id": "42"}
        temp = tmp_path / str(next(count))
        job = Job(ROOT, temp, contexts, addresses | {"GITHUB_REPOSITORY": "owner/project"})
        (temp / "report").mkdir()
        for name, text in {"number": number, "comparison.md": comparison}.items():
            if isinstance(text, Path):
                (temp / "report" / name).symlink_to(text)
            elif text is not None:
                (temp / "report" / name).write_text(text)
        return job.run(WORKFLOW["jobs"]["comment"])

    return comment


def body(forge: Forge) -> str:
    (comment,) = forge.comments.values()
    return str(comment["body"])


def test_a_report_becomes_a_comment_with_numbers_pictures_and_links(forge: Forge, report: Report) -> None:
    done = report()
    assert (done.code, done.ran[-1].said) == (0, f"{forge.url}/owner/project/pull/7#issuecomment-1\n")
    text = body(forge)
    assert TABLE in text
    assert f"**[CI]({forge.url}/owner/project/actions/runs/42): failure** at {SHA}" in text
    assert f"({forge.url}/owner/project/actions/runs/42/artifacts/11)" in text, "of the last attempt"
    for repository, sha in [("owner/project", TARGET), ("fork/project", SHA)]:
        for picture in ("misclassified", "suspects"):
            assert f"]({forge.url}/{repository}/blob/{sha}/metrics/{picture}.png?raw=true)" in text
    assert all((ROOT / "metrics" / f"{picture}.png").is_file() for picture in ("misclassified", "suspects"))


def test_a_later_report_updates_the_comment_on_whatever_page_it_is(forge: Forge, report: Report) -> None:
    for _ in range(230):
        forge.comment("someone", "me too")
    report(comparison="first")
    report(comparison="second")
    assert len(forge.comments) == 231
    assert "second" in forge.comments[231]["body"]
    assert "first" not in forge.comments[231]["body"]


def test_comments_of_others_are_left_alone(forge: Forge, report: Report) -> None:
    report()
    copied = body(forge)
    forge.comments.clear()
    others = [("someone", copied), (None, copied), (BOT, "of another workflow")]
    for login, text in others:
        forge.comment(login, text)
    report()
    assert [comment["body"] for comment in forge.comments.values()][:3] == [text for _, text in others]
    assert len(forge.comments) == 4


def test_a_run_without_a_comparison_says_so_in_place_of_an_older_one(forge: Forge, report: Report) -> None:
    report()
    assert report(comparison=None).code == 0
    assert "No comparison: the run ended before it" in body(forge)
    assert TABLE not in body(forge)


@pytest.mark.parametrize(
    "number", [None, "", "07", "-7", "7\n8", "7/../8", "../issues/7", "\u0667", "7" * 11, "7?x=1"]
)
def test_a_number_that_is_none_asks_nothing(forge: Forge, report: Report, number: str | None) -> None:
    done = report(number=number)
    assert (done.code, done.ran[-1].said) == (1, "error: the report names no pull request\n")
    assert forge.log == []


@pytest.mark.parametrize("number", ["8", "7"])
def test_a_commit_that_is_not_the_last_of_that_pull_request_changes_nothing(
    forge: Forge, report: Report, number: str
) -> None:
    done = report(number=number, sha="d" * 40)
    assert (done.code, done.ran[-1].said.split(":")[0]) == (0, "nothing posted")
    assert [(method, path) for method, path, _ in forge.log] == [("GET", f"/repos/owner/project/pulls/{number}")]


def test_a_pull_request_whose_fork_is_gone_gets_the_pictures_of_the_target(forge: Forge, report: Report) -> None:
    forge.pulls[7]["head"]["repo"] = None
    assert report().code == 0
    assert body(forge).count("?raw=true") == 2


def test_what_the_report_says_cannot_reach_out_of_its_text(forge: Forge, report: Report) -> None:
    hostile = (
        "<!-- the report of CI --> <img src=//e.example> <b>x</b> <details open>\n"
        "@owner &#64;owner &commat;owner &&#35;64;owner fixes #1 ![i](//e.example) [l](x) [n]\0(x)\n"
        "[r]: //e.example\nhttps://e.example www.e.example; p < 0.05, a|b\n"
    )
    report(comparison=hostile)
    written = body(forge).split("The code of this pull request wrote the text below.")[1]
    for reaching in (
        "<!--",
        "<img",
        "<b",
        "@o",
        "&#64",
        "&commat",
        "<details open",
        "](",
        "\0",
        "]:",
        "://",
        "www.",
        "#1",
    ):
        assert reaching not in written
    assert "p < 0.05, a|b" in written


def test_what_compare_writes_is_shown_as_it_is(forge: Forge, report: Report) -> None:
    written = "**same**\n<details><summary>changed: 1</summary>\n\n| a&#124;b&#96;c&#58; | &lt;1 |\n\n</details>"
    report(comparison=written)
    assert written in body(forge)


@pytest.mark.parametrize("letter", ["x", "@", "\N{PILE OF POO}"])
def test_a_long_report_is_cut_to_what_the_forge_takes(forge: Forge, report: Report, letter: str) -> None:
    assert report(comparison=letter * 1_000_000).code == 0
    assert 50_000 < len(body(forge)) < 60_000
    assert "(cut here; the rest is in the report)" in body(forge)


def test_a_link_in_the_report_is_not_followed(forge: Forge, report: Report, tmp_path: Path) -> None:
    secret, number = tmp_path / "secret", tmp_path / "seven"
    secret.write_text("what the runner knows")
    number.write_text("7")
    assert report(number=number).code == 1
    assert report(comparison=secret).code == 0
    assert "No comparison" in body(forge)
    assert "what the runner knows" not in body(forge)


def test_a_forge_that_refuses_is_an_error_without_the_token(forge: Forge, report: Report) -> None:
    forge.readonly = True
    done = report()
    assert done.code == 1
    assert done.ran[-1].said == f"error: {forge.url}/repos/owner/project/issues/7/comments: 403 Forbidden\n"


def test_the_token_goes_nowhere_else(forge: Forge, report: Report) -> None:
    with serving() as other:
        forge.elsewhere = other.url
        assert report().code == 1
        assert [known for *_, known in forge.log] == [True]
        assert [known for *_, known in other.log] == [False]
