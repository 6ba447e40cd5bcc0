"""What the environment and pip's configuration say of the network: the package index, a proxy, certificates."""

import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

from pipeline.sources.failures import SourceError, once

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def pip_settings() -> dict[str, str]:
    """The index-url, cert and proxy of pip, if its configuration or the environment sets them."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return parse_pip_settings(listing)


def parse_pip_settings(listing: str) -> dict[str, str]:
    """The settings in the output of `pip config list`. The environment counts more than a file.

    An empty value is none, as for pip itself.
    """
    found: dict[str, str] = {}
    for scope in ("global", "install", "download", ":env:"):
        found |= re.findall(rf"^{scope}\.(index-url|cert|proxy)='(.+)'$", listing, re.MULTILINE)
    return found


def _trusted() -> ssl.SSLContext:
    """Trust the system's certificate authorities, and those that the environment or pip names.

    Raises SourceError for a name of a file that holds no certificates.
    """
    context = ssl.create_default_context()
    named = {name: os.environ.get(name) for name in BUNDLES} | {"pip's cert": pip_settings().get("cert")}
    for name, place in named.items():
        if place:
            try:
                folder = Path(place).is_dir()
                context.load_verify_locations(**{"capath" if folder else "cafile": place})
            except OSError as error:  # ssl.SSLError is one, and its text does not help
                found = error.strerror if isinstance(error, FileNotFoundError) else "no certificate"
                raise SourceError(f"{name}: expected a file of certificates, found {place}: {found}") from None
    return context


trusted = once(_trusted)  # to ask pip takes half a second
