/* form.js - inputs for the parameters of a filter or format, made from their rows in the table. */

import { defaultOf } from './recipe.js';

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

let serial = 0;

/* ---- numbers: a slider and a field that follow each other ------------------------------------- */

const SLIDER_STEPS = 1000;

/* How a slider's place is a value: linear, or by ratio where a range spans orders of magnitude. */
function scaleOf(row) {
  const { min, max } = row;
  if (row.type === 'int' && max - min <= SLIDER_STEPS)
    return { steps: max - min, value: at => min + at, place: value => value - min };
  if (min > 0 && max / min >= 50) {
    const ratio = Math.log(max / min) / SLIDER_STEPS;
    return { steps: SLIDER_STEPS, value: at => min * Math.exp(at * ratio),
      place: value => Math.log(Math.max(value, min) / min) / ratio };
  }
  const unit = (max - min) / SLIDER_STEPS;
  return { steps: SLIDER_STEPS, value: at => min + at * unit, place: value => (value - min) / unit };
}

/* As many digits as the place in the range needs. */
function rounded(row, value) {
  if (row.type === 'int') return String(Math.round(value));
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : row.max <= 2 ? 3 : 2;
  return String(Number(value.toFixed(digits)));
}

function numberControl(row, id, changed) {
  const scale = scaleOf(row);
  const slider = make('input', { type: 'range', min: 0, max: scale.steps, className: 'slider' });
  const field = make('input', { type: 'number', id, min: row.min, max: row.max, className: 'number',
    step: row.type === 'int' ? 1 : 'any' });
  slider.setAttribute('aria-label', `${row.label}, slider`);
  const follow = () => {
    slider.value = scale.place(Number(field.value));
    slider.setAttribute('aria-valuetext', `${field.value} ${row.unit ?? ''}`.trim());
    slider.style.setProperty('--filled', `${100 * slider.value / scale.steps}%`);
  };
  slider.addEventListener('input', () => {
    field.value = rounded(row, scale.value(Number(slider.value)));
    follow();
    changed(field.value);
  });
  field.addEventListener('input', () => {
    follow();
    changed(field.value);
  });
  return { nodes: [slider, field], input: field, set(value) { field.value = value; follow(); } };
}

/* ---- the others ---------------------------------------------------------------------------------- */

function switchControl(row, id, changed) {
  const box = make('input', { type: 'checkbox', id, className: 'switch' });
  box.setAttribute('role', 'switch');
  box.addEventListener('change', () => changed(box.checked ? 'yes' : 'no'));
  return { nodes: [box], input: box,
    set(value) { box.checked = ['yes', 'true', '1', 'on'].includes(value); } };
}

function choiceControl(row, id, changed) {
  const select = make('select', { id },
    ...row.choices.map((word, i) => make('option', { value: word, textContent: row.labels[i] })));
  select.addEventListener('change', () => changed(select.value));
  return { nodes: [select], input: select, set(value) { select.value = value; } };
}

function textControl(row, id, changed) {
  const field = make('input', { type: 'text', id, spellcheck: false, autocomplete: 'off' });
  field.addEventListener('input', () => changed(field.value));
  return { nodes: [field], input: field, set(value) { field.value = value; } };
}

const NAMED = { white: '#ffffff', black: '#000000', transparent: '#000000' };

/* "#rrggbb" of a spelling, for the browser's own chooser. */
function sixDigits(value) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(value);
  if (short) return '#' + short.slice(1).map(digit => digit + digit).join('');
  return /^#[0-9a-f]{6}/i.test(value) ? value.slice(0, 7) : NAMED[value] ?? '#000000';
}

function colourControl(row, id, changed) {
  const text = textControl(row, id, value => {
    chooser.value = sixDigits(value);
    changed(value);
  });
  const chooser = make('input', { type: 'color', className: 'colour' });
  chooser.setAttribute('aria-label', `${row.label}, colour chooser`);
  chooser.addEventListener('input', () => {
    text.set(chooser.value);
    changed(chooser.value);
  });
  return { nodes: [chooser, ...text.nodes], input: text.input,
    set(value) { text.set(value); chooser.value = sixDigits(value); } };
}

const CONTROLS = { float: numberControl, int: numberControl, bool: switchControl,
  choice: choiceControl, colour: colourControl };

/* What is said about a range below the name. */
function rangeOf(row) {
  const unit = row.unit ? ` ${row.unit}` : '';
  if (row.type === 'float' || row.type === 'int') return `${row.min} to ${row.max}${unit}`;
  if (row.type === 'extent') return '800x600, 800x, x600 or 50%';
  if (row.type === 'length') return 'pixels, or percent as in 25%';
  if (row.type === 'colour') return '#rrggbb, #rrggbbaa or a name';
  return '';
}

/* One parameter: label, control, explanation, a way back to its default, and room for a problem. */
function makeField(row, values, changed) {
  const id = `field-${++serial}`;
  const problem = make('p', { className: 'problem', id: `${id}-problem`, hidden: true });
  const reset = make('button', { type: 'button', className: 'icon reset', textContent: '\u21ba',
    title: 'Back to the default' });
  reset.setAttribute('aria-label', `${row.label}: back to the default`);
  const control = (CONTROLS[row.type] ?? textControl)(row, id, value => {
    values[row.name] = value;
    mark();
    changed();
  });
  const mark = () => {
    reset.classList.toggle('idle', (values[row.name] ?? defaultOf(row)) === defaultOf(row));
    reset.disabled = reset.classList.contains('idle');
  };
  reset.addEventListener('click', () => {
    delete values[row.name];
    control.set(defaultOf(row));
    mark();
    control.input.focus();
    changed();
  });
  control.set(values[row.name] ?? defaultOf(row));
  control.input.setAttribute('aria-describedby', `${id}-doc ${id}-problem`);
  mark();
  const range = rangeOf(row);
  const element = make('div', { className: `field kind-${row.type}` },
    make('div', { className: 'field-head' },
      make('label', { htmlFor: id, textContent: row.label }),
      make('span', { className: 'range', textContent: range }), reset),
    make('div', { className: 'control' }, ...control.nodes),
    make('p', { className: 'doc', id: `${id}-doc`, textContent: row.doc }), problem);
  element.dataset.parameter = row.name;
  return element;
}

/* All parameters that a request may set; `values` is changed by them. */
export function makeFields(rows, values, changed) {
  return rows.filter(row => row.type !== 'file').map(row => makeField(row, values, changed));
}

/* ---- problems --------------------------------------------------------------------------------------- */

export function showProblem(paragraph, text) {
  paragraph.textContent = text;
  paragraph.hidden = !text;
}

/* Takes all problems below an element back. */
export function clearProblems(element) {
  for (const paragraph of element.querySelectorAll('.problem')) showProblem(paragraph, '');
  for (const input of element.querySelectorAll('[aria-invalid]'))
    input.removeAttribute('aria-invalid');
  for (const bad of element.querySelectorAll('.bad')) bad.classList.remove('bad');
}

/* Says it at the parameter's field; false if the element has none of that name. */
export function showFieldProblem(element, parameter, text) {
  const field = [...element.querySelectorAll('.field')]
    .find(one => one.dataset.parameter === parameter);
  if (!field) return false;
  field.classList.add('bad');
  field.querySelector('.control input:not(.slider):not(.colour), .control select')
    .setAttribute('aria-invalid', 'true');
  showProblem(field.querySelector('.problem'), text);
  return true;
}
