"""The rules of the house, kept by a program: what may import what, and how large things may grow."""

import ast
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from ragqa.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ragqa", "ingest", "ui")
MOST_LINES = 400
MOST_BROAD_EXCEPTS = 4

# From the ground up: a module imports from its own layer and from those above it in this list. "x.*" is a package.
LAYERS = (
    ("ragqa", "ragqa.errors", "ragqa.document", "ragqa.cancelling", "ragqa.hang_up"),
    ("ragqa.details",),
    (
        "ragqa.types", "ragqa.training", "ragqa.training.export", "ragqa.training.features",
        "ragqa.training.mix", "ragqa.training.model", "ragqa.training.perturb", "ragqa.training.train",
    ),
    ("ragqa.conversation",),
    ("ragqa.protocols", "ragqa.settings", "ragqa.lock", "ragqa.library"),
    (
        "ragqa.search.fusion", "ragqa.search.steps", "ragqa.search.terms", "ragqa.quotes", "ragqa.sentences",
        "ragqa.section_kinds", "ragqa.works", "ragqa.bibtex", "ragqa.plain_answer", "ragqa.exports",
        "ragqa.store.titles",
    ),
    ("ragqa.search.query",),
    ("ragqa.store.database", "ragqa.store.rows"),
    ("ragqa.store.known",),
    ("ragqa.store.ledger", "ragqa.search.seal", "ragqa.search.lru"),
    ("ragqa.store.catalogue", "ragqa.store.history"),
    (
        "ragqa.search.index", "ragqa.search.indexes", "ragqa.search.filling", "ragqa.search.scoped",
        "ragqa.search.candidates", "ragqa.search.hints", "ragqa.search.rerank",
    ),
    ("ragqa.answer.*", "ragqa.search.retrieve", "ragqa.search.caches", "ragqa.search.generations", "ingest.*"),
    ("ragqa.ask", "ragqa.chat", "ragqa.page_images", "ragqa.checkup"),
    ("ragqa.engine", "ragqa.evaluation.*", "ragqa.warm_up"),
    ("ragqa.adapters.*",),
    ("ragqa.compose", "ragqa.client", "ragqa.training.evaluate", "ragqa.training.judging"),
    ("ragqa.training.__main__",),
    ("ragqa.api.*",),
    ("ragqa.cli.*", "ragqa.__main__"),
    ("ui.*",),
)  # fmt: skip

# What a group of modules may import of ours, where that is less than its layer would allow.
ONLY = {
    "ui.*": (
        "ui.*", "ragqa.client", "ragqa.conversation", "ragqa.details", "ragqa.types", "ragqa.errors", "ragqa.document",
        "ragqa.cancelling",
    ),
    "ragqa.adapters.*": (
        "ragqa.adapters.*", "ragqa.errors", "ragqa.document", "ragqa.types", "ragqa.protocols", "ragqa.settings",
        "ragqa.library", "ragqa.cancelling", "ragqa.hang_up", "ragqa.search.terms", "ragqa.search.lru",
        "ragqa.sentences", "ragqa.training.features",
    ),
    "ragqa.answer.*": (
        "ragqa.answer.*", "ragqa.details", "ragqa.document", "ragqa.types", "ragqa.protocols",
        "ragqa.quotes", "ragqa.sentences", "ragqa.section_kinds",
        "ragqa.errors", "ragqa.conversation", "ragqa.search.lru",
    ),
    "ragqa.training.*": (
        "ragqa.training.*", "ragqa.errors", "ragqa.protocols", "ragqa.sentences", "ragqa.adapters.openvino_reader",
        "ragqa.adapters.openvino_embedder",
        "ragqa.evaluation.measures",
    ),
    "ragqa.client": (
        "ragqa.errors", "ragqa.types", "ragqa.conversation", "ragqa.library", "ragqa.cancelling", "ragqa.hang_up",
        "ingest.folder.files",
    ),
    "ingest.pdf.*": ("ingest.pdf.*", "ingest.children", "ingest.identifiers", "ragqa.errors", "ragqa.document"),
    "ingest.layout.*": (
        "ingest.layout.*", "ingest.pdf.words", "ingest.pdf.accents", "ingest.pdf.rules", "ingest.section_names",
        "ragqa.document",
    ),
    "ingest.structure.*": (
        "ingest.structure.*", "ingest.layout.*", "ingest.pdf.words", "ingest.pdf.accents", "ingest.section_names",
        "ingest.identifiers", "ragqa.document",
    ),
    "ragqa.store.*": (
        "ragqa.store.*", "ragqa.errors", "ragqa.document", "ragqa.types", "ragqa.conversation", "ragqa.protocols",
        "ragqa.section_kinds", "ragqa.works",
    ),
}  # fmt: skip

