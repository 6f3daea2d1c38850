// The rows that the waterfall has in the DOM: as many as are in sight, used again and again while one scrolls. Plain DOM.
import { formatCount, t } from "../../i18n";
import { hueColour } from "../../model/colours";
import { isFolded, isMissingFolded } from "../../model/fold";
import { levelOf, missingAt, missingFacts, missingParentOf } from "../../model/missing";
import { groupFacts } from "../../model/similar";
import { countWithin, Flag, nameOf, segmentsOf, serviceOf, type Trace } from "../../model/trace";
import { formatDuration } from "../../time/format";
import { barOf, placeOf, type Extra, type Sight } from "./rows";
import type { Store } from "./store";

/** What was last written is kept here, because asking the document for it costs more than writing. */
interface Slot {
  readonly element: HTMLElement;
  readonly nameCell: HTMLElement;
  readonly fold: HTMLButtonElement;
  readonly foldSign: Words;
  readonly sign: HTMLElement;
  readonly manyCell: HTMLElement;
  readonly many: Words;
  readonly service: Words;
  readonly operation: Words;
  readonly notes: Words;
  readonly bar: HTMLElement;
  readonly critical: HTMLElement;
  readonly lengthCell: HTMLElement;
  readonly length: Words;
  line: number;
  index: number;
  version: number;
  place: number;
  hue: number;
  indent: number;
  path: string;
  left: string;
  width: string;
  label: string;
  labelAt: string;
  hasParts: boolean;
}

interface Words {
  readonly node: Text;
  text: string;
}

/** Lines beyond this many from the anchor move it: the layer's place stays a number that has pixels. */
const ANCHOR_REACH = 20_000;
const INDENT_LEVELS = 20;
/** A longer name of a service must not push the operation's out. */
const LETTERS_SHORT = 24;

export class RowPool {
  readonly #layer: HTMLElement;
  readonly #store: Store;
  readonly #errorsWithin: Uint32Array;
  readonly #slots: Slot[] = [];
  #anchor = 0;
  #top = NaN;

  constructor(layer: HTMLElement, store: Store) {
    this.#layer = layer;
    this.#store = store;
    const { flags, ends, count, errorCount } = store.trace;
    this.#errorsWithin = errorCount ? countWithin(Uint8Array.from(flags, (flag) => flag & Flag.error), ends) : new Uint32Array(count);
  }

