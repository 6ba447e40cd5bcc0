"""No message shows the user, the password, the query or the fragment of an address."""

import pytest

from pipeline.sources.failures import SourceError, explained
from pipeline.sources.redaction import without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:p@ss@host/mnist?token=SECRET: file: broken", "https://host/mnist?...: file: broken"),
        ("https://SECRET@host/mnist: broken", "https://host/mnist: broken"),
        ("https://user:SEC/RET@host/mnist", "https://...@host/mnist"),
        ("https://user:12/SECRET@host/mnist", "https://...@host/mnist"),
        ("https://user:SEC?RET@host/mnist: broken", "https://...?...: broken"),
        ("https://user:SEC#RET@host", "https://...#..."),
        ("https://SEC?RET@host/mnist", "https://...?..."),
        ("s3://KEY:SEC/RET+x@bucket/mnist: none", "s3://...@bucket/mnist: none"),
        ("https://h/a,https://user:SECRET@h/b", "https://h/a,https://h/b"),
        ("https://user:SECRET@[::1]:80/f", "https://[::1]:80/f"),
        ("netloc 'user:SECRET@host' contains invalid characters", "netloc '...@host' contains invalid characters"),
        ("https://h/f?to=https://SECRET/x&sig='SECRET\"SECRET<SECRET: cut", "https://h/f?...: cut"),
        ("https://h/f?SECRET", "https://h/f?..."),
        ("ftp://user:SECRET@host:21/a, then b", "ftp://host:21/a, then b"),
        (  # a shared access signature of Azure, whose times hold colons
            "https://x.blob.core.windows.net/c/f?sp=r&se=2026-01-01T23:59:59Z&sig=SECRET%3D: unreachable",
            "https://x.blob.core.windows.net/c/f?...: unreachable",
        ),
        (  # a pre-signed address of S3
            "404, message='', url='https://b.s3.amazonaws.com/f?X-Amz-Date=1&X-Amz-Signature=SECRET'",
            "404, message='', url='https://b.s3.amazonaws.com/f?...'",
        ),
        (
            'URL("https://h/f?a=SECRET#SECRET") and s3://b/k?versionId=SECRET',
            'URL("https://h/f?...") and s3://b/k?...',
        ),
        ("https://h/f#SECRET", "https://h/f#..."),
        ("zip://a::https://user:SECRET@h/b.zip?sig=SECRET: cut", "zip://a::https://h/b.zip?...: cut"),
        (
            "Max retries exceeded with url: /f?sig=SECRET (Caused by X)",
            "Max retries exceeded with url: /f?... (Caused by X)",
        ),
        ("s3://bucket/mnist@v2/{name}: none", "s3://bucket/mnist@v2/{name}: none"),
        ("what? a=b, and why?", "what? a=b, and why?"),
        ("https://host/mnist/{name}.gz: file:\n  unreachable", "https://host/mnist/{name}.gz: file: unreachable"),
    ],
)
def test_addresses_are_shown_without_secrets(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert "SECRET" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8080/mnist/train.gz: unreachable",
        "http://[::1]:80/x",
        "file:///data/raw and /data/raw@v2, C:/x",
        "expected train-labels.gz of 5,148 bytes (or none); found: 3",
        "Cannot connect to host h:443 ssl:default [Name or service not known]",
        "git@host:path is reached by ssh",
    ],
)
def test_a_text_without_a_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_every_reason_of_a_source_is_without_secrets() -> None:
    with pytest.raises(SourceError, match=r"^ValueError: bad address https://h/f\?\.\.\.$"), explained():
        raise ValueError("bad address https://user:SECRET@h/f?sig=SECRET")
