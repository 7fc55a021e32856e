"""A progress bar for every wait of more than three seconds."""

from tqdm import tqdm


def progress(doing, work, unit="B"):
    """A bar on the screen that appears after three seconds, and goes when the work is done.

    work: what is done one by one, or a number, for work that calls update() on the bar. With the
    unit "B" it counts bytes. Where nobody watches (a file, a pipe), nothing is shown.
    """
    items, total = (None, max(0, work)) if isinstance(work, int) else (work, len(work))
    return tqdm(
        items,
        total=total,
        desc=doing,
        unit=unit,
        unit_scale=unit == "B",
        delay=3,
        leave=False,
        disable=None,
    )
