"""What a work must make of its inputs, and whether it did."""
from functools import lru_cache
from pathlib import Path

from PIL import Image

from works import WORKS


def size(path):
    with Image.open(path) as image:
        return image.size


@lru_cache(maxsize=None)
def wanted(work, path):
    """The sizes of the outputs of an input, largest first, before they are rounded."""
    width, height = size(path)
    longest = max(width, height)
    return [(width * side / longest, height * side / longest)
            for side in WORKS[work].sides or (longest,)]


def fits(got, asked):
    """The longest side must be as asked; the other may be rounded as anyone likes."""
    return max(got) == max(asked) and all(abs(g - a) <= 1 for g, a in zip(got, asked))


def by_input(files, out):
    """file -> its outputs: named as it is, or with more words behind a hyphen."""
    made = {Path(f).stem: [] for f in files}
    for path in sorted(out.iterdir()):
        stem = path.stem if path.stem in made else path.stem.rpartition("-")[0]
        if stem not in made:
            raise RuntimeError(f"{path.name} was not asked for")
        made[stem].append(path)
    return {f: made[Path(f).stem] for f in files}


def checked(work, files, out):
    """The same, after a look whether all are there, of the format and of the sizes asked for."""
    made = by_input(files, out)
    for f, paths in made.items():
        asked, got = wanted(work, f), sorted(map(size, paths), reverse=True)
        if (len(got) != len(asked) or not all(map(fits, got, asked))
                or any(path.suffix != WORKS[work].suffix for path in paths)):
            raise RuntimeError(f"{Path(f).name} became {[path.name for path in paths]} of {got}, "
                               f"and {WORKS[work].suffix} of {asked} was asked for")
    return made
