"""The figures of the sample papers, drawn from results.json as vectors. Knows nothing of pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, PolyLine, Rect, String
from reportlab.lib import colors

FONT, SIZE = "Helvetica", 7.2
COLOURS = tuple(map(colors.HexColor, ("#1f5a94", "#c8501e", "#3a7d44", "#7a4a8c")))
DASHES = (None, [4, 2], [1.5, 1.5], [6, 2, 1.5, 2])
GREY = colors.HexColor("#d9d9d9")
LEFT, RIGHT, TOP, BOTTOM = 32.0, 8.0, 8.0, 30.0


@dataclass(frozen=True)
class Axis:
    """Range, tick values, and title of one direction."""

    low: float
    high: float
    ticks: tuple[float, ...]
    title: str
    labels: tuple[str, ...] = ()

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high end."""
        return (value - self.low) / (self.high - self.low)

    def label(self, number: int) -> str:
        """What stands at tick ``number``."""
        return self.labels[number] if self.labels else f"{self.ticks[number]:g}"


@dataclass(frozen=True)
class Series:
    """A named line through points."""

    name: str
    points: tuple[tuple[float, float], ...]


def draw_figure(name: str, results: Mapping[str, Any], width: float) -> Drawing:
    """The drawing ``name``, ``width`` points wide."""
    return {"fusion": _fusion, "sizes": _sizes, "refusal": _refusal}[name](results, width)


def _fusion(results: Mapping[str, Any], width: float) -> Drawing:
    names = {"scifact": "SciFact", "cranfield": "Cranfield", "cisi": "CISI"}
    series = [
        Series(
            title,
            tuple((float(w), value) for w, value in sorted(results["hybrid"][key]["by_weight"].items())),
        )
        for key, title in names.items()
    ]
    x = Axis(0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1), "weight of the dense ranking")
    return _chart(series, x, Axis(0.3, 0.8, (0.3, 0.4, 0.5, 0.6, 0.7, 0.8), "nDCG@10"), width, legend=(0.64, 0.38))


def _sizes(results: Mapping[str, Any], width: float) -> Drawing:
    rows = results["chunks"]["sizes"]
    sizes = sorted(rows, key=int)
    measures = {
        "budget": "right page within 1,000 tokens",
        "mrr": "mean reciprocal rank (MRR)",
        "hit1": "first page right (hit@1)",
    }
    series = [
        Series(title, tuple((float(n), rows[size][key]["mean"]) for n, size in enumerate(sizes)))
        for key, title in measures.items()
    ]
    x = Axis(-0.2, len(sizes) - 0.8, tuple(range(len(sizes))), "longest chunk, tokens", tuple(sizes))
    return _chart(series, x, Axis(0.4, 1.0, (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), "score"), width, (0.04, 0.5))


def _refusal(results: Mapping[str, Any], width: float) -> Drawing:
    names = {
        "combined": "combined",
        "cosine": "best cosine",
        "bm25": "BM25 per word",
        "agreement": "agreement",
    }
    curves = results["refusal"]["curves"]
    series = [
        Series(title, tuple(zip(curves[key]["answered"], curves[key]["risk"], strict=True)))
        for key, title in names.items()
    ]
    x = Axis(0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1), "coverage: answerable questions answered")
    return _chart(series, x, Axis(0, 0.5, (0, 0.1, 0.2, 0.3, 0.4, 0.5), "risk"), width, legend=(0.04, 0.66))


def _chart(series: Sequence[Series], x: Axis, y: Axis, width: float, legend: tuple[float, float]) -> Drawing:
    """Lines over a light grid; ``legend`` is the place of its lower left corner as shares of the plot."""
    height = 0.66 * width
    plot = (width - LEFT - RIGHT, height - TOP - BOTTOM)
    drawing = Drawing(width, height)
    drawing.add(_grid(x, y, plot))
    for number, line in enumerate(series):
        drawing.add(_line(line, number, x, y, plot))
    drawing.add(_legend(series, (LEFT + legend[0] * plot[0], BOTTOM + legend[1] * plot[1])))
    return drawing


def _grid(x: Axis, y: Axis, plot: tuple[float, float]) -> Group:
    wide, tall = plot
    group = Group(Rect(LEFT, BOTTOM, wide, tall, fillColor=None, strokeColor=colors.black, strokeWidth=0.5))
    for number, tick in enumerate(y.ticks):
        level = BOTTOM + tall * y.share(tick)
        group.add(Line(LEFT, level, LEFT + wide, level, strokeColor=GREY, strokeWidth=0.4))
        group.add(_label(y.label(number), LEFT - 4, level - 2.4, "end"))
    for number, tick in enumerate(x.ticks):
        place = LEFT + wide * x.share(tick)
        group.add(Line(place, BOTTOM, place, BOTTOM - 2.5, strokeWidth=0.5))
        group.add(_label(x.label(number), place, BOTTOM - 11, "middle"))
    group.add(_label(x.title, LEFT + wide / 2, BOTTOM - 23, "middle"))
    upright = Group(_label(y.title, 0, 0, "middle"))
    upright.translate(9, BOTTOM + tall / 2)
    upright.rotate(90)
    group.add(upright)
    return group


def _line(series: Series, number: int, x: Axis, y: Axis, plot: tuple[float, float]) -> Group:
    places = [(LEFT + plot[0] * x.share(a), BOTTOM + plot[1] * y.share(b)) for a, b in series.points]
    colour = COLOURS[number]
    flat = [value for place in places for value in place]
    group = Group(PolyLine(flat, strokeColor=colour, strokeWidth=1.3, strokeDashArray=DASHES[number]))
    if len(places) < 15:
        for place in places:
            group.add(Circle(*place, 1.7, fillColor=colour, strokeColor=None))
    return group


def _legend(series: Sequence[Series], corner: tuple[float, float]) -> Group:
    group = Group()
    for number, line in enumerate(series):
        level = corner[1] + 10 * (len(series) - 1 - number)
        stroke = Line(corner[0], level + 2.4, corner[0] + 18, level + 2.4, strokeColor=COLOURS[number], strokeWidth=1.3)
        stroke.strokeDashArray = DASHES[number]
        group.add(stroke)
        group.add(_label(line.name, corner[0] + 22, level, "start"))
    return group


def _label(text: str, x: float, y: float, anchor: str) -> String:
    return String(x, y, text, fontName=FONT, fontSize=SIZE, textAnchor=anchor)