# Who may import a module of ours, where that is less than its layer would allow.
ONLY_BY = {
    "ragqa.adapters.*": (
        "ragqa.adapters.*",
        "ragqa.compose",
        "ragqa.training.judging",
        "ragqa.training.__main__",
    ),
    # What a model writes is checked, and what needs none is made, without knowledge of each other.
    "ragqa.answer.written.*": ("ragqa.answer.written.*", "ragqa.ask", "ragqa.compose"),
    "ragqa.answer.kinds.*": ("ragqa.answer.kinds.*", "ragqa.ask", "ragqa.evaluation.texts"),
    "ragqa.answer.questions.*": ("ragqa.answer.questions.*", "ragqa.answer.kinds.*", "ragqa.ask"),
    "ragqa.compose": ("ragqa.api.server", "ragqa.cli.options"),
    "ragqa.store.database": ("ragqa.store.catalogue", "ragqa.store.history", "ragqa.store.ledger", "ragqa.compose"),
    "ingest.*": (
        "ingest.*",
        "ragqa.engine",
        "ragqa.evaluation.texts",
        "ragqa.compose",
        "ragqa.client",
        "ragqa.page_images",
        "ragqa.cli.folder_commands",
        "ragqa.cli.eval_commands",
    ),
}

# Each third-party library, and the files that own it.
OWNERS = {
    "numpy": ("ragqa/*", "ingest/pdf/ocr.py"),
    "pydantic": ("ragqa/*",),
    "pydantic_core": ("ragqa/settings.py",),
    "pydantic_settings": ("ragqa/settings.py",),
    "platformdirs": ("ragqa/compose.py",),
    "filelock": ("ragqa/lock.py", "ragqa/adapters/openvino_embedder.py"),
    "pypdfium2": ("ingest/pdf/pdfium.py",),
    "PIL": ("ingest/pdf/pdfium.py", "ingest/pdf/hidden.py"),
    "rapidocr": ("ingest/pdf/ocr.py",),
    "watchfiles": ("ingest/folder/events.py",),
    "pypdf": ("ingest/pdf/pypdf_reader.py",),
    "chromadb": ("ragqa/adapters/chroma_index.py",),
    "tantivy": ("ragqa/adapters/tantivy_index.py",),
    "openvino": (
        "ragqa/adapters/openvino_embedder.py", "ragqa/adapters/openvino_export.py", "ragqa/adapters/openvino_pairs.py",
        "ragqa/training/export.py",
    ),
    "nncf": ("ragqa/adapters/openvino_export.py", "ragqa/training/export.py"),
    "tokenizers": (
        "ragqa/adapters/openvino_embedder.py", "ragqa/adapters/openvino_export.py", "ragqa/training/features.py",
    ),
    "sentence_transformers": ("ragqa/adapters/sentence_transformers_embedder.py", "ragqa/adapters/cross_encoder.py"),
    "torch": (
        "ragqa/adapters/openvino_export.py", "ragqa/adapters/sentence_transformers_embedder.py",
        "ragqa/adapters/chat_huggingface.py", "ragqa/adapters/huggingface_nli.py", "ragqa/adapters/pretrained.py",
        "ragqa/adapters/huggingface_reader.py", "ragqa/adapters/cross_encoder.py",
        "ragqa/training/model.py", "ragqa/training/train.py", "ragqa/training/export.py",
    ),
    "safetensors": ("ragqa/training/model.py", "ragqa/training/train.py"),
    "transformers": (
        "ragqa/adapters/openvino_export.py", "ragqa/adapters/chat_huggingface.py", "ragqa/adapters/huggingface_nli.py",
        "ragqa/adapters/pretrained.py", "ragqa/adapters/huggingface_reader.py", "ragqa/adapters/cross_encoder.py",
        "ragqa/training/model.py",
    ),
    "huggingface_hub": ("ragqa/adapters/pretrained.py",),
    "llama_cpp": ("ragqa/adapters/chat_llamacpp.py",),
    "langchain_core": (
        "ragqa/adapters/chat_langchain.py", "ragqa/adapters/chat_local.py", "ragqa/adapters/chat_openai.py",
        "ragqa/adapters/langchain_retriever.py",
    ),
    "langsmith": ("ragqa/adapters/chat_langchain.py",),
    "jinja2": ("ragqa/adapters/chat_huggingface.py",),
    "langchain_ollama": ("ragqa/adapters/chat_ollama.py",),
    "ollama": ("ragqa/adapters/chat_ollama.py",),
    "langchain_openai": ("ragqa/adapters/chat_openai.py",),
    "openai": ("ragqa/adapters/chat_openai.py",),
    "httpx": ("ragqa/client.py", "ragqa/adapters/chat_*.py", "ragqa/adapters/registers.py"),
    "fastapi": ("ragqa/api/*", "ui/*"),
    "fastapi_offline": ("ragqa/api/app.py",),
    "starlette": ("ragqa/api/*", "ui/*"),
    "anyio": ("ragqa/api/*",),
    "uvicorn": ("ragqa/api/server.py",),
    "gradio": ("ui/*",),
    "ir_measures": ("ragqa/evaluation/rankings.py",),
    "typer": ("ragqa/cli/*",),
    "rich": ("ragqa/cli/*",),
}  # fmt: skip

HEAVY = (
    "torch", "transformers", "sentence_transformers", "openvino", "nncf", "chromadb", "tantivy", "langchain_core",
    "ollama", "openai", "gradio", "fastapi", "uvicorn", "pypdfium2", "pypdf", "llama_cpp",
)  # fmt: skip


