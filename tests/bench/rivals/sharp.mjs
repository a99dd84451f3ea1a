// sharp.mjs WORK OUT <FILES: the works of works.py by sharp. libvips gets one thread for each image
// and three images are on their way at a time, which is its fastest on two cores. Huffman tables
// are not optimised, as with the others.
import { readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import sharp from "sharp";

const sides = [2400, 1600, 1200, 800, 600, 400, 240, 120];
const jpeg = (image, quality) => image.jpeg({ quality, optimiseCoding: false });
const inside = (image, side) => image.resize(side, side, { fit: "inside" });

// All eight at once, from what `input` gives for each.
const eight = (input, path) =>
  Promise.all(
    sides.map((side) => jpeg(inside(input(), side), 80).toFile(`${path}-${side}.jpg`)),
  );

const works = {
  blur: (file, path) => jpeg(sharp(file).blur(2), 85).toFile(`${path}.jpg`),
  web: (file, path) =>
    jpeg(inside(sharp(file), 1600).sharpen({ sigma: 0.8 }), 82).toFile(`${path}.jpg`),
  thumb: (file, path) => jpeg(inside(sharp(file), 512), 80).toFile(`${path}.jpg`),
  png: (file, path) => sharp(file).blur(2).png().toFile(`${path}.png`),
  webp: (file, path) => inside(sharp(file), 1600).webp({ quality: 80 }).toFile(`${path}.webp`),
  small: (file, path) => jpeg(inside(sharp(file), 100), 80).toFile(`${path}.jpg`),
  sizes: (file, path) => eight(() => sharp(file), path),
  clones: (file, path) => {
    const image = sharp(file);
    return eight(() => image.clone(), path);
  },
  raw: async (file, path) => {
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    return eight(() => sharp(data, { raw: info }), path);
  },
};

const [work, out] = process.argv.slice(2);
const files = readFileSync(0, "utf8").split("\n");
sharp.concurrency(1);
sharp.cache(false);

async function worker() {
  for (let file = files.shift(); file; file = files.shift()) {
    await works[work](file, join(out, basename(file, extname(file))));
  }
}
await Promise.all([worker(), worker(), worker()]);
