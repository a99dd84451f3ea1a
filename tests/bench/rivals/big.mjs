// big.mjs WORK INPUT OUTPUT: the works of big.py by sharp, on two threads.
import sharp from "sharp";

const works = {
  jpeg: (image) => image.blur(8).jpeg({ quality: 85, optimiseCoding: false }),
  png: (image) => image.blur(8).png(),
  resize: (image) => image.resize(3000).tiff({ compression: "none" }),
};
const [work, input, output] = process.argv.slice(2);
sharp.concurrency(2);
sharp.cache(false);
const image = sharp(input, { limitInputPixels: false, sequentialRead: true });
await works[work](image).toFile(output);
