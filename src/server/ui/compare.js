/* compare.js - two pictures in one place, with a line between them that can be moved. */

import { make } from './form.js';

/* What every browser shows; the server makes it of what this one cannot. */
const SHOWN_EVERYWHERE = 'image/png';

async function canShow(address) {
  try {
    await make('img', { src: address }).decode();
    return true;
  } catch {
    return false;
  }
}

export class Compare {
  constructor(element) {
    this.element = element;
    this.split = element.querySelector('.split');
    this.addresses = {};
    this.turns = { before: 0, after: 0 };
    this.split.addEventListener('input', () => this.follow());
    this.follow();
  }

  follow() {
    this.element.style.setProperty('--split', `${this.split.value}%`);
    this.split.setAttribute('aria-valuetext', `${this.split.value} percent before`);
  }

  /* Shows a picture as "before" or "after". `convert` makes another blob of one that the browser
     cannot show. False: neither can be shown. The last call wins, whenever others are done. */
  async show(which, blob, convert) {
    const turn = ++this.turns[which];
    let address = URL.createObjectURL(blob);
    if (!await canShow(address)) {
      URL.revokeObjectURL(address);
      const other = await convert(blob, SHOWN_EVERYWHERE);
      if (!other) return false;
      address = URL.createObjectURL(other);
    }
    if (turn !== this.turns[which]) {
      URL.revokeObjectURL(address);
      return true;
    }
    if (this.addresses[which]) URL.revokeObjectURL(this.addresses[which]);
    this.addresses[which] = address;
    this.element.querySelector(`.${which}`).src = address;
    return true;
  }
}
