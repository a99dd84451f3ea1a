/* app.js - the page: a picture, a recipe as forms and as text, and what the server makes of both.
 *
 * The table of filters comes from the server and the server judges every recipe; this page knows
 * no filter and no range of its own. */

import { AUTO, COPIES, findFormat, parseRecipe, printRecipe, recipePath } from './recipe.js';
import { clearProblems, make, makeFields, showFieldProblem, showProblem } from './form.js';
import { Compare } from './compare.js';
import { Steps, makeChooser } from './steps.js';

const byId = id => document.getElementById(id);
const ROOT = new URL('..', location.href).href.replace(/\/$/, '');
const WAIT_MS = 220; /* after the last change */
const SLOW_MS = 150; /* before "working" is said */
const NOTHING = 'save'; /* the recipe that only saves */

let table, steps, compare;
let picture = null; /* {blob, name} */
let output = { format: '', values: {} };
let inForms = true; /* do the forms show what the text says? */
let running = null, timer = 0;
let accepted = '*/*';

/* ---- saying -------------------------------------------------------------------------------------- */

function say(text, kind = '') {
  byId('status').textContent = text;
  byId('status').className = `status ${kind}`;
}

function bytes(count) {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** power;
  return `${power && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

function milliseconds(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms`
    : `${(ms / 1000).toFixed(2)} s`;
}

/* "queue;dur=0.2, decode;dur=4.1" as [["queue", 0.2], ...]; the total is no part. */
function timings(header) {
  return [...(header ?? '').matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g)]
    .map(([, name, ms]) => [name, Number(ms)]).filter(([name]) => name !== 'total');
}

function showTimings(list) {
  const part = ([name, ms], i) => {
    const bar = make('span', { className: `part part-${i % 6}` });
    bar.style.flexGrow = ms;
    return [bar, make('li', {}, make('span', { className: `dot part-${i % 6}` }),
      `${name} `, make('b', { textContent: milliseconds(ms) }))];
  };
  const parts = list.map(part);
  byId('timing').hidden = !parts.length;
  byId('timing-bar').replaceChildren(...parts.map(([bar]) => bar));
  byId('timing-list').replaceChildren(...parts.map(([, item]) => item));
}

/* ---- asking the server ----------------------------------------------------------------------------- */

/* Media types that this browser says it can show; browsers that do not say get no choice made. */
async function shownTypes() {
  const types = table.formats.map(format => format.mime);
  const shown = await Promise.all(types.map(type =>
    globalThis.ImageDecoder?.isTypeSupported(type).catch(() => false)));
  return [...types.filter((type, i) => shown[i]), '*/*;q=0.5'].join(', ');
}

function process(recipe, blob, signal) {
  const headers = { 'Content-Type': 'application/octet-stream', Accept: accepted };
  if (byId('token').value) headers.Authorization = `Bearer ${byId('token').value}`;
  return fetch(`${ROOT}/v1/process/${recipePath(recipe)}`,
    { method: 'POST', body: blob, headers, signal });
}

/* A picture in a format of that media type, or null. */
async function convert(blob, mime) {
  const format = table.formats.find(one => one.mime === mime);
  const response = format && await process(`save:${format.name}`, blob);
  return response?.ok ? response.blob() : null;
}

function recipeText() {
  return byId('recipe').value.trim() || NOTHING;
}

function soon(wait = WAIT_MS) {
  clearTimeout(timer);
  running?.abort();
  if (!picture) return;
  byId('stage').setAttribute('aria-busy', 'true');
  timer = setTimeout(run, wait);
}

async function run() {
  const mine = running = new AbortController();
  const slow = setTimeout(() => say('Working\u2026', 'busy'), SLOW_MS);
  const begun = performance.now();
  try {
    const response = await process(recipeText(), picture.blob, mine.signal);
    if (response.ok) await showResult(response, begun, mine.signal);
    else await showFailure(response);
  } catch (error) {
    if (mine.signal.aborted) return;
    say(`The server cannot be reached (${error.message}).`, 'failed');
  } finally {
    clearTimeout(slow);
    if (!mine.signal.aborted) byId('stage').setAttribute('aria-busy', 'false');
  }
}

/* ---- what came back ---------------------------------------------------------------------------------- */

function resultName(type) {
  const format = table.formats.find(one => one.mime === type);
  const stem = picture.name.replace(/\.[^.]*$/, '');
  return `${stem}-imbrex${format ? format.suffixes[0] : ''}`;
}

function showDownload(blob) {
  const link = byId('download');
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(blob);
  link.download = resultName(blob.type);
  link.hidden = false;
}

function showFigures(response, blob, took) {
  const saved = 100 - 100 * blob.size / picture.blob.size;
  const format = table.formats.find(one => one.mime === blob.type);
  byId('figures').hidden = false;
  byId('figure-size').textContent =
    (response.headers.get('Imbrex-Size') ?? '').replaceAll('x', '\u00d7').replace('>', ' \u2192 ');
  byId('figure-bytes').textContent = `${bytes(picture.blob.size)} \u2192 ${bytes(blob.size)}`
    + (Math.abs(saved) >= 1 ? ` (${saved > 0 ? '\u2212' : '+'}${Math.round(Math.abs(saved))} %)` : '')
    + (format ? `, ${format.name}` : '');
  byId('figure-time').textContent = milliseconds(took);
  showTimings(timings(response.headers.get('Server-Timing')));
}

