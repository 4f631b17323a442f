/**
 * Where statements end in a block that is not parsed: what is between two ends can be parsed by itself. Told from the text alone, so that of
 * some it is not known (ASI); whatever is between two that are known is whole statements.
 */
import { skipBlank } from './closing-brace.ts';

/** Offsets in UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Words that cannot go on with what a `}` ended, an expression or a statement. */
const beginning = /(?:async|class|const|for|function|if|let|return|switch|throw|try|var)\b/y;
/** `if (a) b(); else c()`, `do a(); while (b)` */
const goingOn = /(?:else|while)\b/y;
const useStrict = /'use strict'|"use strict"/y;

/**
 * The statements of a block that a range in it is part of; all of them when none is known to end before or behind it.
 * @param mayEnd where in the block that may be, from its beginning (findClosingBrace)
 */
export function statementsAround(
  { start, end }: Range,
  text: string,
  block: Range,
  mayEnd: readonly number[],
): Range {
  const at = (index: number): number => block.start + (mayEnd[index] ?? 0);
  const found = mayEnd.findIndex((offset) => block.start + offset > start);
  const behind = found < 0 ? mayEnd.length : found;
  let before = behind - 1;
  while (before >= 0 && !isEnd(text, at(before))) before--;
  let last = behind;
  while (last < mayEnd.length && (at(last) < end || !isEnd(text, at(last)))) last++;
  return {
    start: before < 0 ? block.start + 1 : at(before),
    end: last < mayEnd.length ? at(last) : block.end - 1,
  };
}

function isEnd(text: string, at: number): boolean {
  const isBrace = text[at - 1] === '}';
  return standsAt(isBrace ? beginning : goingOn, text, at) === isBrace;
}

/** Whether a block begins with `'use strict'`. */
export function beginsStrict(text: string, block: Range): boolean {
  return standsAt(useStrict, text, block.start + 1);
}

/** @param what a sticky expression; space and comments may stand before it */
function standsAt(what: RegExp, text: string, at: number): boolean {
  what.lastIndex = skipBlank(text, at);
  return what.test(text);
}
