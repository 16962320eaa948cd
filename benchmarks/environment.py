"""Makes the tutorial pipeline's own virtual environment, once. Knows nothing of what runs in it."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / ".work"
"""Git-ignored: the environment, indexes while they are measured, cached hits."""

REQUIREMENTS = HERE / "requirements-tutorial.txt"


def tutorial_python() -> Path:
    """The interpreter of the environment; made again when the requirements change."""
    folder = WORK / "tutorial-venv"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    installed = folder / "installed.txt"
    if not installed.is_file() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
        installed.write_bytes(REQUIREMENTS.read_bytes())
    return python
