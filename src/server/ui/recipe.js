/* recipe.js - recipes as texts and as lists of steps. Pure functions; the table of filters and
 * formats that the server gave is an argument.
 *
 * A step is {name, values}: values[parameter] is its spelling, parameters at their defaults are
 * left out. The last step of a recipe may be save; it is kept apart, as {format, values}. */

const SAVE = 'save';
const AUTO = 'auto';

/* How the server spells the default of a parameter; without the quotes that a recipe has. */
export function defaultOf(row) {
  if (row.type === 'bool') return row.default ? 'yes' : 'no';
  return unquoted(String(row.default ?? ''));
}

function quoted(value) {
  return value === '' || /[\s/,"#=]/.test(value) && !/^#[0-9a-f]+$/i.test(value)
    ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
}

/* Behind a name: the first value without its key where it fills the first parameter. */
function printArguments(rows, values) {
  const said = rows.filter(row => row.name in values && values[row.name] !== defaultOf(row));
  return said.map(row =>
    (row === rows[0] ? '' : row.name + '=') + quoted(values[row.name]));
}

function printStep(step, rows) {
  const list = printArguments(rows, step.values);
  return step.name + (list.length ? ':' + list.join(',') : '');
}

export function findFilter(table, name) {
  return table.filters.find(filter => filter.name === name);
}

export function findFormat(table, name) {
  return table.formats.find(format => format.name === name);
}

/* "" where the picture keeps its own format. */
function printSave(output, table) {
  if (!output.format) return '';
  const format = findFormat(table, output.format);
  return [`${SAVE}:${output.format}`, ...(format
    ? format.parameters.filter(row => row.name in output.values
        && output.values[row.name] !== defaultOf(row))
      .map(row => `${row.name}=${quoted(output.values[row.name])}`)
    : [])].join(',');
}

export function printRecipe(steps, output, table) {
  return [...steps.map(step => printStep(step, findFilter(table, step.name).parameters)),
    printSave(output, table)].filter(Boolean).join('/');
}

/* ---- reading ------------------------------------------------------------------------------- */

/* One step at the beginning of the text: its name, and its values with keys or without. */
const NAME = /^[^\s/:]+/;
const ARGUMENT = /^(?:([\w-]+)=)?("(?:[^"\\]|\\.)*"|[^\s/,]*)/;

function unquoted(value) {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}

/* The text as [{name, args: [{key, value}]}]; null if that cannot be. */
function scan(text) {
  const steps = [];
  for (;;) {
    text = text.replace(/^(?:[\s/]+|#[^\n]*)+/, '');
    if (!text) return steps;
    const name = NAME.exec(text);
    if (!name) return null;
    text = text.slice(name[0].length);
    const step = { name: name[0], args: [] };
    for (let mark = ':'; text.startsWith(mark); mark = ',') {
      const found = ARGUMENT.exec(text.slice(1));
      step.args.push({ key: found[1], value: unquoted(found[2]) });
      text = text.slice(1 + found[0].length);
    }
    if (text && !/^[\s/]/.test(text)) return null;
    steps.push(step);
  }
}

/* Values by name, or null where a name is none of the rows'. */
function assign(args, rows) {
  const values = {};
  let place = 0;
  for (const { key, value } of args) {
    const row = key === undefined ? rows[place++] : rows.find(one => one.name === key);
    if (!row) return null;
    values[row.name] = value;
  }
  return values;
}

/* {steps, output} of a text that forms can show; null for all others: what is wrong with them is
 * for the server to say. */
export function parseRecipe(text, table) {
  const scanned = scan(text);
  if (!scanned) return null;
  const output = { format: '', values: {} };
  const last = scanned.at(-1);
  if (last?.name === SAVE) {
    scanned.pop();
    const format = findFormat(table, last.args[0]?.value);
    output.format = format?.name ?? (last.args[0]?.value === AUTO ? AUTO : '');
    output.values = format ? assign(last.args.slice(1), format.parameters) : {};
    if (!output.values || last.args.length && !output.format) return null;
  }
  const steps = scanned.map(({ name, args }) => {
    const filter = findFilter(table, name);
    return { name, values: filter && assign(args, filter.parameters) };
  });
  return steps.every(step => step.values) ? { steps, output } : null;
}

/* ---- addresses and commands ------------------------------------------------------------------ */

/* The text as part of a path. Line ends and blanks separate steps as "/" does. */
export function recipePath(text) {
  return encodeURIComponent(text.trim()).replace(/%2F/g, '/').replace(/%3A/g, ':')
    .replace(/%2C/g, ',').replace(/%3D/g, '=');
}

function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

export const COPIES = {
  command: ({ recipe, file }) => `imbrex run ${shellWord(recipe)} ${shellWord(file)} -o out/`,
  address: ({ recipe, file, origin }) =>
    `${origin}/v1/-/${recipePath(recipe)}/file/${encodeURIComponent(file)}`,
  curl: ({ recipe, file, origin, token, result }) => ['curl --fail-with-body',
    token ? '-H "Authorization: Bearer $IMBREX_TOKEN"' : '',
    '-H', "'Content-Type: application/octet-stream'",
    '--data-binary', shellWord('@' + file), '-o', shellWord(result),
    shellWord(`${origin}/v1/process/${recipePath(recipe)}`)].filter(Boolean).join(' '),
};

export { AUTO };