async function showResult(response, begun, signal) {
  const blob = await response.blob();
  const took = performance.now() - begun;
  clearAllProblems();
  showDownload(blob);
  showFigures(response, blob, took);
  const shown = await compare.show('after', blob, convert);
  if (signal.aborted) return;
  byId('unshown').hidden = shown;
  byId('unshown').textContent = `This browser cannot show ${blob.type}; the download has it.`;
  byId('compare').classList.remove('stale');
  say(`Done in ${milliseconds(took)}.`, 'done');
}

function clearAllProblems() {
  steps.clearProblems();
  clearProblems(byId('recipe-panel'));
}

/* The problem's sentence where it belongs: parameter, step, format, or the text as a whole. */
function placeProblem(problem) {
  const text = problem.detail ?? problem.title ?? 'The server refused it.';
  const i = (problem.step ?? 0) - 1;
  if (inForms && i >= 0 && i < steps.steps.length) {
    steps.showProblem(i, problem.parameter, text);
  } else if (inForms && i >= 0) {
    if (!showFieldProblem(byId('format-fields'), problem.parameter, text))
      showProblem(byId('output-problem'), text);
  } else {
    showProblem(byId('recipe-problem'), text);
    byId('recipe').setAttribute('aria-invalid', 'true');
  }
  say(text, 'failed');
}

async function showFailure(response) {
  const isProblem = (response.headers.get('Content-Type') ?? '').includes('problem+json');
  const problem = isProblem ? await response.json() : { title: `The server said ${response.status}.` };
  const later = Number(response.headers.get('Retry-After'));
  clearAllProblems();
  byId('compare').classList.add('stale');
  placeProblem(problem);
  if (response.status === 401 || response.status === 403) byId('token-panel').hidden = false;
  if (later > 0 && [429, 503].includes(response.status)) soon(later * 1000);
}

/* ---- the recipe ------------------------------------------------------------------------------------------ */

function fillFormat() {
  const format = findFormat(table, output.format);
  byId('format').value = output.format;
  byId('format-fields').replaceChildren(
    ...makeFields((format?.parameters ?? []).filter(row => row.type !== 'text'),
      output.values, formsChanged));
}

function remember(text) {
  history.replaceState(null, '', text ? `#${encodeURIComponent(text)}` : location.pathname);
}

/* The recipe behind the "#" of the address; as it is where its escapes are none. */
function remembered() {
  const text = location.hash.slice(1);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function formsChanged() {
  inForms = true;
  document.body.classList.remove('text-only');
  const text = printRecipe(steps.steps, output, table);
  byId('recipe').value = text;
  remember(text);
  soon();
}

/* Forms follow the text where they can show it. */
function textChanged() {
  const text = byId('recipe').value;
  const parsed = parseRecipe(text, table);
  inForms = parsed !== null;
  document.body.classList.toggle('text-only', !inForms);
  if (parsed) {
    output = parsed.output;
    steps.set(parsed.steps);
    fillFormat();
  }
  remember(text.trim());
  soon();
}

function makeFormats() {
  const option = (value, textContent) => make('option', { value, textContent });
  byId('format').append(option('', 'the format it came in'), option(AUTO, 'what suits the browser'),
    ...table.formats.map(one => option(one.name, `${one.name} \u2013 ${one.summary}`)));
  byId('format').addEventListener('change', () => {
    output = { format: byId('format').value, values: {} };
    fillFormat();
    formsChanged();
  });
}

async function copy(button) {
  const link = byId('download');
  const text = COPIES[button.dataset.copy]({ recipe: recipeText(), origin: ROOT,
    file: picture?.name ?? 'picture.jpg', result: link.download || 'result',
    token: Boolean(byId('token').value) });
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${text}`);
  } catch {
    say(text);
  }
}

/* ---- the picture -------------------------------------------------------------------------------------------- */

async function take(file) {
  picture = { blob: file, name: file.name || 'pasted.png' };
  byId('stage').classList.remove('empty');
  byId('invitation').hidden = true;
  byId('compare').hidden = false;
  byId('figure-name').textContent = picture.name;
  soon(0);
  await compare.show('before', file, convert);
}

function wirePicture() {
  const stage = byId('stage'), input = byId('file');
  for (const button of document.querySelectorAll('[data-pick]'))
    button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    if (input.files[0]) take(input.files[0]);
    input.value = '';
  });
  addEventListener('paste', event => {
    if (event.clipboardData.files[0]) take(event.clipboardData.files[0]);
  });
  addEventListener('dragover', event => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    stage.classList.add('over');
  });
  addEventListener('dragleave', event => {
    if (!event.relatedTarget) stage.classList.remove('over');
  });
  addEventListener('drop', event => {
    stage.classList.remove('over');
    if (!event.dataTransfer.files[0]) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}

/* ---- the beginning -------------------------------------------------------------------------------------------- */

async function begin() {
  compare = new Compare(byId('compare'));
  const response = await fetch(`${ROOT}/v1/filters`);
  if (!response.ok) throw new Error(`the server said ${response.status}`);
  table = await response.json();
  accepted = await shownTypes();
  steps = new Steps(table, formsChanged);
  makeChooser(table, name => steps.add(name));
  makeFormats();
  wirePicture();
  byId('recipe').addEventListener('input', textChanged);
  byId('token').addEventListener('input', () => soon());
  for (const button of document.querySelectorAll('[data-copy]'))
    button.addEventListener('click', () => copy(button));
  byId('recipe').value = remembered();
  textChanged();
}

begin().catch(error => say(`The page could not start: ${error.message}.`, 'failed'));
