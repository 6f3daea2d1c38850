// The element that the waterfall's lines are scrolled in, and where its window stands in them.
import { AT_TOP, HEIGHT_MAX, movedTo, scrollTopOf, type Stand } from "./scroll";

export class Scrolled {
  readonly #view: HTMLElement;
  #stand = AT_TOP;
  #whole = 0;
  #room = 0;

  constructor(view: HTMLElement) {
    this.#view = view;
  }

  /** Where the window stands now that it is so tall and all lines are, whose height the element has already. */
  follow(whole: number, room: number): Stand {
    const isOther = this.#whole !== whole && Math.max(this.#whole, whole) > HEIGHT_MAX;
    [this.#whole, this.#room] = [whole, room];
    // Lines that came or went below leave those in sight where they are, though their share of the way is another one.
    if (isOther) this.moveTo(Math.max(Math.min(this.#stand.offset, whole - room), 0));
    else this.#stand = movedTo(this.#view.scrollTop, this.#stand, whole, room);
    return this.#stand;
  }

  /** Stand there; answers whether the scroll position is another one now. */
  moveTo(offset: number): boolean {
    const before = this.#view.scrollTop;
    const wanted = scrollTopOf(offset, this.#whole, this.#room);
    if (Math.abs(before - wanted) >= 1) this.#view.scrollTop = wanted;
    this.#stand = { scrollTop: this.#view.scrollTop, offset };
    return this.#stand.scrollTop !== before;
  }

  /** The scroll bar comes after what was scrolled step by step; answers whether it had to. */
  rest(): boolean {
    return this.moveTo(movedTo(this.#view.scrollTop, this.#stand, this.#whole, this.#room).offset);
  }
}
