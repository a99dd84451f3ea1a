"""Every operation against the same filter on the command line: identical pixels, of 8 and of 16
bits, gray, RGB and RGBA, with default parameters and with others. There are no exceptions. (Where
GEGL's PNG saver gives up, as it does with every picture in P3, its TIFF saver takes its place.)"""

import subprocess

import cv2

import support
from support import check, difference, gegl, imbrex, picture, work

kinds = {"gray8": (1, 8), "rgb8": (3, 8), "rgba8": (4, 8),
         "gray16": (1, 16), "rgb16": (3, 16), "rgba16": (4, 16)}
pictures = [picture(name, *kind) for name, kind in kinds.items()]
soft = imbrex("grayscale", [p for p in pictures if "rgba" in p.name], "soft")
for name in ("8", "16"):  # gray with alpha
    pictures.append((soft / f"rgba{name}.png").rename(work / f"soft{name}.png"))
few = [p for p in pictures if p.stem in ("rgba8", "rgb16")]
one = [p for p in pictures if p.stem == "rgba16"]


def other_value(p):
    """Something else than the default, that most filters take whatever the others are."""
    kind, default = p["type"], p.get("default")
    if kind == "bool":
        return "no" if default else "yes"
    if kind == "choice":
        return next((word for word in p["choices"][1:] if word != "file"), None)
    if kind not in ("float", "int"):
        return None
    value = default + 0.2 * (p["max"] - default)
    if default == p["max"]:
        value = default - 0.3 * (p["max"] - p["min"])
    return str(round(value)) if kind == "int" else f"{value:.4g}"


def sets_of(row):
    """Sets of parameters: none, others than the defaults, and those of the examples."""
    others = {p["name"]: other_value(p) for p in row["parameters"]}
    yield {}, pictures
    yield {name: value for name, value in others.items() if value is not None}, few
    for example in row["examples"]:
        yield support.values_of(row, example), one


def recipe_of(name, values):
    quoted = (f'{key}="{value}"' if not value.replace(".", "").isalnum() else f"{key}={value}"
              for key, value in values.items())
    return name + ":" * bool(values) + ",".join(quoted)


def property_of(key, value):
    return f"{key.replace('_', '-')}={ {'yes': 'true', 'no': 'false'}.get(value, value)}"


def compare(name, values, source, wanted, number):
    output = work / f"{number}.png"
    operation = [f"imbrex:{name}", *(property_of(*v) for v in values.items())]
    said = gegl(source, operation, output)
    if "invalid chromaticities" in said:
        tiff = output.with_suffix(".tif")
        said = gegl(source, operation, tiff, saver="gegl:tiff-save")
        subprocess.run(["convert", tiff, output], check=False)  # OpenCV multiplies 8 bits by alpha
    why = difference(output, wanted)
    check(why is None, f"{recipe_of(name, values)} of {source}: {why} {said}")
    output.unlink(missing_ok=True)


def keeps_size(row):
    """Do all its examples, as far as the command line takes them? Its defaults then do, too."""
    before = cv2.imread(str(one[0]), cv2.IMREAD_UNCHANGED).shape[:2]
    for i, example in enumerate(row["examples"]):
        folder = imbrex(example, one, f"size-{row['name']}-{i}")
        if folder and cv2.imread(str(folder / one[0].name), cv2.IMREAD_UNCHANGED).shape[:2] != before:
            return False
    return True


rows = support.table()
names = [name for name in support.operations() if name != "recipe"]
right = {name for name, row in rows.items() if keeps_size(row)}
right.remove("orient")  # this picture does not say how it lies; others are turned
check(right == set(names), f"operations and filters that keep the size: {right ^ set(names)}")
jobs, seen = [], set()
for name in names:
    done = False
    for values, sources in sets_of(rows[name]):
        recipe = recipe_of(name, values)
        if recipe in seen:
            continue
        seen.add(recipe)
        folder = imbrex(recipe, sources, f"cli-{len(jobs)}")
        for source in sources if folder else []:
            jobs.append((name, values, source, folder / source.name, len(jobs)))
            done = True
    check(done, f"{name}: the command line takes none of its sets of parameters")
support.in_parallel(compare, jobs)
support.end(f"{len(names)} operations, {len(jobs)} comparisons")
