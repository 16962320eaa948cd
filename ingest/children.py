"""Child processes: started with little, limited in memory and time, ended with all that they have started."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

_MEGABYTE = 1 << 20
_LOOK_EVERY_S = 0.02
_LAST_WORD_S = 2.0
"""For a child to end after it has closed its pipe."""
_NEEDED = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|LD_LIBRARY_PATH|TESSDATA_PREFIX|SYSTEMROOT|PATHEXT|WINDIR"
)


def child_command(module: str, *arguments: str) -> list[str]:
    """Runs one of our modules. -P: the current folder may hold anything, and no module comes from there."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """What a child needs of this process's environment, without its keys and tokens; and where our modules are."""
    environment = {name: value for name, value in os.environ.items() if _NEEDED.fullmatch(name)}
    package_home = str(Path(__file__).resolve().parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (package_home, os.environ.get("PYTHONPATH", ""))))
    return environment


def stop_group(child: subprocess.Popen[bytes]) -> None:
    """Kill a child that has not been waited for, and what it has started."""
    if sys.platform != "win32" and child.returncode is None:
        # A child that was started without a session of its own has no group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """The same, and wait for its end."""
    if child.returncode is None:
        stop_group(child)
        child.wait()


def status_at_end(child: subprocess.Popen[bytes]) -> int:
    """The exit status of a child that said its last word; what it has started ends with it."""
    if sys.platform != "win32":
        _wait_untaken(child)
        stop_group(child)
    try:
        return child.wait(_LAST_WORD_S)
    except subprocess.TimeoutExpired:
        kill_group(child)
        return child.wait()


def _wait_untaken(child: subprocess.Popen[bytes]) -> None:
    """Wait a while for its end without taking its status: until then its number belongs to nobody else."""
    deadline = time.monotonic() + _LAST_WORD_S
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline and not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            time.sleep(_LOOK_EVERY_S)


def limit_memory(memory_mb: int) -> None:
    """Allow ``memory_mb`` more address space than now, and no core files, where the system has such limits."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _address_space() + memory_mb * _MEGABYTE
    # macOS knows the limit but refuses to set it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def limit_processor_time(timeout_s: float) -> None:
    """A child whose parent is gone must not spin for ever."""
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(usage.ru_utime + usage.ru_stime + timeout_s) + 5
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or allowed < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def _address_space() -> int:
    """Bytes mapped by this process, 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0
