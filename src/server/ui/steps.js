/* steps.js - the list of steps: a card for each, with its form, its place, and a way out; and the
 * dialog from which steps are added. */

import { findFilter, printRecipe } from './recipe.js';
import { clearProblems, make, makeFields, showFieldProblem, showProblem } from './form.js';

const byId = id => document.getElementById(id);

export class Steps {
  /* `changed` is called after every change that a form makes. */
  constructor(table, changed) {
    this.table = table;
    this.changed = changed;
    this.list = byId('steps');
    this.steps = [];
    this.list.addEventListener('dragover', event => this.dragOver(event));
    this.list.addEventListener('drop', event => event.preventDefault());
  }

  set(steps) {
    const open = this.steps.map(step => step.open);
    this.steps = steps.map((step, i) => ({ ...step, open: open[i] ?? true }));
    this.render();
  }

  add(name) {
    for (const step of this.steps) step.open = false;
    this.steps.push({ name, values: {}, open: true });
    this.render();
    this.focus(this.steps.length - 1, '.step-title');
    this.list.lastElementChild.scrollIntoView({ block: 'nearest' });
    this.changed();
  }

  move(from, to, button) {
    const [step] = this.steps.splice(from, 1);
    this.steps.splice(to, 0, step);
    this.render();
    this.focus(to, button);
    this.changed();
  }

  remove(i) {
    this.steps.splice(i, 1);
    this.render();
    if (this.steps.length) this.focus(Math.min(i, this.steps.length - 1), '.step-title');
    else byId('add').focus();
    this.changed();
  }

  /* The wanted button of a card, or its title where that button is at an end. */
  focus(i, selector) {
    const wanted = this.list.children[i].querySelector(selector);
    (wanted.disabled ? this.list.children[i].querySelector('.step-title') : wanted).focus();
  }

  render() {
    this.list.replaceChildren(...this.steps.map((step, i) => this.card(step, i)));
    byId('no-steps').hidden = this.steps.length > 0;
  }

  card(step, i) {
    const card = byId('step-template').content.firstElementChild.cloneNode(true);
    const filter = findFilter(this.table, step.name);
    const label = `step ${i + 1}, ${step.name}`;
    card.querySelector('.step-name').textContent = step.name;
    card.querySelector('.summary').textContent = filter.summary;
    card.querySelector('.fields').append(...makeFields(filter.parameters, step.values, () => {
      this.showValues(card, step);
      this.changed();
    }));
    this.showValues(card, step);
    this.wireTitle(card, step);
    this.wireButtons(card, i, label);
    this.wireDrag(card, step);
    return card;
  }

  showValues(card, step) {
    const text = printRecipe([step], { values: {} }, this.table);
    card.querySelector('.step-values').textContent = text.slice(step.name.length + 1);
  }

  wireTitle(card, step) {
    const title = card.querySelector('.step-title');
    const show = () => {
      title.setAttribute('aria-expanded', step.open);
      card.querySelector('.step-body').hidden = !step.open;
    };
    title.addEventListener('click', () => {
      step.open = !step.open;
      show();
    });
    show();
  }

  wireButtons(card, i, label) {
    const wire = (selector, what, possible, act) => {
      const button = card.querySelector(selector);
      button.setAttribute('aria-label', `${what} ${label}`);
      button.disabled = !possible;
      button.addEventListener('click', act);
    };
    wire('.up', 'Move up:', i > 0, () => this.move(i, i - 1, '.up'));
    wire('.down', 'Move down:', i < this.steps.length - 1, () => this.move(i, i + 1, '.down'));
    wire('.remove', 'Remove', true, () => this.remove(i));
  }

  /* ---- dragging: cards change places while one is held ------------------------------------------ */

  wireDrag(card, step) {
    card.querySelector('.handle').addEventListener('pointerdown', () => { card.draggable = true; });
    card.addEventListener('dragstart', event => {
      this.dragged = card;
      card.classList.add('dragged');
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setData('text/plain', step.name);
    });
    card.addEventListener('dragend', () => {
      card.draggable = false;
      if (!this.dragged) return;
      const to = [...this.list.children].indexOf(card);
      this.dragged = null;
      const from = this.steps.indexOf(step);
      if (to === from) card.classList.remove('dragged');
      else this.move(from, to, '.step-title');
    });
  }

  dragOver(event) {
    if (!this.dragged) return;
    event.preventDefault();
    const below = [...this.list.children].find(card => card !== this.dragged
      && event.clientY < card.getBoundingClientRect().top + card.offsetHeight / 2);
    if (below !== this.dragged.nextElementSibling) this.list.insertBefore(this.dragged, below ?? null);
  }

  /* ---- problems ------------------------------------------------------------------------------------ */

  clearProblems() {
    clearProblems(this.list);
  }

  /* Says it at the step and, where it has one, at the parameter. */
  showProblem(i, parameter, text) {
    const card = this.list.children[i];
    this.steps[i].open = true;
    card.querySelector('.step-body').hidden = false;
    card.querySelector('.step-title').setAttribute('aria-expanded', 'true');
    card.classList.add('bad');
    if (!showFieldProblem(card, parameter, text))
      showProblem(card.lastElementChild, text);
  }
}

/* ---- the dialog ----------------------------------------------------------------------------------------- */

function choice(filter, choose) {
  const button = make('button', { type: 'button', className: 'choice' },
    make('strong', { textContent: filter.name }),
    make('span', { textContent: filter.summary }));
  button.dataset.text = [filter.name, filter.category, filter.summary, filter.details ?? '']
    .join(' ').toLowerCase();
  button.addEventListener('click', () => choose(filter.name));
  return button;
}

/* What Enter takes: the name itself, else what begins so, else the first that is left. */
function best(all, word) {
  const left = [...all.querySelectorAll('.choice:not([hidden])')];
  const name = button => button.firstChild.textContent;
  return left.find(button => name(button) === word)
    ?? left.find(button => name(button).startsWith(word)) ?? left[0];
}

/* A filter that is about a file of the server's is nothing that a request may ask for. */
function isOffered(filter) {
  return filter.parameters[0]?.type !== 'file';
}

export function makeChooser(table, choose) {
  const dialog = byId('chooser'), search = byId('search'), all = byId('choices');
  const done = name => {
    dialog.close();
    choose(name);
  };
  const offered = table.filters.filter(isOffered);
  for (const category of [...new Set(offered.map(filter => filter.category))].sort())
    all.append(make('section', {}, make('h3', { textContent: category }),
      make('div', { className: 'choice-grid' }, ...offered
        .filter(filter => filter.category === category).map(filter => choice(filter, done)))));
  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const button of all.querySelectorAll('.choice'))
      button.hidden = !words.every(word => button.dataset.text.includes(word));
    for (const section of all.children)
      section.hidden = !section.querySelector('.choice:not([hidden])');
    byId('no-choices').hidden = Boolean(all.querySelector('.choice:not([hidden])'));
  };
  search.addEventListener('input', narrow);
  search.addEventListener('keydown', event => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    best(all, search.value.trim().toLowerCase())?.click();
  });
  byId('chooser-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  byId('add').addEventListener('click', () => {
    search.value = '';
    narrow();
    dialog.showModal();
    search.focus();
  });
}
