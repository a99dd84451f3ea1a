"""build/bench/results.json and scaling.json: what was measured, part by part. A part that is
measured again replaces what was there of it, and the others stay."""
import json
import os
import platform
import time
from pathlib import Path


def machine():
    """Processor and cores in words."""
    name = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":")[1].strip()
            break
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def warn_if_busy():
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"  this machine is busy (load {load:.1f}): do not trust the times")
    return load


def store(path, part, name, entry):
    """Puts `entry` under part, name; with the day and the load of the machine."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    everything["machine"] = machine()
    entry = {"date": time.strftime("%Y-%m-%d"), "load": round(os.getloadavg()[0], 1), **entry}
    everything.setdefault(part, {})[name] = entry
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(everything, indent=1) + "\n")
    unfinished.replace(path)


def versions(path, of):
    """Adds to the versions that were measured with."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    everything.setdefault("versions", {}).update(of)
    path.write_text(json.dumps(everything, indent=1) + "\n")
