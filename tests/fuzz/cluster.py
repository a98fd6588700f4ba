"""The file that says how a cluster is reached: a person's, or what another tool wrote."""

from __future__ import annotations

import ssl
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.guards.kubeconfig import Access, read_access
from tests.fuzz.target import Target, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "swordfish-of-the-fuzzer"


@cache
def _place() -> Path:
    """Make a folder for this process, with a certificate in it."""
    folder = Path(tempfile.mkdtemp(prefix="flashd-fuzz-cluster-"))
    (folder / "ca.pem").write_text(_AUTHORITY)
    return folder / "kubeconfig"


def _read(data: bytes) -> Access | None:
    file = _place()
    file.write_bytes(data)
    file.chmod(0o600)
    try:
        return read_access(file, None)
    except (ValueError, OSError) as error:
        assert TOKEN not in str(error), "a secret in an error"
        return None


def _check(data: bytes, access: Access | None) -> None:
    """See that the server is the one that is written, that it must prove itself, and no more."""
    if access is None:
        return
    text = text_of(data)
    assert access.server.startswith("https://")
    assert access.secure.verify_mode is ssl.CERT_REQUIRED
    assert access.secure.check_hostname
    assert access.secure.get_ca_certs(), "whoever comes is believed"
    assert TOKEN not in repr(access), "a secret that is shown"
    assert access.token is None or access.token.isascii() or access.token in text
    assert access.token is None or "\n" not in access.token, "a header too many"


def _seeds() -> Iterator[bytes]:
    yield _CONFIG.encode()
    yield _CONFIG.replace(
        "certificate-authority: ca.pem", "certificate-authority-data: QQ=="
    ).encode()
    yield _CONFIG.replace(
        "certificate-authority: ca.pem", "insecure-skip-tls-verify: true"
    ).encode()
    yield _CONFIG.replace(f"token: {TOKEN}", "tokenFile: ca.pem").encode()
    yield _CONFIG.replace(
        f"token: {TOKEN}", "client-certificate: ca.pem, client-key: ca.pem"
    ).encode()


_CONFIG = f"""\
apiVersion: v1
kind: Config
current-context: tst
contexts: [{{name: tst, context: {{cluster: c, user: u}}}}]
clusters:
  - name: c
    cluster: {{server: "https://127.0.0.1:6443/", certificate-authority: ca.pem}}
users:
  - name: u
    user: {{token: {TOKEN}}}
"""
_AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUDoj+EV5cbEwxayzRIanL/6hUuNUwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjYxODQ2MzBaGA8yMTI2MTEwMjE4NDYz
MFowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDd0
I/wVBg6VxGudT5Gp8QbJBTbakuTV+9oavl+3te45zAg1thq4nYV0c8sZotg6DzVS
bPXWq/f1+bob3uY9+XKjUzBRMB0GA1UdDgQWBBRsCVaF6q48ge6aRLTUTH1L6ssP
uDAfBgNVHSMEGDAWgBRsCVaF6q48ge6aRLTUTH1L6ssPuDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDq4S31zujhGid//vB9JtVACN6B2aWTtM8X
ZpqCtIu9iwIgIr178ufOyXCgCHoMkgmTKO0CHqtdw1SzPF8WAtQUFW8=
-----END CERTIFICATE-----
"""
"""A certificate of nobody's, whose key was thrown away."""

TARGETS = (
    Target(
        name="kubeconfig",
        read=_read,
        check=_check,
        seeds=_seeds,
        words=(
            *(b"current-context", b"contexts", b"clusters", b"users", b"name", b"server", b"token"),
            *(
                b"https://",
                b"http://",
                b"tokenFile",
                b"exec",
                b"&a ",
                b"*a",
                b"!!binary ",
                b"2026-99-99",
            ),
            *(
                b"[" * 2000,
                b"{a: " * 700,
                b"<<: ",
                b"insecure-skip-tls-verify",
                b"null",
                b"0x9",
                b"~",
                b"||",
            ),
            *(
                b"certificate-authority",
                b"certificate-authority-data",
                b"client-key",
                b"/etc/hostname",
            ),
        ),
        largest=1 << 14,
        flood=1 << 14,
    ),
)
