"""A UDP socket that is read in batches and knows how many datagrams the kernel has dropped for it. Linux counts them.

Not here: what a datagram is.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import sys
from typing import Final

from lymer.component.errors import StartError
from lymer.component.http_server import cause_and_cure

DATAGRAM_BYTES_MAX: Final = 65_535
"""More than any datagram of IP has: none is ever cut."""

_SO_RCVBUFFORCE: Final = 33
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")
"""The last says how many datagrams were dropped (linux/sock_diag.h)."""
_LENGTH: Final = struct.Struct("<I")


def open_sockets(host: str, port: int, *, buffer_bytes: int, what: str) -> list[DatagramSocket]:
    """Bound sockets, one for each address of the name, all on one port. Raises StartError with the cure."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartError(f"{what}: {host!r} is not an address of this machine; give --host a name or an IP") from error
    sockets: list[DatagramSocket] = []
    try:
        for family, address in dict.fromkeys((entry[0], str(entry[4][0])) for entry in found):
            try:
                sockets.append(DatagramSocket(family, address, port, buffer_bytes=buffer_bytes))
            except OSError as error:  # `localhost` on a machine without IPv6.
                if not sockets or error.errno != errno.EADDRNOTAVAIL:
                    raise
            port = sockets[0].port
    except OSError as error:
        for one in sockets:
            one.close()
        raise StartError(f"{what}: {cause_and_cure(error, host, port)}") from error
    return sockets


class DatagramSocket:
    """One bound socket. Raises OSError when it cannot be had."""

    def __init__(self, family: int, address: str, port: int, *, buffer_bytes: int) -> None:
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._drops = 0
        try:
            self._socket.setblocking(False)
            self.buffer_bytes = _enlarge(self._socket, buffer_bytes)
            self._socket.bind((address, port))
        except OSError:
            self._socket.close()
            raise

    @property
    def port(self) -> int:
        """The port; the real one where 0 was asked for."""
        return int(self._socket.getsockname()[1])

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def receive(self, room: memoryview, *, bytes_max: int) -> tuple[int, int]:
        """Take what is there, each datagram behind its length, until so many bytes are passed: (bytes, datagrams).

        `room` must have DATAGRAM_BYTES_MAX and a length more than `bytes_max`.
        """
        used = count = 0
        receive_into = self._socket.recv_into
        try:
            while used < bytes_max:
                size = receive_into(room[used + 4 :], DATAGRAM_BYTES_MAX)
                _LENGTH.pack_into(room, used, size)
                used += 4 + size
                count += 1
        except BlockingIOError:
            pass
        return used, count

    def new_drops(self) -> int:
        """How many datagrams the kernel has dropped since the last question, because nobody took them in time."""
        drops = self._all_drops()
        new = (drops - self._drops) & 0xFFFF_FFFF
        self._drops = drops
        return new

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()

    def _all_drops(self) -> int:
        if not sys.platform.startswith("linux"):
            return 0
        info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        return int(_MEMINFO.unpack(info)[8])


def _enlarge(opened: socket.socket, wanted_bytes: int) -> int:
    """As large as the system allows: beyond its limit for those who may, else up to it. The size that it has then."""
    for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, option, wanted_bytes)
            break
    return opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux says the double: half is its own need.