  /** Bring the rows into agreement with what is in sight; rows painted in this version stay as they are. Answers the id of the chosen row. */
  draw(sight: Sight, extra: Extra | undefined, version: number, timePx: number): string | null {
    let active: string | null = null;
    const { lines, chosen } = this.#store;
    if (Math.abs(sight.from - this.#anchor) > ANCHOR_REACH) this.#anchor = sight.from;
    const base = placeOf(this.#anchor);
    if (this.#top !== base + sight.shift) this.#layer.style.transform = `translateY(${(this.#top = base + sight.shift)}px)`;
    while (this.#slots.length < sight.to - sight.from) this.#slots.push(this.#added());
    const size = this.#slots.length;
    for (let at = 0; at < size; at++) {
      const index = sight.from + ((((at - sight.from) % size) + size) % size);
      const slot = this.#slots[at]!;
      const isUsed = index < sight.to;
      hide(slot.element, !isUsed);
      if (!isUsed) continue;
      const line = lines.value[index]!;
      if (slot.line !== line || slot.version !== version || slot.index !== index) this.#paint(slot, line, index, timePx);
      slot.version = version;
      const place = placeOf(index, extra) - base;
      // Not a transform: each is a node of its own to the browser's painter.
      if (slot.place !== place) slot.element.style.top = `${(slot.place = place)}px`;
      const isChosen = String(line === chosen.value);
      if (slot.element.ariaSelected !== isChosen) slot.element.ariaSelected = isChosen;
      if (line === chosen.value) active = slot.element.id;
    }
    return active;
  }

  /** Where the row below line `index` begins, in the layer. */
  below(index: number): number {
    return placeOf(index + 1) - placeOf(this.#anchor);
  }

  /** Say in full what a row has no room for, when the pointer comes to it. */
  explain(target: EventTarget | null): void {
    const cell = (target as Element | null)?.closest?.<HTMLElement>(".row .name-column");
    const slot = cell && this.#slots.find(({ nameCell }) => nameCell === cell);
    if (slot) slot.fold.title = this.#foldHint(slot);
    if (cell) cell.title = [".service-name", ".operation"].map((part) => cell.querySelector(part)?.textContent ?? "").join(" · ");
  }

  /** The line at an element of a row, or null. */
  lineAt(target: EventTarget | null): number | null {
    const element = (target as Element | null)?.closest?.(".row");
    return this.#slots.find((slot) => slot.element === element)?.line ?? null;
  }

  #added(): Slot {
    const element = make("div", "row", this.#layer);
    element.role = "row";
    element.id = `trace-row-${this.#slots.length}`;
    const nameCell = make("span", "name-column", element);
    nameCell.role = "gridcell";
    const fold = make("button", "plain fold", nameCell) as HTMLButtonElement;
    fold.tabIndex = -1;
    const sign = make("b", "failed", nameCell);
    sign.textContent = "!";
    const manyCell = make("b", "many", nameCell);
    const service = words(make("b", "service-name", nameCell));
    const operation = words(make("span", "operation", nameCell));
    const notes = words(make("span", "notes", nameCell));
    const time = make("span", "time-column", element);
    time.role = "gridcell";
    const bar = make("span", "bar", time);
    const critical = make("span", "critical", time);
    const lengthCell = make("span", "length", time);
    const texts = { foldSign: words(fold), many: words(manyCell), service, operation, notes, length: words(lengthCell) };
    const written = { line: NaN, index: -1, version: -1, place: NaN, hue: -1, indent: -1, path: "", left: "", width: "", label: "", labelAt: "", hasParts: false };
    return { element, nameCell, fold, sign, manyCell, bar, critical, lengthCell, ...texts, ...written };
  }

  #paint(slot: Slot, line: number, index: number, timePx: number): void {
    slot.line = line;
    slot.index = index;
    slot.element.ariaRowIndex = String(index + 1);
    const missing = missingAt(line);
    slot.element.toggleAttribute("data-missing", missing >= 0);
    if (missing >= 0) this.#paintMissing(slot, missing);
    else this.#paintSpans(slot, line, timePx);
    const hasParts = !slot.sign.hidden || !slot.manyCell.hidden || slot.notes.text !== "" || slot.service.text.length > LETTERS_SHORT;
    if (slot.hasParts !== hasParts) slot.nameCell.toggleAttribute("data-parts", (slot.hasParts = hasParts));
  }

  /** A row, or a group of rows. */
  #paintSpans(slot: Slot, line: number, timePx: number): void {
    const { trace, groups, state, matches, hues } = this.#store;
    const group = line < 0 ? groups.value : null;
    const row = group ? group.members[group.from[~line]!]! : line;
    const depth = levelOf(trace, row);
    const { element } = slot;
    const hue = hues.get(serviceOf(trace, row)) ?? 0;
    // Of the bar alone: what the row has, all its elements would inherit anew.
    if (slot.hue !== hue) slot.bar.style.setProperty("--colour", hueColour((slot.hue = hue)));
    paintDepth(slot, depth);
    write(slot.service, serviceOf(trace, row));
    write(slot.operation, nameOf(trace, row));
    const matched = matches.value;
    element.toggleAttribute("data-matched", matched !== null && !group && matched[row] === 1);
    element.toggleAttribute("data-dim", matched !== null && !(group ? anyOf(matched, group.members.subarray(group.from[~line]!, group.from[~line + 1]!)) : matched[row]));
    element.toggleAttribute("data-group", group !== null);
    if (group) this.#paintGroup(slot, line);
    else this.#paintRow(slot, row, isFolded(trace, state.value.folding, row), timePx);
  }

  #paintRow(slot: Slot, row: number, isClosed: boolean, timePx: number): void {
    const { trace, zoom } = this.#store;
    const below = trace.ends[row]! - row - 1;
    this.#paintFold(slot, below > 0 ? !isClosed : null);
    hide(slot.manyCell, true);
    const ownError = (trace.flags[row]! & Flag.error) !== 0;
    this.#paintSign(slot, ownError, !ownError && isClosed && this.#errorsWithin[row]! > 0);
    write(slot.notes, notesOf(trace, row, isClosed ? below : 0));
    slot.element.toggleAttribute("data-orphan", (trace.flags[row]! & Flag.orphan) !== 0);
    const duration = trace.durations[row]!;
    this.#paintBar(slot, trace.starts[row]!, duration, formatDuration(duration / 1000));
    slot.element.toggleAttribute("data-adjusted", (trace.flags[row]! & Flag.adjusted) !== 0);
    paintCritical(slot, trace.flags[row]! & Flag.critical ? criticalPaint(trace, row, zoom.value, timePx) : "");
  }

  #paintGroup(slot: Slot, line: number): void {
    const { trace, groups, state } = this.#store;
    const facts = groupFacts(trace, groups.value!, ~line);
    this.#paintFold(slot, state.value.folding.toggled.has(line));
    hide(slot.manyCell, false);
    write(slot.many, `${formatCount(facts.count)}×`);
    this.#paintSign(slot, facts.errors > 0, false);
    write(slot.notes, "");
    slot.element.removeAttribute("data-adjusted");
    slot.element.removeAttribute("data-orphan");
    const [least, median, most, total] = [facts.least, facts.median, facts.most, facts.total].map((nano) => formatDuration(nano / 1000));
    this.#paintBar(slot, facts.start, facts.end - facts.start, `Σ ${total} · ${least} / ${median} / ${most}`);
    slot.lengthCell.title = t("trace.groupHint");
    paintCritical(slot, "");
  }

  /** What is known of a span that never came: who names it, and when they ran. */
  #paintMissing(slot: Slot, missing: number): void {
    const { trace, state, matches } = this.#store;
    const { spanId, count, start, end } = missingFacts(trace, missing);
    paintDepth(slot, 0);
    write(slot.service, "");
    write(slot.operation, t(count === 1 ? "trace.missingOne" : "trace.missing", { n: formatCount(count), id: spanId }));
    slot.element.toggleAttribute("data-dim", matches.value !== null);
    for (const name of ["data-matched", "data-group", "data-adjusted", "data-orphan"]) slot.element.removeAttribute(name);
    this.#paintFold(slot, !isMissingFolded(state.value.folding, missing));
    hide(slot.manyCell, true);
    this.#paintSign(slot, false, false);
    write(slot.notes, "");
    this.#paintBar(slot, start, end - start, "");
    paintCritical(slot, "");
  }

  #paintFold({ element, fold, foldSign }: Slot, isOpen: boolean | null): void {
    const expanded = isOpen === null ? null : String(isOpen);
    if (element.ariaExpanded !== expanded) element.ariaExpanded = expanded;
    fold.toggleAttribute("data-leaf", isOpen === null);
    if (isOpen === null) return;
    write(foldSign, isOpen ? "▾" : "▸");
    const label = t(isOpen ? "trace.collapse" : "trace.expand");
    if (fold.ariaLabel !== label) fold.ariaLabel = label;
  }

