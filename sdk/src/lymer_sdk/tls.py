"""Whom to believe and who we are on encrypted connections: names of files, for HTTP and gRPC alike."""

from __future__ import annotations

import ssl
from typing import NamedTuple


class Tls(NamedTuple):
    """Files in PEM; an empty name is none. Without `certificate` the system's authorities are believed."""

    certificate: str = ""
    client_certificate: str = ""
    client_key: str = ""

    @property
    def given(self) -> bool:
        """Whether any file is named."""
        return any(self)

    def context(self) -> ssl.SSLContext:
        """As the standard library wants it; raises OSError for a file that cannot be read."""
        context = ssl.create_default_context(cafile=self.certificate or None)
        if self.client_certificate:
            context.load_cert_chain(self.client_certificate, self.client_key or None)
        return context
