// kernels.mjs FILE WIDTH HEIGHT: as kernels.c, by sharp on one thread, from raw pixels to raw
// pixels. A line is the name of one of the works below; behind "!" the result goes to FILE.sharp.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import sharp from "sharp";

const [file, width, height] = [process.argv[2], +process.argv[3], +process.argv[4]];
const pixels = readFileSync(file);
const share = (part) => ({
  width: Math.floor(width * part + 0.5),
  height: Math.floor(height * part + 0.5),
  fit: "fill",
});
const works = {
  "lanczos 31 %": (image) => image.resize(share(0.31)),
  "lanczos 10 %": (image) => image.resize(share(0.1)),
  "linear 31 %": (image) => image.pipelineColourspace("scrgb").resize(share(0.31)),
  unsharp: (image) => image.sharpen({ sigma: 1 }),
  saturation: (image) => image.modulate({ saturation: 1.3 }),
  hue: (image) => image.modulate({ hue: 30 }),
};

sharp.concurrency(1);
sharp.cache(false);
for await (const line of createInterface({ input: process.stdin })) {
  const kept = line.startsWith("!");
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  const begun = performance.now();
  const { data, info } = await works[kept ? line.slice(1) : line](image)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const seconds = (performance.now() - begun) / 1000;
  if (kept) writeFileSync(`${file}.sharp`, data);
  console.log(`${seconds.toFixed(6)} ${info.width} ${info.height}`);
}
