"""Edited code that would run for ever is ended, whatever it catches."""

import sys
import threading
import time

import pytest

from gradtui.diagnosis.recorded.watchdog import Endless, Watchdog


def test_a_loop_that_catches_all_is_ended_too():
    watchdog = Watchdog()
    count = 0
    with watchdog.at_work(), pytest.raises(Endless), watchdog.watching():
        while True:
            try:
                count += 1
            except Exception:
                raise AssertionError("caught") from None

    assert count > 0


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of a thread")
def test_a_run_that_computes_is_ended_sooner_than_one_that_may_wait(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._LEAST", 1e6)
    watchdog = Watchdog()
    with watchdog.at_work(), pytest.raises(Endless), watchdog.watching():
        while True:
            pass

    assert not watchdog.waited


def test_an_end_that_a_finaliser_swallows_comes_again(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._LEAST", 0.3)
    watchdog, ended = Watchdog(), []

    class Finalised:
        def __del__(self):
            try:
                while True:
                    pass
            finally:
                ended.append("the finaliser")

    with watchdog.at_work(), pytest.raises(Endless), watchdog.watching():
        Finalised()
        while True:
            pass

    assert ended == ["the finaliser"]


def test_code_that_swallows_its_end_is_not_waited_for():
    swallowed = []

    def run():
        watchdog = Watchdog()
        with watchdog.at_work():
            with watchdog.watching():
                try:
                    while True:
                        pass
                except BaseException as error:
                    swallowed.append(type(error))
            with watchdog.watching():
                sys.settrace(lambda *event: None)
                (lambda: swallowed.append("the next run, traced"))()
                sys.settrace(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)

    assert not thread.is_alive()
    assert swallowed == [Endless, "the next run, traced"]


def test_a_run_that_waits_for_something_outside_is_noted(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._LEAST", 0.1)
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._WAITING", 0.1)
    lock, over = threading.Lock(), threading.Event()

    def let_go():
        over.wait()
        time.sleep(0.5)  # long after it was to end
        lock.release()

    threading.Thread(target=let_go, daemon=True).start()
    watchdog = Watchdog(over.set)
    with watchdog.at_work(), pytest.raises(Endless), watchdog.watching():
        lock.acquire()
        lock.acquire()

    assert watchdog.waited


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of a thread")
def test_a_run_that_computes_in_a_single_call_does_not_wait(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._LEAST", 0.1)
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._WAITING", 0.5)
    watchdog = Watchdog()
    with watchdog.at_work(), pytest.raises(Endless), watchdog.watching():
        sum(range(10**8))
        for _ in range(10**7):  # the watchdog may have to wait for a processor
            pass

    assert not watchdog.waited


def test_a_run_that_waits_for_a_lock_of_the_program_is_let_go(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.watchdog._LEAST", 0.1)
    ended = []

    def run():
        lock = threading.Lock()
        watchdog = Watchdog(lock.release)
        with watchdog.at_work(), pytest.raises(Endless), watchdog.watching():
            lock.acquire()
            lock.acquire()
        ended.append(watchdog.waited)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)

    assert ended == [False]
