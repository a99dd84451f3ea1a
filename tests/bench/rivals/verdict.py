"""What is asked of the results of a work, and whether it is so. A verdict is a dictionary: what is
compared, its value, the limit, whether that is an upper one, and whether it is kept."""
from works import WORKS

FLOOR = 1.25  # times the processor time of the codecs alone
FINEST = 50  # dB against float, where the format loses next to nothing


def verdict(what, value, limit, below):
    """`below`: the value may be at most the limit, else at least."""
    return {"what": what, "value": float(value), "limit": float(limit), "below": below,
            "ok": bool(value <= limit if below else value >= limit)}


def best_rival(results, among=()):
    """The fastest of these, or of all; None if there is none."""
    rivals = [n for n in results if n != "imbrex" and (not among or n in among)]
    return min(rivals, key=lambda n: results[n]["seconds"], default=None)


def not_below_sharp(results):
    """Of PSNR and SSIM, where sharp is there."""
    mine, sharp = results["imbrex"], results.get("sharp")
    return [verdict(f"{mark.upper()} against sharp's", mine[mark], sharp[mark], False)
            for mark in ("psnr", "ssim") if sharp]


def of_quality(work, results, finest):
    mine, sharp = results["imbrex"], results.get("sharp")
    found = not_below_sharp(results)
    if WORKS[work].quality == "finest":
        found.append(verdict("PSNR at JPEG's quality 100", finest, FINEST, False))
    if WORKS[work].quality == "bytes" and sharp:
        found.append(verdict("size, of sharp's", mine["bytes"] / sharp["bytes"], 1.0, True))
    return found


def verdicts(work, results, floor, finest):
    """All of a work. `floor`: seconds, or None; `finest`: dB, or None."""
    found = []
    rival = best_rival(results, WORKS[work].against)
    if rival:
        ratio = results["imbrex"]["seconds"] / results[rival]["seconds"]
        found.append(verdict(f"time, of that of {rival}", ratio, WORKS[work].target, True))
    if floor:
        found.append(verdict("processor time, of the codecs alone",
                             results["imbrex"]["processor"] / floor, FLOOR, True))
    return found + of_quality(work, results, finest)


def sentence(v):
    side = "at most" if v["below"] else "at least"
    return (f"  {v['what']}: {v['value']:.4g}, {side} {v['limit']:.4g}: "
            f"{'yes' if v['ok'] else 'NO'}")
