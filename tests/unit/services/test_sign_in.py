"""Signing in and out, locking and unlocking, with and without the server; the shared renewal."""

import asyncio

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from app.domain.ids import new_id
from app.services.sign_in import RENEWED_JUST_NOW_S, UNLOCK_TRIES, SignInPhase, SignInState
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes

GOOD = ("dr-lin", "good password")


def shown(desk: DeskOnFakes) -> SignInState:
    return desk.sign_in.state.value


@pytest.fixture
def nobody(doctor: DeskOnFakes) -> DeskOnFakes:
    """A workstation at which nobody has signed in yet."""
    doctor.acts.now_acting(None)
    return doctor


async def signed_in(desk: DeskOnFakes) -> DeskOnFakes:
    await desk.sign_in.sign_in(*GOOD)
    assert shown(desk).phase is SignInPhase.SIGNED_IN
    return desk


async def test_the_right_password_opens(nobody: DeskOnFakes) -> None:
    await nobody.sign_in.sign_in(" dr-lin ", "good password")
    state = shown(nobody)
    assert (state.phase, state.code, state.is_offline) == (SignInPhase.SIGNED_IN, None, False)
    assert state.person is not None and state.person.name == "Dr Lin"
    assert nobody.acts.person == state.person
    [event] = await nobody.audited()
    assert (event.act, event.actor) == (Act.SIGNED_IN, state.person.id)


async def test_while_it_is_asked_the_screen_says_so_and_a_second_press_asks_nothing(
    nobody: DeskOnFakes,
) -> None:
    first = asyncio.ensure_future(nobody.sign_in.sign_in(*GOOD))
    await asyncio.sleep(0)
    assert shown(nobody).phase is SignInPhase.SIGNING_IN
    await nobody.sign_in.sign_in(*GOOD)
    await first
    assert nobody.server.asked == ["sign-in"]


@pytest.mark.parametrize("given", [("dr-lin", "bad"), ("nobody", "good password"), ("", "")])
async def test_a_wrong_password_and_an_unknown_name_say_the_same(
    nobody: DeskOnFakes, given: tuple[str, str]
) -> None:
    await nobody.sign_in.sign_in(*given)
    state = shown(nobody)
    assert (state.phase, state.code) == (SignInPhase.SIGNED_OUT, Code.WRONG_CREDENTIALS)
    assert state.person is None
    with pytest.raises(Rejected):
        _ = nobody.acts.person


async def test_a_nurse_does_not_sign_in_at_a_workstation(nobody: DeskOnFakes) -> None:
    [person] = nobody.server.people.values()
    nobody.server.people["kim", "pass word"] = type(person)(person.id, "Kim", Role.PRESENTER)
    await nobody.sign_in.sign_in("kim", "pass word")
    assert shown(nobody).code is Code.ROLE_DOES_NOT_FIT


@pytest.mark.parametrize(
    "failure",
    [Unavailable(Code.SERVER_UNREACHABLE), Untrusted(Code.SERVER_UNTRUSTED)],
    ids=["away", "not trusted"],
)
async def test_without_the_server_a_stranger_is_not_let_in(
    nobody: DeskOnFakes, failure: Unavailable | Untrusted
) -> None:
    nobody.server.failure = failure
    await nobody.sign_in.sign_in(*GOOD)
    assert (shown(nobody).phase, shown(nobody).code) == (SignInPhase.SIGNED_OUT, failure.code)


