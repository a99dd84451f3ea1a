"""What GIMP was told: a procedure, an entry in the menu and a page of help for every filter, with the
arguments of the table, and for recipes and batches."""

import json
import subprocess
import xml.etree.ElementTree

import support
from support import IMBREX, Gimp, check

g = Gimp()
filters = json.loads(subprocess.run([IMBREX, "filters", "--json"], check=True,
                                    capture_output=True).stdout)["filters"]
TYPES = {"float": "3", "int": "0", "bool": "0"}  # PDB-FLOAT, PDB-INT32; all others are texts
names = {"plug-in-imbrex-" + f["name"].replace("_", "-"): f for f in filters}
others = {"plug-in-imbrex-recipe": 4, "plug-in-imbrex-batch": 4}
for name in [*names, *others]:
    info = f'(gimp-procedural-db-proc-info "{name}")'
    g.ask(f"{name} summary", f"(car {info})")
    g.ask(f"{name} count", f"(list-ref {info} 6)")
    for i in range(3 + len(names[name]["parameters"]) if name in names else others[name]):
        argument = f'(gimp-procedural-db-proc-arg "{name}" {i})'
        g.ask(f"{name} {i}", f'(car {argument}) "|" (cadr {argument}) "|" (caddr {argument})')
g.define('(define all (gimp-plugins-query ""))')
g.ask("menu", "(cadr all)")
answers = g.run()

for name, f in names.items():
    check(answers.get(f"{name} summary") == f["summary"], f"{name}: {answers.get(f'{name} summary')}")
    check(answers.get(f"{name} count") == str(3 + len(f["parameters"])), f"{name}: other arguments")
    for i, p in enumerate(f["parameters"]):
        kind, argument, words = answers.get(f"{name} {i + 3}", "||").split("|", 2)
        check(kind == TYPES.get(p["type"], "4"), f"{name}, {argument}: type {kind}")
        check(argument == p["name"].replace("_", "-"), f"{name}: {argument} for {p['name']}")
        check(p["doc"] in words, f"{name}, {argument}: not described by {words}")
        check(p.get("unit", "") in words, f"{name}, {argument}: no unit in {words}")
        if p["type"] == "choice":
            check(all(w in words for w in p["choices"]), f"{name}, {argument}: words of {words}")
        if p["type"] == "float":
            check(f"default {p['default']:g}" in words, f"{name}, {argument}: default of {words}")

entries = answers["menu"]
for f in filters:
    path = f"<Image>/Filters/imbrex/{f['category'].capitalize()}/{f['label']}..."
    check(path in entries, f"no entry {path}")
for label in ("Recipe", "Batch"):
    check(f"<Image>/Filters/imbrex/{label}..." in entries, f"no entry {label}")

folder = IMBREX.parent / "plug-ins" / "imbrex" / "help" / "en"
pages = {item.get("id"): item.get("ref")
         for item in xml.etree.ElementTree.parse(folder / "gimp-help.xml").getroot()}
check(sorted(pages) == sorted([*names, *others]), f"pages of help: {sorted(pages)}")
for name, page in pages.items():
    text = (folder / page).read_text() if (folder / page).exists() else ""
    check(text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n"), f"{name}: {page}")
    for p in names.get(name, {}).get("parameters", []):
        check(f"<code>{p['name']}</code>" in text, f"{page}: nothing about {p['name']}")
support.finish(f"{len(names)} filters in PDB, menu and help")
