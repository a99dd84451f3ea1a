"""In which order and how often everybody runs, and what stands in the end. A run is a dictionary of
figures, "seconds" among them."""
import statistics

FAR_BEHIND = 1.5  # times the best rival: one round is enough


def race(names, run, rounds, against=()):
    """name -> its runs. The first round warms the caches. It counts only for those rivals that
    were far behind the best of them in it, who are not in the race after that; imbrex and those
    that it is held `against` always are. Each round begins with another one."""
    first = {name: run(name) for name in names}
    rivals = [first[name]["seconds"] for name in names if name != "imbrex"]
    stay = [name for name in names if name in ("imbrex", *against)
            or first[name]["seconds"] <= FAR_BEHIND * min(rivals)]
    rows = {name: [] if name in stay else [first[name]] for name in names}
    for turn in range(rounds):
        for i in range(len(stay)):
            name = stay[(turn + i) % len(stay)]
            rows[name].append(run(name))
    return rows


def medians(rows):
    """The medians of the times, and of how many rounds they are."""
    return {"rounds": len(rows), **{key: statistics.median(row[key] for row in rows)
                                    for key in ("seconds", "processor")}}


def mark(result):
    """What stands behind a time in a table: whether it is of one round."""
    return "(*)" if result["rounds"] == 1 else "   "
