/** What was found about a promise that no other promise settles. */

import type { RequestWords } from './requests.ts';

/** The most telling first. */
export type Settler =
  | { readonly kind: 'timer'; readonly delayMs: number | null }
  | ({ readonly kind: 'request' } & RequestWords)
  /** Functions that captured the resolve or reject function: all those that were made in the same scope. */
  | {
      readonly kind: 'function';
      readonly names: readonly string[];
      readonly file: string;
      /** Where the first of them begins. */
      readonly line: number | null;
      /** What they are about, such as `the event "data" of Socket {fd 21}`; empty when it cannot be told. */
      readonly about: string;
    }
  /** The resolve function is kept somewhere. */
  | {
      readonly kind: 'kept';
      readonly where: string;
      readonly about: string;
      /** It is the reject function: the resolve function was not found. */
      readonly isReject: boolean;
      /** Whose that is, such as `Pool.waiting`. */
      readonly owner?: string;
    }
  | { readonly kind: 'module' }
  /** A function of Node's own settles it; `words` tell for what. */
  | { readonly kind: 'node'; readonly words: string }
  /** The next part of a web stream; `of` may be empty. */
  | { readonly kind: 'stream'; readonly of: string }
  /** V8 or an addon has it. */
  | { readonly kind: 'native' }
  /** Only the promise itself is. */
  | { readonly kind: 'held'; readonly where: string; readonly isVariable: boolean };

const maxNames = 4;

/** Lower is more telling. */
function rank(settler: Settler): number {
  switch (settler.kind) {
    case 'timer':
      return 0;
    case 'request':
      return 1;
    case 'node':
      return 2;
    case 'module':
    case 'stream':
    case 'function':
      return 3;
    case 'kept':
      if (settler.isReject) return 5;
      return isEvent(settler.about) ? 2 : 4;
    case 'native':
      return 6;
    case 'held':
      return 7;
  }
}

export function isEvent(about: string): boolean {
  return about.startsWith('the event');
}

/** Events by which something ends early, or at last: who listens to one of these waits for another one, if there is another. */
export function isLastEvent(about: string): boolean {
  return /^the event "?(?:error|close|abort|timeout)\b/.test(about);
}

/** Of two findings about one promise the one to tell. */
export function better(known: Settler, other: Settler): Settler {
  if (known.kind === 'function' && other.kind === 'function' && known.file === other.file) {
    const names = [...new Set([...known.names, ...other.names])].slice(0, maxNames);
    return { ...known, names, about: known.about === '' ? other.about : known.about };
  }
  if (known.kind === 'held' && other.kind === 'held') return other.isVariable ? other : known;
  return rank(other) < rank(known) ? other : known;
}
