/** Names as they were written, of what compilers and minifiers have called otherwise. */

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

/**
 * The name of a function; undefined: it is the same.
 * @param own   the function's own name, null: unchanged or not told
 * @param owner the same of its class; undefined: it has none
 */
export function functionName(
  compiled: string,
  own: string | null,
  owner: string | null | undefined,
): string | undefined {
  const isNew = compiled.startsWith('new ');
  if (owner === undefined) return own === null ? undefined : `${isNew ? 'new ' : ''}${own}`;
  if (isNew) return owner === null ? undefined : `new ${owner}`;
  // `Order.total`, `Order[Symbol.iterator]`.
  const end = compiled.search(/[.[]/);
  if (end < 0) return own ?? undefined;
  const member = compiled[end] === '.' && own !== null ? `.${own}` : compiled.slice(end);
  const name = `${owner ?? compiled.slice(0, end)}${member}`;
  return name === compiled ? undefined : name;
}
