"""Is this loss right? What runs of a preset ended at that differ only in their seed.

A loss says little by itself: whoever changes train.py, or trains on a machine that nobody has
tried, wants to know whether it is what it should be.
"""

# {preset: how many characters it learned from, and the lowest and the highest validation loss of so
# many runs}. On another text, nothing is expected. Three seeds in float32 and three in bfloat16, on
# a CPU (Shakespeare in float32: on an H200).
BANDS = {
    "stories": dict(characters=8_691_075, low=0.2777, high=0.2792, runs=6),
    "shakespeare": dict(characters=1_003_854, low=1.4345, high=1.4496, runs=6),
}

TOO_HIGH = (
    "The usual causes are a change in train.py, and a device that gives wrong results: "
    "compare with --device cpu --precision float32"
)
TOO_LOW = (
    "The usual causes are a token that sees later ones (the causal mask), and held-out text that "
    "is learned from"
)


def band_of_preset(s, facts):
    """dict(low, high, runs, of) of the validation losses that a run should end between; None for
    settings or a text that nobody has trained with."""
    band = BANDS.get(s.preset)
    if not s.is_preset or not band or band["characters"] != facts["train_characters"]:
        return None
    return dict(low=band["low"], high=band["high"], runs=band["runs"], of="preset")


def verdict(loss, band):
    """-1, 0 or 1: whether a loss is lower than expected, as expected, or higher. A few runs do not
    show all that chance can do: of normally distributed losses, 24% lie outside the band of three
    others and half its width on either side, and 5% outside of it and twice its width."""
    margin = 2 * (band["high"] - band["low"])
    return (loss > band["high"] + margin) - (loss < band["low"] - margin)


def sentence(loss, band):
    """What to think of a loss."""
    expected = (
        f"{band['runs']} runs that differ only in their seed ended between {band['low']:.4f} and "
        f"{band['high']:.4f}, and this one at {loss:.4f}"
    )
    return {
        -1: f"Lower than expected: {expected}. {TOO_LOW}.",
        0: f"As expected: {expected}.",
        1: f"Higher than expected: {expected}. {TOO_HIGH}.",
    }[verdict(loss, band)]