async def test_who_signed_in_here_before_works_on_without_the_server(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    before = shown(nobody).person
    await nobody.sign_in.sign_out()
    nobody.server.goes_away()
    await nobody.sign_in.sign_in(*GOOD)
    state = shown(nobody)
    assert (state.phase, state.is_offline, state.person) == (SignInPhase.SIGNED_IN, True, before)


@pytest.mark.parametrize("given", [("dr-lin", "bad"), ("other", "good password")])
async def test_without_the_server_a_wrong_password_is_refused_and_audited(
    nobody: DeskOnFakes, given: tuple[str, str]
) -> None:
    await signed_in(nobody)
    await nobody.sign_in.sign_out()
    nobody.server.goes_away()
    await nobody.sign_in.sign_in(*given)
    assert (shown(nobody).phase, shown(nobody).code) == (
        SignInPhase.SIGNED_OUT,
        Code.WRONG_CREDENTIALS,
    )
    last = (await nobody.audited())[-1]
    assert (last.act, last.code) == (Act.SIGN_IN_REFUSED, Code.WRONG_CREDENTIALS)


async def test_a_refused_certificate_is_not_an_outage(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    await nobody.sign_in.sign_out()
    nobody.server.failure = Untrusted(Code.SERVER_UNTRUSTED)
    await nobody.sign_in.sign_in(*GOOD)
    assert (shown(nobody).phase, shown(nobody).code) == (
        SignInPhase.SIGNED_OUT,
        Code.SERVER_UNTRUSTED,
    )


async def test_a_server_with_another_key_is_refused_and_audited_and_told(
    nobody: DeskOnFakes,
) -> None:
    await signed_in(nobody)
    await nobody.sign_in.sign_out()
    nobody.server.certificate = "of another server"
    await nobody.sign_in.sign_in(*GOOD)
    assert (shown(nobody).phase, shown(nobody).code) == (
        SignInPhase.SIGNED_OUT,
        Code.SERVER_UNTRUSTED,
    )
    last = (await nobody.audited())[-1]
    assert (last.act, last.code) == (Act.SIGN_IN_REFUSED, Code.SERVER_UNTRUSTED)
    assert await nobody.acts.read(lambda unit: unit.kept.text("certificate")) == "certificate"
    assert await nobody.acts.read(lambda unit: unit.kept.text("refresh-token")) is None


async def test_one_password_however_the_keyboard_composed_it(nobody: DeskOnFakes) -> None:
    composed, apart, half = "fr\u00fchst\u00fcck", "fru\u0308hstu\u0308ck", "fr\ud800"
    [person] = nobody.server.people.values()
    nobody.server.people["dr-lin", composed] = person
    await nobody.sign_in.sign_in("dr-lin", composed)
    await nobody.sign_in.lock()
    await nobody.sign_in.unlock(half)
    assert (shown(nobody).phase, shown(nobody).code) == (
        SignInPhase.LOCKED,
        Code.WRONG_CREDENTIALS,
    )
    await nobody.sign_in.unlock(apart)
    assert shown(nobody).phase is SignInPhase.SIGNED_IN


async def test_no_password_stands_in_the_store(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    names = ("verifier", "person", "refresh-token", "certificate")
    kept = await nobody.acts.read(lambda unit: [unit.kept.text(name) for name in names])
    assert all(text is not None for text in kept)
    assert not any("good password" in (text or "") for text in kept)


# --- locking ---------------------------------------------------------------------------------


async def test_the_same_password_unlocks(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    await nobody.sign_in.lock()
    assert shown(nobody).phase is SignInPhase.LOCKED
    nobody.server.goes_away()  # it is not asked
    await nobody.sign_in.unlock("good password")
    assert shown(nobody).phase is SignInPhase.SIGNED_IN
    assert await nobody.acts_audited() == [
        Act.SIGNED_IN,
        Act.SCREEN_LOCKED,
        Act.SCREEN_UNLOCKED,
    ]


async def test_five_wrong_tries_sign_out_and_every_one_is_audited(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    await nobody.sign_in.lock()
    for _ in range(UNLOCK_TRIES - 1):
        await nobody.sign_in.unlock("bad")
        assert (shown(nobody).phase, shown(nobody).code) == (
            SignInPhase.LOCKED,
            Code.WRONG_CREDENTIALS,
        )
    await nobody.sign_in.unlock("bad")
    state = shown(nobody)
    assert (state.phase, state.code, state.person) == (
        SignInPhase.SIGNED_OUT,
        Code.TOO_MANY_TRIES,
        None,
    )
    await nobody.sign_in.unlock("good password")  # no way back but a sign-in
    assert shown(nobody).phase is SignInPhase.SIGNED_OUT
    acts = await nobody.acts_audited()
    assert acts.count(Act.SIGN_IN_REFUSED) == UNLOCK_TRIES
    assert acts[-1] is Act.SIGNED_OUT


async def test_a_good_try_gives_all_five_back(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    for _ in range(3):
        await nobody.sign_in.lock()
        for _ in range(UNLOCK_TRIES - 1):
            await nobody.sign_in.unlock("bad")
        await nobody.sign_in.unlock("good password")
        assert shown(nobody).phase is SignInPhase.SIGNED_IN


async def test_a_full_disk_keeps_no_chart_open_and_nobody_signed_in(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    nobody.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await nobody.sign_in.lock()
    assert shown(nobody).phase is SignInPhase.LOCKED
    with pytest.raises(Unavailable):
        await nobody.sign_in.sign_out()
    assert (shown(nobody).phase, shown(nobody).person) == (SignInPhase.SIGNED_OUT, None)


async def test_nobody_locks_a_screen_at_which_nobody_is_signed_in(nobody: DeskOnFakes) -> None:
    await nobody.sign_in.lock()
    assert shown(nobody).phase is SignInPhase.SIGNED_OUT
    assert await nobody.audited() == []


async def test_a_screen_started_again_in_a_call_is_locked_with_its_person(
    nobody: DeskOnFakes,
) -> None:
    person = shown(await signed_in(nobody)).person
    nobody.acts.now_acting(None)
    nobody.sign_in.state.tell(SignInState(SignInPhase.SIGNED_OUT, Role.CLINICIAN, "here", True))
    await nobody.sign_in.reopen(has_running_call=False)
    assert shown(nobody).phase is SignInPhase.SIGNED_OUT
    await nobody.sign_in.reopen(has_running_call=True)
    assert (shown(nobody).phase, shown(nobody).person) == (SignInPhase.LOCKED, person)
    await nobody.sign_in.unlock("good password")
    assert shown(nobody).phase is SignInPhase.SIGNED_IN


async def test_the_mark_of_a_demonstration_stays_after_a_restart_and_without_the_server(
    nobody: DeskOnFakes,
) -> None:
    nobody.server.is_demonstration = True
    await signed_in(nobody)
    nobody.acts.now_acting(None)
    nobody.sign_in.state.tell(SignInState(SignInPhase.SIGNED_OUT, Role.CLINICIAN, "here", True))
    await nobody.sign_in.reopen(has_running_call=True)
    assert shown(nobody).is_demonstration
    await nobody.sign_in.unlock("good password")
    assert shown(nobody).is_demonstration
    await nobody.sign_in.sign_out()
    nobody.sign_in.state.tell(SignInState(SignInPhase.SIGNED_OUT, Role.CLINICIAN, "here", True))
    nobody.server.goes_away()
    await nobody.sign_in.sign_in(*GOOD)
    assert shown(nobody).is_offline and shown(nobody).is_demonstration


async def test_a_server_that_is_none_takes_the_mark_of_a_demonstration_away(
    nobody: DeskOnFakes,
) -> None:
    nobody.server.is_demonstration = True
    await signed_in(nobody)
    await nobody.sign_in.sign_out()
    nobody.server.is_demonstration = False
    await signed_in(nobody)
    assert not shown(nobody).is_demonstration
    await nobody.sign_in.reopen(has_running_call=True)
    assert not shown(nobody).is_demonstration


async def test_a_person_kept_by_an_earlier_release_has_no_mark(nobody: DeskOnFakes) -> None:
    person = f'{{"id":"{new_id()}","name":"Dr Lin","role":"clinician"}}'
    await nobody.acts.read(lambda unit: unit.kept.keep_text("person", person))
    await nobody.sign_in.reopen(has_running_call=True)
    assert shown(nobody).phase is SignInPhase.LOCKED and not shown(nobody).is_demonstration


async def test_who_signed_in_without_the_server_is_marked_until_it_knows_them(
    nobody: DeskOnFakes,
) -> None:
    await signed_in(nobody)
    nobody.acts.now_acting(None)  # the window was closed, nobody signed out
    nobody.sign_in.state.tell(SignInState(SignInPhase.SIGNED_OUT, Role.CLINICIAN, "here", True))
    nobody.server.goes_away()
    await nobody.sign_in.sign_in(*GOOD)
    with pytest.raises(Unavailable):
        await nobody.sign_in.renew_tokens()
    assert shown(nobody).is_offline
    await nobody.sign_in.lock()
    await nobody.sign_in.unlock("good password")
    assert shown(nobody).is_offline
    nobody.server.comes_back()
    await nobody.sign_in.renew_tokens()
    assert not shown(nobody).is_offline


# --- signing out -------------------------------------------------------------------------------


async def test_signing_out_forgets_the_tokens_and_keeps_what_is_unsent(
    nobody: DeskOnFakes,
) -> None:
    await signed_in(nobody)
    known = await nobody.knows_visit()
    await nobody.chart.open(known.visit)
    await nobody.notes.keep("breathing freely")
    await nobody.sign_in.sign_out()
    assert not nobody.server.is_token_good
    assert await nobody.acts.read(lambda unit: unit.kept.text("refresh-token")) is None
    assert len(await nobody.pending()) == 1
    assert shown(nobody).phase is SignInPhase.SIGNED_OUT


async def test_signing_out_twice_is_told_once(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    await nobody.sign_in.sign_out()
    await nobody.sign_in.sign_out()
    assert (await nobody.acts_audited()).count(Act.SIGNED_OUT) == 1


# --- renewal -----------------------------------------------------------------------------------


async def test_many_askers_share_one_renewal(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    await asyncio.gather(*(nobody.sign_in.renew_tokens() for _ in range(5)))
    assert nobody.server.refreshes == 1
    await nobody.clock.passes(RENEWED_JUST_NOW_S + 1)
    await nobody.sign_in.renew_tokens()
    assert nobody.server.refreshes == 2
    assert await nobody.acts.read(lambda unit: unit.kept.text("refresh-token")) == "refresh-1++"


async def test_a_renewal_that_failed_is_not_shared(nobody: DeskOnFakes) -> None:
    await signed_in(nobody)
    nobody.server.refresh_failure = Unavailable(Code.SERVER_UNREACHABLE)
    with pytest.raises(Unavailable):
        await nobody.sign_in.renew_tokens()
    nobody.server.refresh_failure = None
    await nobody.sign_in.renew_tokens()
    assert nobody.server.refreshes == 1


async def test_without_a_refresh_token_only_a_sign_in_helps(nobody: DeskOnFakes) -> None:
    with pytest.raises(Rejected) as caught:
        await nobody.sign_in.renew_tokens()
    assert caught.value.code is Code.TOKEN_EXPIRED
    assert nobody.server.asked == []


async def test_a_renewal_answered_after_the_sign_out_brings_nobody_back(
    nobody: DeskOnFakes,
) -> None:
    await signed_in(nobody)
    answer = nobody.server.answers_slowly()
    renewing = asyncio.ensure_future(nobody.sign_in.renew_tokens())
    await settled()
    await nobody.sign_in.sign_out()
    answer.set()
    await asyncio.gather(renewing, return_exceptions=True)
    assert await nobody.acts.read(lambda unit: unit.kept.text("refresh-token")) is None
    assert not nobody.server.is_token_good
