// load.mjs: asks a server for pictures and prints one JSON object of what came of it.
//
//   closed PORT SECONDS CONNECTIONS <PATHS   each connection asks again when it has its reply
//   open PORT SECONDS RATE <PATHS            so many requests a second, whatever comes back;
//                                            latencies count from when a request was due, so that
//                                            waiting in front of a slow server is not left out
//
// Paths are taken in turn, so connections ask for different ones.
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";

const [mode, port, seconds, amount] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const paths = readFileSync(0, "utf8").trim().split("\n");
const agent = new Agent({ keepAlive: true, maxSockets: mode === "closed" ? amount : 4096 });
const statuses = {};
const latencies = [];
let next = 0;
let bytes = 0;

function ask(due) {
  const path = paths[next++ % paths.length];
  return new Promise((done) => {
    const count = (status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200) latencies.push(performance.now() - due);
      done();
    };
    const request = get({ host: "127.0.0.1", port, path, agent }, (reply) => {
      reply.on("data", (part) => (bytes += part.length));
      reply.on("end", () => count(reply.statusCode));
      reply.on("error", () => count("broken"));
    });
    request.on("error", () => count("refused"));
    request.setTimeout(60000, () => request.destroy());
  });
}

const begin = performance.now();
const end = begin + seconds * 1000;

async function connection() {
  while (performance.now() < end) await ask(performance.now());
}

async function arrivals() {
  const open = [];
  const gap = 1000 / amount;
  for (let due = begin; due < end; due += gap) {
    const wait = due - performance.now();
    if (wait > 0) await new Promise((go) => setTimeout(go, wait));
    open.push(ask(due));
  }
  await Promise.all(open);
}

if (mode === "closed") await Promise.all(Array.from({ length: amount }, connection));
else await arrivals();
const took = (performance.now() - begin) / 1000;
latencies.sort((a, b) => a - b);
const percentile = (p) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))];
console.log(
  JSON.stringify({
    seconds: took,
    good: latencies.length,
    rate: latencies.length / took,
    bytes,
    statuses,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
  }),
);
agent.destroy();
