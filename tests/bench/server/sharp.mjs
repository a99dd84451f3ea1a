// sharp.mjs PORT FOLDER: the server that one writes around sharp: GET /NAME gives NAME at 512 pixels.
import { createServer } from "node:http";
import { basename, join } from "node:path";
import sharp from "sharp";

const [port, folder] = process.argv.slice(2);
sharp.concurrency(1);
sharp.cache(false);
createServer(async (request, response) => {
  try {
    const file = join(folder, basename(decodeURIComponent(request.url)));
    const body = await sharp(file).resize(512).jpeg({ quality: 80 }).toBuffer();
    response.writeHead(200, { "Content-Type": "image/jpeg", "Content-Length": body.length });
    response.end(body);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(+port, "127.0.0.1");
