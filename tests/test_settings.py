"""What the environment and pip's configuration say of the network holds for mirrors and for the package index."""

import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import Run
from loopback import Server, answer, contents, serving

from pipeline.sources.settings import parse_pip_settings

DOWNLOAD = (sys.executable, "-m", "pipeline", "download")
PAGE, WHEEL = "/simple/bars/", "bars-1-py3-none-any.whl"
VARIABLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT"]


@pytest.mark.parametrize(
    ("listing", "settings"),
    [
        ("", {}),
        ("global.index-url='u'\nglobal.cert='c'\nglobal.timeout='5'", {"index-url": "u", "cert": "c"}),
        ("download.index-url='section'\nglobal.index-url='global'", {"index-url": "section"}),
        (":env:.cert=''\nglobal.cert='c'", {"cert": "c"}),
        (":env:.proxy='environment'\ndownload.proxy='file'\nglobal.proxy='file'", {"proxy": "environment"}),
    ],
)
def test_the_environment_goes_before_a_section_before_global(listing: str, settings: dict[str, str]) -> None:
    assert parse_pip_settings(listing) == settings


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that only this test knows; its key is in the same file."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    own = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(path)]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *own], check=True)
    return path


@pytest.fixture
def mirror(authority: Path, project: Path) -> Iterator[Server]:
    """An https server with the raw files of the project, whose certificate is from the authority."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority)
    with serving(tls) as server:
        for name, body in contents(project.parent / "mirror").items():
            server.answers[f"/{name}"] = [answer(body)]
        yield server


def variables(**names: str) -> dict[str, str]:
    """The environment of a program that knows no authority but those that are named."""
    empty = dict.fromkeys([*VARIABLES, "PIPELINE_SOURCE"], "")
    return empty | {"PIP_CONFIG_FILE": "/dev/null", "NO_PROXY": "127.0.0.1"} | names


@pytest.mark.parametrize("variable", [*VARIABLES, "PIP_CONFIG_FILE"])
def test_an_authority_that_is_named_holds_for_a_mirror(
    project: Path, run: Run, mirror: Server, authority: Path, variable: str
) -> None:
    value = authority
    if variable == "PIP_CONFIG_FILE":
        value = authority.with_name("pip.conf")
        value.write_text(f"[global]\ncert = {authority}\n")
    done = run(*DOWNLOAD, "--source", f"{mirror.url}/{{name}}", **variables(**{variable: str(value)}))
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(project / "data/raw") == contents(project.parent / "mirror")


def test_without_it_the_message_says_how_to_name_it(run: Run, mirror: Server) -> None:
    done = run(*DOWNLOAD, "--source", f"{mirror.url}/{{name}}", **variables())
    assert done.returncode == 3
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert "; if the server's certificate is of your own authority, name its file in SSL_CERT_FILE" in done.stderr


def test_a_file_of_authorities_that_is_none_is_said(run: Run, mirror: Server, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for value, found in [(tmp_path / "absent.pem", "No such file"), (tmp_path / "empty.pem", "no certificate")]:
        given = variables(REQUESTS_CA_BUNDLE=str(value))
        done = run(*DOWNLOAD, "--source", f"{mirror.url}/{{name}}", **given)
        assert done.returncode == 3
        assert f"REQUESTS_CA_BUNDLE: expected a file of certificates, found {value}: {found}" in done.stderr


@pytest.mark.parametrize("variable", VARIABLES)
def test_an_authority_that_is_named_holds_for_the_package_index(
    project: Path, run: Run, mirror: Server, authority: Path, variable: str
) -> None:
    path = project / "pipeline/datasets/tiny.yaml"
    package = {"project": "bars", "file": WHEEL, "bytes": 1, "sha256": "0" * 64}
    members = {"members": {name: name for name in contents(project.parent / "mirror")}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"package": package | members}))
    page = f'<a href="/{WHEEL}">{WHEEL}</a>'
    mirror.answers |= {PAGE: [answer(page.encode(), kind="text/html")], f"/{WHEEL}": [answer(b"x")]}
    given = variables(PIP_INDEX_URL=f"{mirror.url}/simple")
    if variable == VARIABLES[0]:
        assert "CERTIFICATE_VERIFY_FAILED" in run(*DOWNLOAD, **given).stderr
    done = run(*DOWNLOAD, **given | {variable: str(authority)})
    assert f"package index, {WHEEL}: " in done.stderr
    assert "expected 1 bytes with SHA-256 0000" in done.stderr  # the answer has arrived
