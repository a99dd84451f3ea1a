"""rivals.py: what `tests/bench/rivals.sh` leans on: who runs how often, and whether an output that
is not what was asked for is found. With times that are made up and pictures of one colour."""
import sys
import tempfile
from pathlib import Path

try:
    from PIL import Image
except ImportError:
    print("rivals: Pillow is not installed")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).parent / "bench" / "rivals"))
import outputs
import rounds


def check(held, words):
    if not held:
        sys.exit(f"rivals: {words}")


def race(times, against=()):
    """Everyone's summary; `times`: of the first round, and of those after it."""
    begun = set()

    def run(name):
        first, later = times[name]
        seconds = later if name in begun else first
        begun.add(name)
        return {"seconds": seconds, "processor": seconds}

    rows = rounds.race(list(times), run, 3, against)
    return {name: rounds.medians(rows[name]) for name in times}


def who_runs():
    found = race({"imbrex": (0.9, 1), "near": (3, 2.5), "best": (2.9, 2), "far": (8, 7),
                  "meant": (8, 7)}, ("meant",))
    for name, seconds, count in (("imbrex", 1, 3), ("best", 2, 3), ("near", 2.5, 3),
                                 ("far", 8, 1), ("meant", 7, 3)):
        check((found[name]["seconds"], found[name]["rounds"]) == (seconds, count),
              f"{name}: {found[name]}, and {seconds} s of {count} rounds were to come out")
    check(race({"imbrex": (2, 1)})["imbrex"]["seconds"] == 1, "alone, the first round counts")


def refused(folder, files, made):
    """Whether outputs are refused for the work of thumbnails; `made`: name -> size."""
    out = Path(tempfile.mkdtemp(dir=folder))
    for name, size in made.items():
        Image.new("RGB", size).save(out / name)
    try:
        outputs.checked("thumb", files, out)
    except RuntimeError:
        return True
    return False


def what_is_made(folder):
    files = [str(folder / "a.jpg"), str(folder / "b-1.jpg")]
    for name in files:
        Image.new("RGB", (1001, 600)).save(name)
    good = {"a.jpg": (512, 307), "b-1.jpg": (512, 306)}
    check(not refused(folder, files, good), "good outputs are refused")
    for words, made in {
        "one that is missing": {"a.jpg": (512, 307)},
        "one that is as large as its input": {**good, "a.jpg": (1001, 600)},
        "one of another shape": {**good, "a.jpg": (512, 400)},
        "one that is a pixel short": {**good, "b-1.jpg": (511, 306)},
        "one of another format": {"a.png": (512, 307), "b-1.jpg": (512, 306)},
        "one too many": {**good, "a-2.jpg": (512, 307)},
        "one of nobody": {**good, "c.jpg": (512, 307)},
    }.items():
        check(refused(folder, files, made), f"{words} is taken")


who_runs()
with tempfile.TemporaryDirectory() as place:
    what_is_made(Path(place))
