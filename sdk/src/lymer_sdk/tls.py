"""Whom to believe and who we are on encrypted connections: names of files, for HTTP and gRPC alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl


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
        """As the standard library wants it; raises ValueError for a file that cannot be read."""
        import ssl  # 7 ms that only encrypted connections cost

        try:
            context = ssl.create_default_context(cafile=self.certificate or None)
            if self.client_certificate:
                context.load_cert_chain(self.client_certificate, self.client_key or None)
        except OSError as error:
            raise ValueError(f"certificates {', '.join(filter(None, self))}: {error}") from error
        return context
