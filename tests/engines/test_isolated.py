import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.engines.child_process import ChildProcess
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.engines.registry import check_installed, get_engine, is_installed
from crn2sbml.errors import CrashError, EngineError, FormatError
from tests.engines.fakes import WHERE, Good
from tests.engines.models import driven, sbml_of

NAME = "tests.engines.misbehaviour:Misbehaving"
LEAN = "from tests.engines.misbehaviour import main; main()"
TIMES = [0.0, 1.0]
MARK = "CRN2SBML_TEST_OF_PROCESSES"


@pytest.fixture(autouse=True, scope="module")
def marked() -> Iterator[None]:
    """What is started here, and what that starts, can be told by its environment, whoever its parent is by then."""
    os.environ[MARK] = str(os.getpid())
    yield
    del os.environ[MARK]


def processes() -> set[int]:
    """Every process that was started here, dead ones that nobody has buried included."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            ours = f"{MARK}={os.getpid()}\0".encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if ours or (state == "Z" and int(parent) == os.getpid()):
            found.add(int(folder.name))
    return found - {os.getpid()}


def gone(before: set[int], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while processes() - before:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def odd() -> Iterator[IsolatedSimulation]:
    """One simulation for all tests: each must leave it usable."""
    with IsolatedSimulation(NAME, "", 20.0) as simulation:
        yield simulation


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def patient(simulation: IsolatedSimulation, seconds: float) -> None:
    simulation._time_limit = seconds


def works(simulation: IsolatedSimulation) -> bool:
    return simulation.ode(TIMES, {}).shape == (1,)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("segfault", "SIGSEGV"),
        ("abort", "SIGABRT: terminate called after [31mthrowing 'bad"),
        ("exit_3", "exit status 3"),
        ("sys_exit", "exit status 1: giving up: singular matrix"),
        ("killed", "SIGKILL, as when memory runs out"),
        ("last_words", "the very last words"),
    ],
)
def test_how_a_process_ended_and_its_last_words(behaviour: str, words: str) -> None:
    child = ChildProcess(LEAN)
    with pytest.raises((EOFError, ConnectionError)):
        child.call(behaviour.encode(), 20, threading.Event())
    said = child.obituary()
    child.end()
    assert words in said
    assert said.isprintable()
    assert len(said) < 350


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("segfault", "its process ended while running ode (SIGSEGV)"),
        ("odd_error", "running ode: tests.engines.misbehaviour.OddError: <exception str() failed>"),
        ("lines", "running ode: ValueError: one two [31m three"),
        ("unpicklable", "running ode: "),
        ("unreadable", "running ode gave an answer that cannot be read: OSError: surprise"),
        ("a_list", "ode gave a list, not a DataArray"),
    ],
)
def test_a_simulator_that_breaks_is_named_and_starts_anew(odd: IsolatedSimulation, behaviour: str, words: str) -> None:
    with pytest.raises(CrashError) as crash:
        odd.ode(TIMES, {behaviour: 0})
    said = str(crash.value)
    assert said.startswith(f"{NAME}: ")
    assert words in said
    assert said.isprintable()
    assert works(odd)


def test_a_refusal_comes_as_it_is(odd: IsolatedSimulation) -> None:
    works(odd)
    before = odd._child
    with pytest.raises(EngineError, match=r"^Misbehaving: this is my own message$") as refusal:
        odd.ode(TIMES, {"refuse": 0})
    assert not isinstance(refusal.value, CrashError)
    assert odd._child is before, "a refusal is no reason for another process"


@pytest.mark.parametrize("behaviour", ["sleep", "sleep_with_lock"])
def test_a_simulator_that_hangs(odd: IsolatedSimulation, behaviour: str) -> None:
    works(odd)
    patient(odd, 1.0)
    begin = time.monotonic()
    with pytest.raises(CrashError, match="running ode took more than 1 s; stopped"):
        odd.ode(TIMES, {behaviour: 0})
    assert time.monotonic() - begin < 3
    patient(odd, 20.0)
    assert works(odd)


def test_a_simulator_that_hangs_while_loading_a_large_model() -> None:
    """The text is larger than what a socket takes in at once."""
    before = processes()
    with (
        IsolatedSimulation(WHERE + "HangingLoad", "<sbml/>" * 1_000_000, 3.0) as simulation,
        pytest.raises(CrashError, match="loading took more than 3 s; stopped"),
    ):
        simulation.ode(TIMES, {})
    assert gone(before)


def test_a_child_that_never_listens() -> None:
    """Nobody reads from the socket: sending a large message must come to an end, too."""
    child = ChildProcess("import time; time.sleep(1000)")
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        child.call(bytes(1 << 24), 0.5, threading.Event())
    assert time.monotonic() - begin < 2
    child.end()


def test_chatter_stays_away_from_the_caller(odd: IsolatedSimulation, capfd: pytest.CaptureFixture[str]) -> None:
    assert odd.ode(TIMES, {"chatter": 0}).shape == (1,)
    assert capfd.readouterr() == ("", "")
    assert works(odd)
    assert odd._child is not None
    assert os.fstat(odd._child._words.fileno()).st_size < 10_000, "a disk would fill up"


def test_a_large_answer_arrives_whole(odd: IsolatedSimulation) -> None:
    np.testing.assert_array_equal(odd.ode(TIMES, {"large": 0}).values, np.arange(3_000_000))


def test_out_of_memory() -> None:
    with IsolatedSimulation(NAME, "", 30.0, memory_limit=2 << 30) as simulation:
        with pytest.raises(CrashError, match=f"^{NAME}: running ode: out of memory"):
            simulation.ode(TIMES, {"eat": 0})
        assert works(simulation)


@pytest.mark.parametrize("behaviour", ["spawn", "fork"])
def test_nothing_that_it_started_outlives_it(odd: IsolatedSimulation, behaviour: str) -> None:
    """A forked worker holds the connection open, so the end of the process itself must be noticed."""
    odd.close()
    before = processes()
    begin = time.monotonic()
    with pytest.raises(CrashError, match="exit status 3"):
        odd.ode(TIMES, {behaviour: 0, "exit_3": 0})
    assert time.monotonic() - begin < 10
    assert gone(before)


def test_its_temporary_files_go_with_it(odd: IsolatedSimulation) -> None:
    folder = Path(str(odd.ode(TIMES, {"temporary": 0}).values[0]))
    assert list(folder.glob("*/left"))
    odd.close()
    assert not folder.exists()


def test_no_file_descriptor_and_no_process_is_left_behind() -> None:
    before, files, never = processes(), open_files(), threading.Event()
    for number in range(50):
        child = ChildProcess(LEAN)
        assert child.call(b"chatter" if number == 10 else b"spawn", 20, never) == b"fine"
        if number % 2:
            with pytest.raises(EOFError):
                child.call(b"exit_3", 20, never)
            assert child.obituary() == "exit status 3"
        child.end()
    assert open_files() == files
    assert gone(before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_call_and_loses_its_answer(odd: IsolatedSimulation) -> None:
    first = odd.ode(TIMES, {}).values[0]
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        odd.ode(TIMES, {"sleep": 0})
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)
    assert works(odd)


def test_another_thread_can_stop_it() -> None:
    stop = threading.Event()
    with IsolatedSimulation(NAME, "", 60.0, stop=stop) as simulation:
        simulation.load()
        threading.Timer(0.3, stop.set).start()
        for _ in range(2):  # now, and from then on
            with pytest.raises(CrashError, match="was stopped"):
                simulation.ode(TIMES, {"sleep": 0})


@pytest.mark.parametrize("busy", ["", "sleep", "sleep_with_lock"])
def test_a_child_ends_with_its_parent(tmp_path: Path, busy: str) -> None:
    """Idle, busy in Python or in compiled code that never gives Python a turn; with what it started and has written."""
    before = processes()
    code = (
        "import time; from crn2sbml.engines.isolated import IsolatedSimulation\n"
        f"with IsolatedSimulation({NAME!r}, '', 1000.0) as s:\n"
        "    s.ode([0, 1], {'spawn': 0})\n    s.ode([0, 1], {'temporary': 0})\n"
        "    print(int(s.ode([0, 1], {}).values[0]), flush=True)\n"
        f"    s.ode([0, 1], {{{busy!r}: 0}}) if {busy!r} else time.sleep(1000)"
    )
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path)},
        cwd=root,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert child in processes()
    assert list(tmp_path.glob("crn2sbml_*/*/left"))
    time.sleep(0.3)
    parent.kill()
    parent.wait(20)
    parent.stdout.close()
    assert gone(before)
    assert list(tmp_path.iterdir()) == []


def test_one_process_takes_one_model_after_the_other(odd: IsolatedSimulation) -> None:
    first = odd.ode(TIMES, {}).values[0]
    odd.take("refuse")
    with pytest.raises(EngineError, match="my own message"):
        odd.ode(TIMES, {})
    odd.take("")
    assert odd.ode(TIMES, {}).values[0] == first


def test_files_of_the_working_folder_are_no_modules(
    odd: IsolatedSimulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("xarray", "random", "numpy", "crn2sbml"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    odd.close()
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    assert odd.ode(TIMES, {"path": 0}).values[0] == str(tmp_path)
    odd.close()


def test_it_answers_as_the_engine_does() -> None:
    sbml, start = sbml_of(driven()), {"A": 7.0}
    direct = Good().load(sbml)
    with IsolatedSimulation(WHERE + "Good", sbml, 30.0) as simulation:
        assert dict(simulation.describe().methods) == Good.methods
        assert simulation.ode(TIMES, {"X": 5}).identical(direct.ode(TIMES, {"X": 5}))
        assert simulation.lna({}, 60.0).identical(direct.lna({}, 60.0))
        assert simulation.ssa(TIMES, {}, 3, 2, start, "direct").identical(direct.ssa(TIMES, {}, 3, 2, start, "direct"))
        with pytest.raises(Exception, match="did you mean"):
            simulation.ode(TIMES, {"AA": 1})


@pytest.mark.parametrize(
    ("engine", "sbml", "kind", "words"),
    [
        (WHERE + "Good", "no model", FormatError, "not readable as SBML"),
        (WHERE + "Nobody", "", EngineError, "has no 'Nobody'"),
        (WHERE + "Untouchable", "", CrashError, "RuntimeError: no licence"),
        ("tests.engines.nowhere:Good", "", EngineError, "cannot be imported: No module named 'tests.engines.nowhere'"),
    ],
)
def test_models_and_engines_that_cannot_be_loaded(engine: str, sbml: str, kind: type[Exception], words: str) -> None:
    with IsolatedSimulation(engine, sbml, 30.0) as simulation, pytest.raises(kind, match=words) as error:
        simulation.load()
    assert "\n" not in str(error.value)


def test_engines_of_somebody_else() -> None:
    assert is_installed(NAME)
    assert get_engine(NAME).name == "Misbehaving"
    assert not is_installed("no_such_package.engine:Engine")
    with pytest.raises(EngineError, match=r"'no_such_package\.engine:Engine' is not installed; no module"):
        check_installed("no_such_package.engine:Engine")
    for name in (":Engine", ".x:Engine", "", "tests"):
        with pytest.raises(EngineError, match="no engine"):
            is_installed(name)
