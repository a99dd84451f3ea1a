"""What the works of race.py would give without rounding: Gaussians by their taps out to six sigma,
Lanczos with three lobes in linear light, all in double. And how near an output is to it."""
import math
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_matrix

Image.MAX_IMAGE_PIXELS = None


def load(path):
    """Height x width x 3, encoded sRGB, 0..1."""
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.float64) / 255


def gaussian(image, sigma):
    for axis in (0, 1):
        image = gaussian_filter1d(image, sigma, axis=axis, mode="nearest", truncate=6)
    return image


def to_linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def to_encoded(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def lanczos_weights(size, wanted):
    """The matrix that turns `size` samples into `wanted`; edges are repeated."""
    scale = max(1.0, size / wanted)
    reach = math.ceil(3 * scale) + 1
    centre = (np.arange(wanted) + 0.5) * size / wanted - 0.5
    taps = np.floor(centre)[:, None] + np.arange(-reach, reach + 1)[None, :]
    t = (taps - centre[:, None]) / scale
    weights = np.where(np.abs(t) < 3, np.sinc(t) * np.sinc(t / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(wanted), taps.shape[1])
    columns = np.clip(taps, 0, size - 1).astype(int).ravel()
    return csr_matrix((weights.ravel(), (rows, columns)), shape=(wanted, size))


def lanczos(image, width, height):
    down = lanczos_weights(image.shape[0], height)
    across = lanczos_weights(image.shape[1], width)
    light = to_linear(image)
    planes = [(across @ (down @ light[:, :, p]).T).T for p in range(3)]
    return to_encoded(np.stack(planes, axis=2))


def blur(path, width, height):
    return gaussian(load(path), 2)


def resize(path, width, height):
    return lanczos(load(path), width, height)


def web(path, width, height):
    small = resize(path, width, height)
    return np.clip(small + 0.8 * (small - gaussian(small, 0.8)), 0, 1)


def web_luma(path, width, height):
    """Sharpens luma (weights of Rec. 709) and adds the same to each channel."""
    small = resize(path, width, height)
    luma = small @ np.array([0.2126, 0.7152, 0.0722])
    return np.clip(small + 0.8 * (luma - gaussian(luma, 0.8))[:, :, None], 0, 1)


def meant(name, luminance):
    """The function above for a work's word; "" is a resize. `luminance`: who is judged sharpens
    luminance rather than each channel."""
    return {"": resize, "blur": blur, "web": web_luma if luminance else web}[name]


@lru_cache(maxsize=128)
def reference(work, path, width, height):
    return work(path, width, height).astype(np.float32)


def psnr(got, want):
    """Decibels; 99 at most."""
    error = float(np.mean((got - want) ** 2))
    return 99.0 if error < 1e-10 else min(99.0, -10 * math.log10(error))


def ssim(got, want):
    """Mean structural similarity of luma (weights of Rec. 601, encoded values), after Wang et al.,
    2004: windows of 11 x 11 pixels under a Gaussian of sigma 1.5, those that lie inside."""
    weights = np.array([0.299, 0.587, 0.114])
    a, b = ((v @ weights).astype(np.float32) for v in (got, want))

    def mean(v):
        for axis in (0, 1):
            v = gaussian_filter1d(v, 1.5, axis=axis, truncate=3.5)
        return v[5:-5, 5:-5]

    ma, mb = mean(a), mean(b)
    va, vb, covariance = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    return float(np.mean((2 * ma * mb + c1) * (2 * covariance + c2)
                         / ((ma * ma + mb * mb + c1) * (va + vb + c2))))


def marks(work, path, output):
    """PSNR and SSIM of an output against what `work`, a function from above, gives at its size."""
    got = load(output)
    want = reference(work, path, got.shape[1], got.shape[0])
    return psnr(got, want), ssim(got, want)
