"""The peers that ragqa is compared with: what each runs, in a virtual environment of its own. Knows no answers."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / ".work"
"""Git-ignored: the environments, indexes while they are measured, cached hits."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One configuration of a driver in ``peers/``; configurations of one driver share its environment."""

    name: str
    driver: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @property
    def requirements(self) -> Path:
        """What its environment is made from."""
        return HERE / f"requirements-{self.driver}.txt"

    @property
    def source(self) -> Path:
        """The driver's script."""
        return HERE / "peers" / f"{self.driver}.py"


_LANGCHAIN = ("langchain", "langchain-chroma", "pypdf")
_PAPERQA = ("paper-qa", "paper-qa-pypdf", "pypdf")

PEERS = {
    peer.name: peer
    for peer in (
        Peer("tutorial-500", "tutorial", _LANGCHAIN, ("--chunk=500", "--overlap=50")),
        Peer("tutorial-1000", "tutorial", _LANGCHAIN, ("--chunk=1000", "--overlap=100")),
        Peer("llamaindex", "llamaindex", ("llama-index-core", "llama-index-retrievers-bm25", "pypdf")),
        Peer("haystack", "haystack", ("haystack-ai", "sentence-transformers-haystack", "pypdf")),
        Peer("paperqa", "paperqa", _PAPERQA),
        Peer("paperqa-dense", "paperqa", _PAPERQA, ("--dense",)),
    )
}

BAR = ("tutorial-500", "tutorial-1000")
"""The better of these, set by set, is what ragqa has to be ahead of."""

_ASK_VERSIONS = (
    "import json, sys; from importlib.metadata import version; print(json.dumps({p: version(p) for p in sys.argv[1:]}))"
)


def peer_python(peer: Peer, folder: Path) -> Path:
    """The interpreter of the peer's environment in ``folder``; installs when the requirements are new."""
    home = folder / peer.driver
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    installed = home / "installed.txt"
    wanted = peer.requirements.read_bytes()
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    if not installed.is_file() or installed.read_bytes() != wanted:
        print(f"installing {peer.driver} …", flush=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(peer.requirements)], check=True)
        installed.write_bytes(wanted)
    return python


def installed_versions(peer: Peer, python: Path) -> dict[str, str]:
    """Versions of the packages whose change would change the peer's hits."""
    command = [str(python), "-c", _ASK_VERSIONS, *peer.packages]
    versions: dict[str, str] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return versions


def commit() -> str:
    """Short name of the commit that is measured, with a plus sign where the working tree differs from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"], cwd=HERE, capture_output=True, text=True
    )
    return described.stdout.strip() or "unknown"