  #foldHint({ line, fold }: Slot): string {
    const { trace, groups } = this.#store;
    const missing = missingAt(line);
    if (fold.ariaLabel !== t("trace.expand")) return t("trace.collapse");
    if (missing >= 0) return t("trace.hidden", { n: formatCount(trace.missingParents[missing]!.rows.reduce((sum, row) => sum + trace.ends[row]! - row, 0)) });
    const below = line < 0 ? groupFacts(trace, groups.value!, ~line).spans : trace.ends[line]! - line - 1;
    return t("trace.hidden", { n: formatCount(below) });
  }

  #paintSign({ sign }: Slot, own: boolean, within: boolean): void {
    hide(sign, !own && !within);
    if (sign.hidden) return;
    sign.toggleAttribute("data-within", within);
    const title = t(within ? "trace.errorWithin" : "span.error");
    if (sign.title !== title) sign.title = title;
  }

  #paintBar(slot: Slot, start: number, duration: number, text: string): void {
    const [from, to] = this.#store.zoom.value;
    const place = barOf(start, duration, [from, to]);
    const { bar, lengthCell } = slot;
    const [left, width] = [percent(place.left), percent(place.width)];
    if (slot.left !== left) bar.style.left = slot.left = left;
    if (slot.width !== width) bar.style.width = slot.width = width;
    hide(bar, start > to || start + Math.max(duration, 0) < from);
    write(slot.length, text);
    if (lengthCell.title) lengthCell.title = "";
    if (slot.label !== place.label) {
      lengthCell.className = `length ${(slot.label = place.label)}`;
      lengthCell.style.left = lengthCell.style.right = slot.labelAt = "";
    }
    const at = place.label === "before" ? percent(100 - place.left) : percent(place.label === "after" ? place.left + place.width : place.left);
    if (slot.labelAt !== at) lengthCell.style[place.label === "before" ? "right" : "left"] = slot.labelAt = at;
  }
}

