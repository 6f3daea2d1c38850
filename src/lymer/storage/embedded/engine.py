"""What a store and its archive share: the folder, its lock, its tenants, the threads, the room. `store` is the face."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from lymer._native import set_page_cache
from lymer.component.clock import Clock
from lymer.component.errors import BadQueryError, PermanentError, StartError, UnavailableError
from lymer.model.batch import SpanBatch
from lymer.storage.base import Budget, Health
from lymer.storage.embedded import compaction, manifest
from lymer.storage.embedded.background import CLEAN_INTERVAL_S, CLOSE_S, SEAL_INTERVAL_S, Chores, Worker
from lymer.storage.embedded.config import EmbeddedConfig, LimitsConfig, RetentionConfig, fault_of_name
from lymer.storage.embedded.durable import make_folder, remove
from lymer.storage.embedded.figures import Measured, figures_by_tenant, figures_of, memory_bytes_of
from lymer.storage.embedded.gate import FULL, Gate, Holding, Shortage, ample_bytes, own_memory_taken, share_taken
from lymer.storage.embedded.kept_wholes import KeptRoom
from lymer.storage.embedded.lock import FolderLock
from lymer.storage.embedded.look import WholeTraces, ask_trace
from lymer.storage.embedded.pieces import Snapshot
from lymer.storage.embedded.room import DiskRoom
from lymer.storage.embedded.tenant import Tenant
from lymer.storage.embedded.wal import Disk
from lymer.wire.trace_view import TraceView

ARCHIVE = "archive"
COMPACT_REQUEST = "compact.request"
"""A file that asks the process which holds the lock to compact everything."""
_KEPT_FOR_EVER = RetentionConfig(age=0.0, bytes_max=0)  # type: ignore[arg-type]
_WAITING_PART = 8
"""A tenant that takes too much may have 1/n of what the queue holds waiting before it: doors hold it in memory, too."""
_WHOLE_TRACES_PART = 2
_SPLIT_TRACES_PART = 5
"""Whole traces that are kept may take 1/n of the bound, of that of a look and of all split ones; writes come first."""
_EMPTY = Snapshot((), frozenset(), frozenset())

T = TypeVar("T")


class TenantKey(NamedTuple):
    """Which spans: a tenant's, or those in its archive."""

    name: str
    archived: bool = False

    def __str__(self) -> str:
        return f"{self.name}/{ARCHIVE}" if self.archived else self.name