@dataclass(frozen=True)
class Module:
    """A source file of ours."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def file(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, Module]:
    """All modules of the packages by dotted name."""
    found = {}
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8")))
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names that the import statements below a node name; for ``from a import b`` both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_imports(tree: ast.AST) -> set[str]:
    """Modules of ours; of ``from ragqa.api import app`` the module, not the package that holds it."""
    names = {name for name in imported(tree) if name in modules()}
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


def imports_between_our_modules() -> list[tuple[str, str]]:
    return [(module.name, name) for module in modules().values() for name in sorted(our_imports(module.tree))]


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    """``a.*`` stands for the package a and all in it."""
    return any(name == pattern.removesuffix(".*") or fnmatch(name, pattern) for pattern in patterns)


def layer_of(name: str) -> int:
    found = [number for number, layer in enumerate(LAYERS) if fits(name, layer)]
    assert len(found) == 1, f"{name} belongs to {len(found)} layers; give it one in LAYERS"
    return found[0]


def test_every_module_imports_downwards_only() -> None:
    wrong = [(a, b) for a, b in imports_between_our_modules() if layer_of(b) > layer_of(a)]
    assert not wrong


@pytest.mark.parametrize("group", ONLY)
def test_some_modules_know_little_of_ours(group: str) -> None:
    wrong = [(a, b) for a, b in imports_between_our_modules() if fits(a, (group,)) and not fits(b, ONLY[group])]
    assert not wrong


@pytest.mark.parametrize("group", ONLY_BY)
def test_some_modules_are_known_by_few(group: str) -> None:
    wrong = [(a, b) for a, b in imports_between_our_modules() if fits(b, (group,)) and not fits(a, ONLY_BY[group])]
    assert not wrong


def test_only_the_chat_imports_the_chat() -> None:
    wrong = [(a, b) for a, b in imports_between_our_modules() if fits(b, ("ui.*",)) and not fits(a, ("ui.*",))]
    assert not wrong


def test_imports_have_no_cycle() -> None:
    waiting = {name: our_imports(module.tree) - {name} for name, module in modules().items()}
    while free := [name for name, needs in waiting.items() if not needs & waiting.keys()]:
        for name in free:
            del waiting[name]
    assert not waiting, f"these import each other in a circle: {sorted(waiting)}"


def test_our_own_modules_are_imported_at_the_top_of_a_file() -> None:
    lazy = [
        (module.file, name)
        for module in modules().values()
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in our_imports(function)
    ]
    assert not lazy


def test_two_imports_by_name_keep_help_light() -> None:
    by_name = [m.file for m in modules().values() if {"importlib", "importlib.import_module"} & set(imported(m.tree))]
    calls = [file for file in by_name if "import_module(" in (ROOT / file).read_text(encoding="utf-8")]
    assert calls == ["ragqa/cli/main.py", "ragqa/cli/options.py"]


def test_every_library_is_imported_by_the_files_that_own_it() -> None:
    ours_and_pythons = {*PACKAGES, *sys.stdlib_module_names}
    wrong = [
        (module.file, library)
        for module in modules().values()
        for library in sorted({name.partition(".")[0] for name in imported(module.tree)} - ours_and_pythons)
        if not any(fnmatch(module.file, owner) for owner in OWNERS.get(library, ()))
    ]
    assert not wrong


def test_every_owner_exists_and_uses_what_it_owns() -> None:
    for library, owners in OWNERS.items():
        for owner in owners:
            users = [m for m in modules().values() if fnmatch(m.file, owner)]
            assert any(library in {name.partition(".")[0] for name in imported(m.tree)} for m in users), (
                f"no file {owner} imports {library}"
            )


@pytest.mark.parametrize("statement", ["import ragqa", "import ragqa.cli.main"])
def test_importing_the_package_loads_nothing_heavy(statement: str) -> None:
    code = f"import sys; {statement}; print(*sorted(sys.modules.keys() & set({HEAVY!r})))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == []


def test_no_file_is_longer_than_one_can_read_at_a_sitting() -> None:
    lengths = {module.file: len(module.path.read_text(encoding="utf-8").splitlines()) for module in modules().values()}
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


def test_broad_excepts_are_few_and_give_a_reason() -> None:
    broad = []
    for module in modules().values():
        lines = module.path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
                around = lines[node.lineno - 2 : node.lineno + 1]
                broad.append(f"{module.file}:{node.lineno}")
                assert any("#" in line for line in around), f"{broad[-1]} does not say why"
    assert len(broad) <= MOST_BROAD_EXCEPTS, broad


def _is_broad(caught: ast.expr | None) -> bool:
    return caught is None or (isinstance(caught, ast.Name) and caught.id == "Exception")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_manual(name: str) -> None:
    manual = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
    assert f"RAGQA_{name.upper()}" in manual


def test_the_tests_cannot_reach_another_machine() -> None:
    with socket.socket() as used, pytest.raises(BaseException, match=r"tried to reach 192\.0\.2\.1"):
        used.connect(("192.0.2.1", 80))
