/** Names, properties and keys in brackets, with what only TypeScript has: `pools[id]!.acquire`. */
const callee = /^[\w$]+(?:[?!]*\.[\w$#]+|!?\[[^\][()]{0,60}\])*/;
const maxCallChars = 80;

/**
 * The call at a place of an original line, without what is in brackets: a minifier may have called `pool.acquire` `e.acquire`.
 * @param column from 1
 * @param compiled what it is in the compiled file; names of methods stay
 * @returns null when another call is there
 */
export function callAt(line: string, column: number, compiled: string): string | null {
  const text = line.slice(column - 1, column - 1 + maxCallChars);
  const [name] = callee.exec(text) ?? [];
  const written = name?.replace(/\[[^\]]*\]/g, '[]').replace(/[?!]/g, '');
  return written !== undefined && methodOf(written) === methodOf(compiled) ? written : null;
}

const methodOf = (call: string): string => call.slice(call.search(/[^.\]]*$/));