/** Change a text where it differs; nodes stay. */
function write(place: Words, text: string): void {
  if (place.text !== text) place.node.data = place.text = text;
}

function words(element: HTMLElement): Words {
  return { node: element.appendChild(document.createTextNode("")), text: "" };
}

/** Hide or show where it differs: an attribute that is set anew makes the browser find the element's style anew. */
function hide(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** To a hundredth of a pixel on a wide screen: what is nearly the same is not written again. */
function percent(part: number): string {
  return `${part.toFixed(3)}%`;
}

function paintDepth(slot: Slot, depth: number): void {
  const level = String(depth + 1);
  if (slot.element.ariaLevel !== level) slot.element.ariaLevel = level;
  const indent = 8 + indentOf(depth);
  if (slot.indent !== indent) slot.nameCell.style.paddingInlineStart = `${(slot.indent = indent)}px`;
}

function paintCritical(slot: Slot, path: string): void {
  if (slot.path !== path) slot.critical.style.background = slot.path = path;
}

function make(tag: string, className: string, parent: HTMLElement): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return parent.appendChild(element);
}

function indentOf(depth: number): number {
  return Math.min(depth, INDENT_LEVELS) * 12 + Math.min(Math.max(depth - INDENT_LEVELS, 0), 100) * 0.5;
}

function notesOf(trace: Trace, row: number, hidden: number): string {
  const flags = trace.flags[row]!;
  const notes: string[] = [];
  if (hidden > 0) notes.push(`+${formatCount(hidden)}`);
  if (flags & Flag.orphan && missingParentOf(trace, row) < 0) notes.push(t("trace.unknownParent")); // Else the line above says whose child it is.
  if (flags & Flag.cut) notes.push(t("trace.cutCircle"));
  if (flags & Flag.events) notes.push("◆");
  if (flags & Flag.links) notes.push("↗");
  return notes.join(" ");
}

function anyOf(set: Uint8Array, rows: Uint32Array): boolean {
  return rows.some((row) => set[row] === 1);
}

/** The critical stretches of a row as backgrounds, those within one pixel joined. */
function criticalPaint(trace: Trace, row: number, [from, to]: readonly [number, number], timePx: number): string {
  const scale = timePx / Math.max(to - from, 1);
  const { starts, ends } = trace.criticalPath;
  const range = segmentsOf(trace, row);
  const paints: string[] = [];
  let [left, right] = [-1, -1];
  const add = () => {
    if (right > left) paints.push(`linear-gradient(var(--critical), var(--critical)) ${left}px 0 / ${Math.max(right - left, 1)}px 100% no-repeat`);
  };
  for (let at = range.from; at < range.to && paints.length < 40; at++) {
    const begin = Math.max((starts[at]! - from) * scale, 0);
    const end = Math.min((ends[at]! - from) * scale, timePx);
    if (end < 0 || begin > timePx) continue;
    if (begin > right + 1) {
      add();
      left = Math.round(begin);
    }
    right = Math.max(Math.round(end), left + 1);
  }
  add();
  return paints.join(", ");
}
