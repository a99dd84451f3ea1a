// sharp.mjs WORK OUT FILE...: the works of race.py by sharp. libvips gets one thread for each image
// and three images are on their way at a time, which is its fastest on two cores. Huffman tables
// are not optimised, as with the others.
import { basename, extname, join } from "node:path";
import sharp from "sharp";

const fixed = { optimiseCoding: false };
const works = {
  blur: (image) => image.blur(2).jpeg({ quality: 85, ...fixed }),
  web: (image) =>
    image
      .resize(1600, 1600, { fit: "inside" })
      .sharpen({ sigma: 0.8 })
      .jpeg({ quality: 82, ...fixed }),
  thumb: (image) => image.resize(512, 512, { fit: "inside" }).jpeg({ quality: 80, ...fixed }),
  png: (image) => image.blur(2).png(),
};

const [work, out, ...files] = process.argv.slice(2);
sharp.concurrency(1);
sharp.cache(false);

async function worker() {
  for (let file = files.shift(); file; file = files.shift()) {
    const name = basename(file, extname(file)) + (work === "png" ? ".png" : ".jpg");
    await works[work](sharp(file)).toFile(join(out, name));
  }
}
await Promise.all([worker(), worker(), worker()]);
