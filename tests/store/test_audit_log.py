"""The device's chain and the server's witness, as this store keeps them."""

from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from app.domain.audit import (
    EMPTY_CHAIN,
    ChainRow,
    DeviceEvent,
    Witness,
    verify_chain,
)
from app.domain.failures import Code, Untrusted
from offline_store.database import OfflineStore
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.conftest import raw_connection
from tests.store.given import event


async def add(store: OfflineStore, count: int = 1) -> list[DeviceEvent]:
    return await store.transaction(lambda unit: [unit.audit.add(event()) for _ in range(count)])


async def unacknowledged(store: OfflineStore, limit: int = 100) -> list[DeviceEvent]:
    return await store.transaction(lambda unit: unit.audit.unacknowledged(limit))


async def acknowledge(store: OfflineStore, until: int) -> None:
    await store.transaction(lambda unit: unit.audit.acknowledge(until))


async def keep_witness(store: OfflineStore, witness: Witness) -> None:
    await store.transaction(lambda unit: unit.audit.keep_server_witness(witness))


def chain_of(events: list[DeviceEvent]) -> list[ChainRow]:
    return [ChainRow(row.number, row.event.canonical(), row.digest) for row in events]


async def test_the_chain_goes_on_across_starts(folder: Path, ring: KeyringInMemory) -> None:
    added = []
    for _ in range(3):
        async with kept_store(folder, ring) as store:
            added += await add(store, 4)
            read = await unacknowledged(store)
    assert read == added  # what is read back hashes to the same leaf, time zone and all
    reached, fault = verify_chain(chain_of(read))
    assert fault is None
    assert reached == Witness(12, added[-1].digest)


async def test_acknowledging_hides_nothing_that_is_new(either_store: OfflineStore) -> None:
    added = await add(either_store, 5)
    await acknowledge(either_store, 3)
    assert await unacknowledged(either_store) == added[3:]
    assert await unacknowledged(either_store, limit=1) == added[3:4]
    await acknowledge(either_store, 1)  # an older answer, late
    assert await unacknowledged(either_store) == added[3:]


async def test_a_server_that_may_have_forgotten_is_believed_once(store: OfflineStore) -> None:
    added = await add(store, 5)
    await acknowledge(store, 4)
    await store.transaction(lambda unit: unit.audit.ask_again())
    await acknowledge(store, 2)
    assert await unacknowledged(store) == added[2:]
    await acknowledge(store, 1)
    assert await unacknowledged(store) == added[2:]


async def test_the_server_cannot_hold_events_never_made_here(store: OfflineStore) -> None:
    await add(store, 2)
    with pytest.raises(Untrusted) as caught:
        await acknowledge(store, 3)
    assert caught.value.code is Code.AUDIT_MISMATCH
    assert len(await unacknowledged(store)) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_log SET event = x'7b7d' WHERE number = 2",
        "DELETE FROM audit_log WHERE number = 3",
        "DELETE FROM audit_log",
        "INSERT INTO audit_log (number, event, digest) VALUES (9, x'7b7d', '00')",
        "INSERT OR REPLACE INTO audit_log (number, event, digest) VALUES (2, x'7b7d', '00')",
    ],
)
async def test_the_table_only_grows(
    store: OfflineStore, folder: Path, ring: KeyringInMemory, sql: str
) -> None:
    await add(store, 3)
    connection = await raw_connection(folder, ring)
    try:
        with pytest.raises(sqlcipher.IntegrityError):
            connection.execute(sql)
    finally:
        connection.close()
    assert verify_chain(chain_of(await unacknowledged(store)))[1] is None


async def test_the_servers_witness_only_moves_forward(folder: Path, ring: KeyringInMemory) -> None:
    first, second = Witness(5, "aa" * 32), Witness(9, "bb" * 32)
    async with kept_store(folder, ring) as store:
        assert await store.transaction(lambda unit: unit.audit.server_witness()) == EMPTY_CHAIN
        for witness in (first, second, second):
            await keep_witness(store, witness)
    async with kept_store(folder, ring) as store:
        for older in (first, Witness(9, "cc" * 32), EMPTY_CHAIN):
            with pytest.raises(Untrusted) as caught:
                await keep_witness(store, older)
            assert caught.value.code is Code.AUDIT_MISMATCH
        assert await store.transaction(lambda unit: unit.audit.server_witness()) == second
