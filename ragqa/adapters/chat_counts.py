"""Tells by a model server's own counts whether it has read a whole prompt. Knows counts, no texts and no server."""

LEAST_READ = 0.9  # share of the fewest tokens that a prompt can have; below it the prompt was cut
FAR_APART = 80  # pieces between two prompts that tell how many tokens the model makes of a piece


class ReadCounts:
    """Learns a model's tokens per piece of text; ``pieces`` are those of ``fewest_tokens``.

    The rate is the slope between two prompts, so that what the chat template adds to each drops out, and the lowest
    slope seen: plain instructions, from which it is learnt, have fewer tokens per piece than evidence has.
    """

    def __init__(self) -> None:
        self._shortest: tuple[int, int] | None = None
        self._rate: float | None = None
        self._most_read = 0

    def learn(self, pieces: int, read: int) -> None:
        """From a prompt that is too short to be cut; what was partly in the server's cache teaches nothing."""
        if read < LEAST_READ * pieces:
            return
        if self._shortest is None or pieces < self._shortest[0]:
            self._shortest = pieces, read
            return
        apart = pieces - self._shortest[0]
        if apart >= FAR_APART:
            slope = (read - self._shortest[1]) / apart
            self._rate = slope if self._rate is None else min(slope, self._rate)

    def is_cut(self, pieces: int, read: int) -> bool:
        """True if ``read`` tokens are too few for all of the prompt.

        A window that has held more before has room for these: then the rest was in the server's cache, which some
        versions of Ollama do not count.
        """
        has_room = read < self._most_read
        self._most_read = max(read, self._most_read)
        return not has_room and read < LEAST_READ * pieces * max(1.0, self._rate or 1.0)