class Engine:
    """Made closed. `start` once; `close` any time, also twice."""

    def __init__(self, config: EmbeddedConfig, *, data_dir: Path, clock: Clock, disk: Disk | None = None) -> None:
        self.config = config
        self._folder = data_dir
        self._clock = clock
        self._disk_calls = disk
        self._lock = FolderLock(data_dir)
        self._tenants: dict[TenantKey, Tenant] = {}
        self._gates: dict[TenantKey, Gate] = {}
        self._ample_queue_bytes = ample_bytes(config.log.queue_bytes_max)
        self._ample_memory_bytes = ample_bytes(config.memory_bytes_max)
        self._opening = asyncio.Lock()
        self._state = "new"
        self._disk = DiskRoom(
            data_dir,
            free_bytes_min=config.disk_free_bytes_min,
            reserve_bytes=config.reserve_bytes,
            clock=clock,
        )
        self.chores = Chores(
            config=config,
            clock=clock,
            tenants=self.tenants,
            memory_bytes=self.memory_bytes,
            clean_shared=self._clean_shared,
            disk_is_short=lambda: self._disk.is_short,
            stopping=lambda: self._state != "open",
        )
        self._wholes = WholeTraces(clock, bytes_max=config.memory_bytes_max // _WHOLE_TRACES_PART)
        self._kept_room = KeptRoom(config.memory_bytes_max // _SPLIT_TRACES_PART)
        self._sealer = Worker("lymer-seal", self.chores.seal, SEAL_INTERVAL_S)
        self._cleaner = Worker("lymer-clean", self.chores.clean, CLEAN_INTERVAL_S)
        self._readers = ThreadPoolExecutor(config.query_threads, thread_name_prefix="lymer-read")

    # --- beginning and end ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take the lock, open every tenant. Raises StartError."""
        await asyncio.to_thread(self._open_all)
        self._state = "open"
        if self.config.background:
            self._sealer.start()
            self._cleaner.start()

    async def close(self) -> None:
        """Finish the logs, let go."""
        if self._state == "closed":
            return
        self._state = "closed"
        await asyncio.to_thread(self._close_all)

    def _open_all(self) -> None:
        try:
            make_folder(self._folder)
            self._lock.acquire()
            set_page_cache(self.config.page_cache_bytes)
            self._disk.tend_reserve()
            for key, folder in stored_tenants(self._folder):
                self._add(key, self._opened(key, folder))
        except OSError as error:
            self._close_all()
            raise StartError(f"the data folder cannot be used: {error}; choose another with --data-dir") from error
        except StartError:
            self._close_all()
            raise

    def _close_all(self) -> None:
        self._cleaner.stop(wait_s=1.0)
        self._sealer.stop(wait_s=CLOSE_S)
        for tenant in self.tenants():
            tenant.close()
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._lock.release()

    # --- tenants -------------------------------------------------------------------------------------------------

    def tenants(self) -> list[Tenant]:
        """All that are open."""
        return list(self._tenants.values())

    def write(self, key: TenantKey, batch: SpanBatch) -> Awaitable[None]:
        """As `SpanStore.write`, once `check_writable` has passed. Most writes wait for nothing but the log."""
        tenant = self._tenants.get(key)
        if tenant is None:
            return self._write_first(key, batch)
        gate = self._gates[key]
        return tenant.write(batch) if gate.is_open_for(batch) else self._write_in_turn(tenant, gate, batch)

    async def _write_first(self, key: TenantKey, batch: SpanBatch) -> None:
        await self._made(key)
        await self.write(key, batch)

    async def _write_in_turn(self, tenant: Tenant, gate: Gate, batch: SpanBatch) -> None:
        await gate.wait(batch)
        await tenant.write(batch)

    async def _made(self, key: TenantKey) -> None:
        """Make a tenant that was not there yet."""
        if fault := fault_of_name(key.name):
            raise PermanentError(fault)
        if len(self._tenants) >= self.config.tenants_max:
            raise PermanentError(f"there are {self.config.tenants_max} tenants already; see tenants_max")
        async with self._opening:
            if key not in self._tenants:
                self._add(key, await asyncio.to_thread(self._opened, key, self._folder_of(key)))

    def tenant_to_read(self, key: TenantKey) -> Tenant | None:
        """The tenant; None when nothing was ever written. Raises UnavailableError."""
        if self._state != "open":
            raise UnavailableError("the store is not open")
        return self._tenants.get(key)

    def _add(self, key: TenantKey, tenant: Tenant) -> None:
        limits = self.config.limits_of(key.name)
        rates = LimitsConfig() if key.archived else limits  # What a person keeps is not weighed against programs.
        self._gates[key] = Gate(
            key.name,
            rates,
            shortage=partial(self._shortage, key.name, limits.memory_bytes_max),
            wait_s=self.config.wait,
            waiting_bytes_max=self.config.log.queue_bytes_max // _WAITING_PART,
            wanted=self._wake_sealer,
            clock=self._clock,
        )
        self._tenants[key] = tenant

    def _opened(self, key: TenantKey, folder: Path) -> Tenant:
        retention = _KEPT_FOR_EVER if key.archived else self.config.retention_of(key.name)
        tenant = Tenant(
            str(key),
            folder,
            config=self.config,
            retention=retention,
            memory_bytes_max=self.config.limits_of(key.name).memory_bytes_max,
            clock=self._clock,
            buffer_full=self._wake_sealer,
            disk=self._disk_calls,
            kept_room=self._kept_room,
        )
        try:
            tenant.open()
        except BaseException:
            tenant.close()
            raise
        return tenant

    def _folder_of(self, key: TenantKey) -> Path:
        folder = self._folder / key.name
        return folder / ARCHIVE if key.archived else folder

    # --- questions -----------------------------------------------------------------------------------------------

    async def ask(self, key: TenantKey, budget: Budget, question: Callable[[Snapshot], T]) -> T:
        """Run a question over what there is now, on a thread. When nobody waits any more, it ends soon."""
        tenant = self.tenant_to_read(key)

        def answer() -> T:
            budget.check()
            return question(tenant.snapshot() if tenant else _EMPTY)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, answer)
        except asyncio.CancelledError:
            budget.cancelled = True
            raise
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the store cannot be read: {error}; see `lymer store verify`") from error
        except (TypeError, OverflowError) as error:
            raise BadQueryError(f"the question cannot be asked: {error}") from error

    def look(self, snapshot: Snapshot, trace_id: bytes, question: Callable[[TraceView], T], budget: Budget) -> T | None:
        """What the question says of one whole trace; None when it is not in the snapshot."""
        return ask_trace(snapshot, trace_id, question, budget, self._wholes)

    # --- room ----------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raises UnavailableError when no write may go on."""
        if self._state != "open":
            raise UnavailableError("the store is not open")
        self._disk.check()

    def memory_bytes(self) -> int:
        """Of spans that are not in a segment yet."""
        return sum(map(memory_bytes_of, self.tenants()))

    def kept_bytes(self) -> int:
        """Of whole traces that are kept for the next question."""
        return self._wholes.memory_bytes + self._kept_room.held_bytes

    def _shortage(self, name: str, own_bytes_max: int) -> Shortage | None:
        """What is missing for one more write of this tenant; its archive counts with it."""
        if not own_bytes_max and self._has_ample_room():
            return None
        queue = self._held(name, lambda tenant: tenant.commit.queue_bytes, self.config.log.queue_bytes_max)
        memory = self._held(name, memory_bytes_of, self.config.memory_bytes_max)
        if self.kept_bytes() > max(memory.left, 0):
            self._wholes.clear()
            self._kept_room.let_go()
        if own_bytes_max and memory.own > own_bytes_max:
            return own_memory_taken(name)
        if queue.is_unfair or memory.is_unfair:
            return share_taken(name)
        return FULL if queue.left < 0 or memory.left < 0 else None

    def _has_ample_room(self) -> bool:
        """Whether nobody's share matters: of most writes nothing else need be asked."""
        queued, held = 0, self.kept_bytes()
        for tenant in self._tenants.values():
            queued += tenant.commit.queue_bytes
            held += memory_bytes_of(tenant)
        return queued <= self._ample_queue_bytes and held <= self._ample_memory_bytes

    def _held(self, name: str, held_by: Callable[[Tenant], int], bytes_max: int) -> Holding:
        held = dict.fromkeys((key.name for key in self._tenants), 0)
        for key, tenant in self._tenants.items():
            held[key.name] += held_by(tenant)
        return Holding(held.pop(name), held.values(), bytes_max)

    def _wake_sealer(self) -> None:
        self._sealer.wake()

    def compact_all(self) -> None:
        """Seal every log and merge the small segments of each tenant. Blocks."""
        for tenant in self.tenants():
            tenant.seal()
            for names in compaction.all_small(tenant.entries, self.config.compaction):
                tenant.merge(tenant.pieces_named(names))

    def _clean_shared(self) -> None:
        self._wholes.forget()
        if (self._folder / COMPACT_REQUEST).exists():
            self.compact_all()
            remove(self._folder / COMPACT_REQUEST)
        self._disk.tend_reserve()
        if self._disk.is_short:
            for tenant in self.tenants():
                tenant.log.drop_spares()

    def health(self) -> Health:
        """Without waiting."""
        is_open = self._state == "open"
        short = is_open and self._disk.is_short
        reason = "" if is_open else "closed"
        if short:
            reason = f"the disk has {self._disk.free_bytes >> 20} MiB left"
        tenants = [Measured(key.name, tenant, self._gates[key]) for key, tenant in list(self._tenants.items())]
        figures = figures_of(tenants)
        figures["kept_bytes"] = float(self.kept_bytes())
        figures["disk_free_bytes"] = float(self._disk.free_bytes)
        return Health(
            can_write=is_open and not short,
            can_read=is_open,
            reason=reason,
            figures=figures,
            tenants=figures_by_tenant(tenants),
        )


def stored_tenants(folder: Path) -> list[tuple[TenantKey, Path]]:
    """The tenants of a data folder, archives too."""
    found = []
    for path in sorted(folder.iterdir()):
        for key, place in ((TenantKey(path.name), path), (TenantKey(path.name, archived=True), path / ARCHIVE)):
            if (place / manifest.MANIFEST_NAME).exists() or (place / manifest.COPY_NAME).exists():
                found.append((key, place))
    return found
