/**
 * Secrets in lists that hold names and values in turn: `req.rawHeaders`, the list in a URLSearchParams, entries of Headers, an argv.
 * Pure.
 *
 * An item at an even place that names a secret (`Cookie`) has its value behind it when the list is one of pairs:
 *
 * - it is known to be: by its own name (`rawHeaders`), or as one of several lists of two;
 * - or it looks it: as many items as make pairs, a name at every even place, and at an odd one something that is no name
 *   (`text/html`, `127.0.0.1:80`, `hunter2`, a number). So the list of a parser's token types, `['token', 'identifier']`, and that of the
 *   fields of a form, `['password', 'email']`, stay; so does, in a list of unknown use, a password that is a plain word between
 *   plain words: `['user', 'bob', 'password', 'swordfish']`.
 *
 * An option that names a secret (`--password`) has its value behind it anywhere.
 */
import { type SecretJudge, wordsOf } from './secret-names.cts';

/** What an item of a list is: its text (of a number, too), or null for what is neither. */
export type ListItem = string | null;

/** What is known of a list besides its items. */
export interface ListFacts {
  /** Names and values in turn, certainly. */
  readonly isPairs?: boolean;
  /** Its parameters are those of a URL, where `code` and `sig` are secrets. */
  readonly isQuery?: boolean;
  /** More items follow. */
  readonly isCut?: boolean;
}

const maxNameChars = 64;
/** Names of headers, fields and parameters: `:authority`, `user[password]`. */
const fieldName = /^[:A-Za-z_$#][\w$.:[\]-]*$/;
/** What has a digit in it is rather a value. */
const plainName = /^[:A-Za-z_$#-][A-Za-z_$.:[\]-]*$/;
const option = /^--?[A-Za-z][\w-]*$/;

const knownPairs = new Set(['raw headers', 'raw trailers', 'headers list', 'search params']);
const queryNames = new Set(['code', 'sig']);

/** What the name of a list says of it. */
export function factsByName(name: string): ListFacts {
  if (!/(?:headers|trailers|list|params)$/i.test(name)) return {};
  const known = wordsOf(name).slice(-2).join(' ');
  return knownPairs.has(known) ? { isPairs: true, isQuery: known === 'search params' } : {};
}

/** Places of values that are secrets, with the names before them; null: none. */
export function secretsInList(
  items: readonly ListItem[],
  judge: Pick<SecretJudge, 'isSecretName'>,
  facts: ListFacts = {},
): Map<number, string> | null {
  let found: Map<number, string> | null = null;
  let isPairs = facts.isPairs;
  for (let at = 0; at + 1 < items.length; at++) {
    const name = items[at];
    if (typeof name !== 'string' || name.length > maxNameChars) continue;
    const isOption = name.startsWith('-') && option.test(name);
    if (!isOption && (at % 2 !== 0 || !fieldName.test(name))) continue;
    const isSecret =
      judge.isSecretName(name) || (facts.isQuery === true && queryNames.has(name.toLowerCase()));
    if (!isSecret) continue;
    if (
      isOption
        ? items[at + 1]?.startsWith('-') === true
        : !(isPairs ??= lookLikePairs(items, facts))
    )
      continue;
    (found ??= new Map()).set(at + 1, name);
  }
  return found;
}

function lookLikePairs(items: readonly ListItem[], { isCut = false }: ListFacts): boolean {
  if (items.length % 2 !== 0 && !isCut) return false;
  let hasValue = false;
  for (let at = 0; at < items.length; at++) {
    const item = items[at] ?? null;
    if (at % 2 === 1) {
      hasValue ||= item !== null && item !== '' && !isPlainName(item);
    } else if (item === null || item.length > maxNameChars || !fieldName.test(item)) return false;
  }
  return hasValue;
}

function isPlainName(item: string): boolean {
  return item.length <= maxNameChars && plainName.test(item);
}

/** Names of properties that hold the name of what another holds: `{name: 'password', value: '…'}`. */
const namesOfNames = new Set(['name', 'key', 'header', 'field', 'param']);
const namesOfValues = new Set(['value', 'values', 'val']);

export function holdsName(property: string): boolean {
  return namesOfNames.has(property);
}

export function holdsValue(property: string): boolean {
  return namesOfValues.has(property);
}
