/** Puts the values of sections in their places. Pieces may be missing anywhere, and places may be named that are not there. */
import type { SectionHead, SectionPath } from './sections.ts';

type Fields = Record<string, unknown>;

/** Pieces of one list by position; made a list when all are there. */
interface ListPieces {
  readonly path: SectionPath;
  readonly elements: Map<number, unknown>;
}

/** A report under construction. */
export class Assembly {
  readonly fields: Fields = {};
  /** Values that had no place to go. */
  orphans = 0;
  readonly #lists = new Map<string, ListPieces>();

  /** Adds the value of one section. */
  add({ into = [], from = 0 }: SectionHead, value: unknown): void {
    if (Array.isArray(value)) {
      const key = JSON.stringify(into);
      const pieces = this.#lists.get(key) ?? { path: into, elements: new Map() };
      this.#lists.set(key, pieces);
      for (let index = 0; index < value.length; index++) {
        pieces.elements.set(from + index, value[index]);
      }
      return;
    }
    const target = into.length === 0 ? this.fields : this.#find(into);
    if (isFields(value) && isFields(target)) Object.assign(target, value);
    else this.orphans += 1;
  }

  /** Makes the lists; outer ones first, because inner ones stand in their elements. */
  finish(): Fields {
    const lists = [...this.#lists.values()].sort((a, b) => a.path.length - b.path.length);
    for (const { path, elements } of lists) {
      const parent = path.length === 1 ? this.fields : this.#find(path.slice(0, -1));
      const name = path.at(-1);
      if (!isFields(parent) || typeof name !== 'string') {
        this.orphans += elements.size;
        continue;
      }
      const positions = [...elements.keys()].sort((a, b) => a - b);
      const before = parent[name];
      const list = positions.map((position) => elements.get(position));
      parent[name] = Array.isArray(before) ? [...(before as unknown[]), ...list] : list;
    }
    return this.fields;
  }

  /** What stands at a path, in the fields and in the pieces of lists. */
  #find(path: SectionPath): unknown {
    let found: unknown = this.fields;
    for (const [depth, key] of path.entries()) {
      const pieces =
        typeof key === 'number' ? this.#lists.get(JSON.stringify(path.slice(0, depth))) : undefined;
      if (pieces !== undefined) found = pieces.elements.get(Number(key));
      else if (typeof key === 'string' && isFields(found) && Object.hasOwn(found, key)) {
        found = found[key];
      } else if (typeof key === 'string') found = undefined;
    }
    return found;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
