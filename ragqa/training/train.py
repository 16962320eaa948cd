"""The training loop: warm-up and level rate for as long as one likes, then a short cool-down from any checkpoint.

Owns checkpoints. A run stopped at any step and started again goes on as if it had not been stopped.
"""

import json
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ragqa.training import mix
from ragqa.training.features import Batch, Example, Features, Tokens, collate, window
from ragqa.training.model import Reader, losses, tensors

log = logging.getLogger(__name__)

LOSS_WEIGHTS = {"span": 1.0, "answerable": 0.5, "relevance": 0.3, "order": 0.5}
CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "reader.safetensors"
PROGRESS = "progress.jsonl"
TELL_EVERY = 50  # steps

Rows = list[tuple[Example, Features]]
Groups = Iterator[tuple[int, list[mix.Group]]]
Judge = Callable[[Reader], dict[str, Any]]


@dataclass(frozen=True)
class TrainConfig:
    """See reader.toml."""

    seed: int
    learning_rate: float
    head_rate: float
    warmup: int
    weight_decay: float
    batch_tokens: int
    windows: tuple[int, ...]
    save_minutes: float
    dev_minutes: float
    threads: int
    half: bool = True  # products in bfloat16


@dataclass
class Place:
    """How far a run is: steps done, and the next batch of the window in progress. ``last_step`` 0: no end is set."""

    step: int = 0
    window: int = 0
    batch: int = 0
    last_step: int = 0
    cool_down: int = 0

    def end_after(self, steps: int, cool_down: int) -> None:
        """So many more steps, the last ``cool_down`` of them with a falling rate."""
        self.last_step, self.cool_down = self.step + steps, cool_down


def rate(place: Place, warmup: int) -> float:
    """Share of the learning rate: up, level, and straight down to nothing if an end is set (WSD, Hu et al. 2024)."""
    up = min(1.0, (place.step + 1) / max(1, warmup))
    if not place.cool_down:
        return up
    return up * min(1.0, max(0.0, (place.last_step - place.step) / place.cool_down))


def batches(groups: list[mix.Group], tokens: Tokens, config: TrainConfig, rng: Random) -> list[Batch]:
    """Groups of like length together, at most ``batch_tokens`` padded tokens each, in random order."""
    rows: list[Rows] = []
    for group in groups:
        room = rng.choice(config.windows)
        rows.append([(example, window(example, tokens, room, rng)) for example in group])
    rows.sort(key=_width)
    packed: list[list[Rows]] = [[]]
    for row in rows:
        if packed[-1] and (sum(map(len, packed[-1])) + len(row)) * _width(row) > config.batch_tokens:
            packed.append([])
        packed[-1].append(row)
    rng.shuffle(packed)
    return [collate(batch) for batch in packed]


def _width(rows: Rows) -> int:
    return max(len(features.ids) for _, features in rows)


class Run:
    """Reader, optimiser and place in the stream: all that a checkpoint holds."""

    def __init__(self, reader: Reader, config: TrainConfig) -> None:
        torch.set_num_threads(config.threads)
        self.reader, self.config, self.place = reader, config, Place()
        self.learnt = {name: p for name, p in reader.named_parameters() if p.requires_grad}
        self.optimiser = torch.optim.AdamW(
            [self._with_rate(name, p) for name, p in self.learnt.items()], betas=(0.9, 0.98), fused=True
        )

    def _with_rate(self, name: str, parameter: Tensor) -> dict[str, Any]:
        top = self.config.learning_rate if name.startswith("encoder.") else self.config.head_rate
        decay = self.config.weight_decay if parameter.ndim > 1 else 0.0
        return {"params": [parameter], "lr": top, "top": top, "weight_decay": decay}

    def learn(self, batch: Batch) -> dict[str, float]:
        """One step of the optimiser; returns the losses."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["top"] * rate(self.place, self.config.warmup)
        given = tensors(batch)
        forward = self.reader.fast if self.config.half else self.reader
        span, passage = forward(given["ids"], given["mask"], given["types"])
        parts = losses(span, passage, given)
        torch.stack([LOSS_WEIGHTS[name] * part for name, part in parts.items()]).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.learnt.values(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.place.step += 1
        self.place.batch += 1
        return {name: float(part.detach()) for name, part in parts.items()}

    def save(self, path: Path) -> None:
        """Atomic: who opens the file finds the old or the new checkpoint."""
        stored = {f"model.{name}": tensor for name, tensor in self.reader.state_dict().items()}
        for name, parameter in self.learnt.items():
            for key, value in self.optimiser.state.get(parameter, {}).items():
                stored[f"optimiser.{name}.{key}"] = value
        _write(stored, path, {key: str(value) for key, value in asdict(self.place).items()})

    def restore(self, path: Path) -> None:
        """Go on where ``save`` was called."""
        stored = load_file(path)
        self.reader.load_state_dict({n.removeprefix("model."): t for n, t in stored.items() if n.startswith("model.")})
        for name, parameter in self.learnt.items():
            state = {key: stored.get(f"optimiser.{name}.{key}") for key in ("step", "exp_avg", "exp_avg_sq")}
            if state["step"] is not None:
                self.optimiser.state[parameter] = state
        with safe_open(path, framework="pt") as opened:
            self.place = Place(**{key: int(value) for key, value in opened.metadata().items()})


def _write(stored: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    part = path.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in stored.items()}, part, metadata)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(path)


def train(run: Run, tokens: Tokens, groups: Groups, out: Path, judge: Judge) -> None:
    """Until the last step or SIGTERM. Now and then saves, and writes what ``judge`` finds to progress.jsonl."""
    stop = _on_terminate()
    saved = judged = time.monotonic()
    tally: Counter[str] = Counter()
    for batch in _from(run, tokens, groups):
        started = time.monotonic()
        tally.update(run.learn(batch) | {"steps": 1, "rows": len(batch.ids), "seconds": time.monotonic() - started})
        _tell(run.place, tally)
        ended = bool(stop) or run.place.step == run.place.last_step
        if ended or time.monotonic() - saved > 60 * run.config.save_minutes:
            run.save(out / CHECKPOINT)
            saved = time.monotonic()
        if not stop and (ended or time.monotonic() - judged > 60 * run.config.dev_minutes):
            _record(out / PROGRESS, {"step": run.place.step, "time": round(time.time()), **judge(run.reader)})
            judged = time.monotonic()
        if ended:
            break
    _write(run.reader.state_dict(), out / WEIGHTS, {"step": str(run.place.step)})


def _from(run: Run, tokens: Tokens, groups: Groups) -> Iterator[Batch]:
    """The batches from the run's place on; the groups of a window give the same batches whenever they are made."""
    for number, drawn in groups:
        made = batches(drawn, tokens, run.config, Random(f"{run.config.seed}/{number}/batches"))
        if number > run.place.window:
            run.place.window, run.place.batch = number, 0
        yield from made[run.place.batch :]


def _on_terminate() -> list[int]:
    """A list that gets the signal's number: the step in progress is finished and saved first."""
    caught: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _: caught.append(signum))
    return caught


def _tell(place: Place, tally: Counter[str]) -> None:
    if place.step % TELL_EVERY == 0:
        shown = " ".join(f"{name} {tally[name] / tally['steps']:.3f}" for name in LOSS_WEIGHTS)
        log.info("step %d window %d %s, %.1f rows/s", place.step, place.window, shown, tally["rows"] / tally["seconds"])
        tally.clear()


def _record(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")
    log.info("dev %s", line)
