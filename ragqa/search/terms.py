"""What keyword search sees in a text: words to stem, and exact terms that splitting and stemming would blur. Pure.

Passages and questions are read alike, so that what one writes one way the other finds: α-synuclein and alpha-synuclein,
IL-6 and IL6, 10⁻⁴ and 1e-4, pre-training and pretraining, 5 mg and 5mg.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

TERMS_VERSION = 1
"""Rises with every change of what is told apart here: an index of another version is made anew."""

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho",
    "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
LONGEST_TERM = 48
WRITTEN_OUT_TO = Decimal(10) ** 9
WRITTEN_OUT_FROM = Decimal("0.01")

_SIGNS = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212"} | {
    ord("∆"): "Δ", ord("×"): "x", ord("⋅"): "·", ord("™"): " ", ord("®"): " ",
    ord("’"): "'", ord("‘"): "'", ord("ʹ"): "'",
}  # fmt: skip
_ACCENT = re.compile("[\u0300-\u036f]+")
_RAISED = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")
_BRACED = re.compile(r"([\^_])\{([^{}\s]{1,12})\}")
_MICRO = re.compile(r"(?<![^\W\d_])μ(?=(?:mol|[mglLMsVWA])(?![^\W\d_]))")
# More in a row are a Greek word.
_SYMBOL = re.compile("(?<![Ͱ-Ͽ])[Ͱ-Ͽ]{1,3}(?![Ͱ-Ͽ])")

_UNIT = (
    "%|per ?cent|[kKMGT]?B|[kKM]?bp|[kMG]?Hz|[kMG]?eV|[mk]?V|[mukM]?W|[kM]?Pa|[kK]|kcal|k?J|dB|[munpkd]?g|[munp]?M|"
    "[munp]?mol|[mud]?[Ll]|[munpck]?m|[munp]?s|min|h|x"
)
_QUANTITY = re.compile(
    r"(?<![\w.])([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]*\.?[0-9]+)"
    r"(?:[eE]([+-]?[0-9]{1,3})|\s?[x*·]\s?10(?:\^(-?[0-9]{1,3})|(-[0-9]{1,3})))?"
    rf"(?:\s?({_UNIT}))?(?![\w%-]|\.[0-9])"
)
_POWER_OF_TEN = re.compile(r"(?<![\w.])10(?:\^(-?[0-9]{1,3})|(-[0-9]))(?![\w.-])")
_PARTED_NUMBER = re.compile(r"(?<![\w.])[0-9]*\.[0-9]+(?![\w]|\.[0-9])")

_PIECE = re.compile(r"\w+(?:[\^.+'-]+\w+)*[+#]{0,2}")
_PLURAL = re.compile(r"(?<=[A-Z0-9])s$")
_NUMERIC = re.compile(r"[0-9.'^-]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Terms:
    """Text whose words are to be stemmed, and terms that are to be matched as they are, without white space."""

    words: str
    exact: tuple[str, ...]


def passage_terms(text: str) -> Terms:
    """Exact terms are left out where they say no more than the word that is stemmed."""
    plain = folded(text)
    names, compounds = _named(_PIECE.findall(plain))
    return Terms(_words(plain, compounds), tuple(dict.fromkeys([*names, *_quantities(plain)])))


def question_terms(question: str) -> Terms:
    """The terms of the question as a passage, and other ways in which a passage may write them."""
    plain = folded(question)
    pieces = _PIECE.findall(plain)
    names, compounds = _named(pieces)
    parted = [
        _whole(first + second)
        for first, second in pairwise(pieces)
        if any(piece.isdigit() or _has_figure_or_capital(piece) for piece in (first, second))
    ]
    exact = [*names, *_quantities(plain), *compounds, *parted]
    return Terms(_words(plain, compounds), tuple(term for term in dict.fromkeys(exact) if len(term) <= LONGEST_TERM))


def folded(text: str) -> str:
    """Without accents and ligatures; dashes, micro signs and raised figures in one form; Greek symbols by name."""
    if text.isascii():
        return _BRACED.sub(r"\1\2", text) if "{" in text else text
    text = _RAISED.sub(r"^\g<0>", text.translate(_SIGNS))
    text = unicodedata.normalize("NFKD", text).translate(_SIGNS)
    text = _MICRO.sub("u", unicodedata.normalize("NFC", _ACCENT.sub("", text)))
    return _BRACED.sub(r"\1\2", _SYMBOL.sub(_spelled, text))


def _spelled(symbols: re.Match[str]) -> str:
    return "".join(GREEK.get(letter, letter) for letter in symbols[0].lower())


def _words(plain: str, compounds: Sequence[str]) -> str:
    """The parts of a decimal number are no words."""
    text = _PARTED_NUMBER.sub(" ", plain) if "." in plain else plain
    return f"{text} {' '.join(compounds)}" if compounds else text


def _named(pieces: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names, formulas and the like; and lower-case words for those that are parted by hyphens."""
    names: list[str] = []
    compounds: list[str] = []
    for piece in pieces:
        if not (piece.isalpha() and piece[1:].islower()):
            for part in _parts(piece):
                whole = _whole(part)
                if "-" in part and whole.isalpha():
                    compounds.append(whole)
                names += [_whole(one) for one in dict.fromkeys([part, *part.split("-")]) if _has_figure_or_capital(one)]
    return names, compounds


def _parts(piece: str) -> Iterator[str]:
    """An apostrophe parts, and so does a full stop, unless it is that of a version."""
    for part in piece.split("'"):
        for one in [part] if any(map(str.isdigit, part)) else part.split("."):
            if 1 < len(one) <= LONGEST_TERM and not _NUMERIC.fullmatch(one):
                yield one


def _whole(part: str) -> str:
    """Without hyphens and marks of raising, and of acronyms the singular."""
    return _PLURAL.sub("", part.replace("-", "").replace("^", "")).casefold()


def _has_figure_or_capital(word: str) -> bool:
    """Or a sign, or a capital behind the first letter: BERT, mRNA, x_i, H2O, C++."""
    is_plain = word[1:].islower() and word.replace("-", "").isalpha()
    return len(word) > 1 and not is_plain and not _NUMERIC.fullmatch(word)


def _quantities(plain: str) -> Iterator[str]:
    """Numbers by their value, with and without the unit; a bare integer is a word like any other."""
    for found in _QUANTITY.finditer(plain):
        number, exponent, power, lost_power, unit = found.groups()
        power = exponent or power or lost_power
        value = _written(number, power)
        if power or "." in number or "," in number:
            yield value
        if unit:
            yield f"{value}{'%' if unit.startswith('per') else unit.casefold()}"
    for found in _POWER_OF_TEN.finditer(plain):
        yield _written("1", found[1] or found[2])


def _written(number: str, power: str | None) -> str:
    """One form for each value: 0.85 for .850, 1000 for 1,000, 1e-4 for 0.0001."""
    value = Decimal(f"{number.replace(',', '')}e{power or 0}")
    if not value:
        return "0"
    if WRITTEN_OUT_FROM <= value < WRITTEN_OUT_TO:
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    digits = "".join(map(str, value.as_tuple().digits)).rstrip("0")
    return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{value.adjusted()}"
