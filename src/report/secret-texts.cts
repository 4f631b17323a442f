/**
 * Secrets that stand behind their names in a text: `name: 'value'`, `name=value`, JSON, a line of headers, lists of pairs. A text may be
 * JSON in a string in a preview, so that its quotes are escaped, once or more; and it may be cut anywhere. Pure, and linear.
 */
import { redactedText, type SecretJudge } from './secret-names.cts';
import { type ListItem, secretsInList } from './secret-pairs.cts';
import { spokenPlaces } from './secret-places.cts';

/**
 * What joins a name to its value, and, looking back from there (texts have few of these), the name. Values are not in it: one that is
 * no secret may have names in it again.
 */
const namedPlace =
  /(=>|!?={2,3}|!=|[:=])(?<=(\\?)([\w$][\w$-]{0,100})(\\{0,16}['"]|)\s{0,3}\1)\s{0,3}/g;
/** `["Cookie", …`. */
const listStart = /\[\s{0,3}(?=\\{0,16}['"])/g;

const quoteAt = /(\\{0,16})(['"`])/y;
/** Values without quotes. What follows a name of these headers goes on to the end of its line, or of an object's property. */
const headerName = /(?:cookie2?|authorization)$/i;
const headerValue = /[^\r\n'"`\\,{}]{3,}/y;
const bareValue =
  /(?:Bearer|Basic|Digest) +[^\s'"`\\]+|(?!\/[*/])[\w.~+/%@!*$-][\w.~+/%@!*$=-]{2,}/y;
const listValue = /\[\s{0,3}\\{0,16}['"](?:\[redacted\]|[^\]])*\]?/y;

/** A word in a text that cannot be a secret value although it stands behind a secret name: `token: undefined`. */
const plainWord =
  /^(?:true|false|null|undefined|string|number|boolean|function|class|await|new|this\b.*|process\b.*|req\b.*)[\s;)]*$/;
const kindWord = /^[A-Za-z-]*$/;
/** What was taken out by its look; a line of source may be clipped behind it, so that its closing quote is another's. */
const takenOut = /^(?:[A-Za-z]+ +)?\[redacted\](?:\W*$|\n)/;

/** Where a value stands, without its quotes. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly kind: 'string' | 'bare' | 'list';
}

/** Takes out of a text what stands behind a secret name. */
export function redactNamedValues(text: string, judge: SecretJudge): string {
  const named = /[:=]/.test(text) ? redactNames(text, judge) : text;
  const paired = named.includes('[') ? redactLists(named, judge) : named;
  return spokenPlaces.reduce(
    (rest, { sign, pattern, name, ...announced }) =>
      rest.includes(sign)
        ? redactBehind(pattern, rest, judge, ({ groups }) => {
            const found = name ?? groups?.['name'] ?? '';
            return judge.isSecretName(found) ? { name: found, ...announced } : null;
          })
        : rest,
    paired,
  );
}

function redactNames(text: string, judge: SecretJudge): string {
  return redactBehind(namedPlace, text, judge, ([, joint = '', slash = '', name = '', quote]) => {
    // A function's parameter: `token => …`. A Map is shown with quotes.
    if (joint === '=>' && quote === '') return null;
    const found = secretNameOf(name, slash !== '', judge);
    if (found === null) return null;
    return {
      name: found,
      isOnlyString: joint.length > 1,
      isCompared: joint.length > 1 && joint !== '=>',
      ...(joint === ':' && headerName.test(name) && { bare: headerValue }),
    };
  });
}

/** What is behind a place. */
interface Announced {
  readonly name: string;
  readonly isOnlyString?: boolean;
  /** What it looks like without quotes. */
  readonly bare?: RegExp;
  /** With something that may be a kind: `typeof token === 'string'`, `request.credentials !== 'same-origin'`. */
  readonly isCompared?: boolean;
}

/** @param announce what a match of the pattern, which ends where a value begins, says of that; null: it is no secret */
function redactBehind(
  pattern: RegExp,
  text: string,
  judge: SecretJudge,
  announce: (match: RegExpExecArray) => Announced | null,
): string {
  let result = '';
  let from = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const announced = announce(match);
    if (announced === null) continue;
    const place = findValue(text, pattern.lastIndex, announced);
    if (place === null || !isWorthTaking(text, place)) continue;
    judge.add(announced.name);
    result += text.slice(from, place.start) + redactedText;
    from = pattern.lastIndex = place.end;
  }
  return from === 0 ? text : result + text.slice(from);
}

/** @param isEscaped its first letter may be that of an escaped line break: `\npassword: x`, but `C:\token=x` */
function secretNameOf(name: string, isEscaped: boolean, judge: SecretJudge): string | null {
  if (judge.isSecretName(name)) return name;
  const rest = isEscaped && /^[nrt]/.test(name) ? name.slice(1) : '';
  return rest !== '' && judge.isSecretName(rest) ? rest : null;
}

function isWorthTaking(text: string, { start, end, kind }: Place): boolean {
  const value = text.slice(start, end);
  if (kind === 'list') return /\w/.test(value.replaceAll(redactedText, ''));
  if (value === '' || takenOut.test(value)) return false;
  return kind === 'string' || !plainWord.test(value);
}

/** The value that begins here: a string in quotes, or what may be one without. */
function findValue(
  text: string,
  at: number,
  { bare = bareValue, isOnlyString, isCompared }: Announced,
): Place | null {
  const string = findString(text, at);
  if (string !== null && isCompared === true && kindWord.test(text.slice(string.start, string.end)))
    return null;
  if (string !== null) return { ...string, kind: 'string' };
  if (isOnlyString === true) return null;
  for (const pattern of [listValue, bare]) {
    pattern.lastIndex = at;
    const kind = pattern === listValue ? 'list' : 'bare';
    if (pattern.test(text)) return { start: at, end: pattern.lastIndex, kind };
  }
  return null;
}

const backslash = '\\'.charCodeAt(0);

/** The string that begins here, quotes escaped or not, to its end or that of the text. */
function findString(text: string, at: number): { start: number; end: number; next: number } | null {
  quoteAt.lastIndex = at;
  const [opening = '', { length: depth }, quote = ''] = quoteAt.exec(text) ?? ['', '', ''];
  if (opening === '') return null;
  const start = at + opening.length;
  const mark = quote.charCodeAt(0);
  let slashes = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) {
      slashes++;
      continue;
    }
    if (code === mark) {
      // Fewer slashes end what this stands in; of more, every other number is that of a quote inside of it.
      if (slashes < depth) return { start, end: i - slashes, next: i - slashes };
      const inner = (slashes - depth) / (depth + 1);
      if (inner % 2 !== 1) return { start, end: i - depth, next: i + 1 };
    }
    slashes = 0;
  }
  return { start, end: text.length, next: text.length };
}

function redactLists(text: string, judge: SecretJudge): string {
  let result = '';
  let from = 0;
  let pairEnd = -1;
  listStart.lastIndex = 0;
  for (let match = listStart.exec(text); match !== null; match = listStart.exec(text)) {
    const { items, places, next, isCut } = readList(text, listStart.lastIndex);
    listStart.lastIndex = next;
    // One of several lists of two is a pair.
    const isPair =
      items.length === 2 &&
      (isAfterPair(text, match.index, pairEnd) || isFirstPair(text, match.index, next));
    if (items.length === 2) pairEnd = next;
    const secrets = secretsInList(items, judge, { isCut, ...(isPair && { isPairs: true }) });
    for (const [index, name] of secrets ?? []) {
      const place = places[index];
      if (place === undefined || !isWorthTaking(text, place)) continue;
      judge.add(name);
      result += text.slice(from, place.start) + redactedText;
      from = place.end;
    }
  }
  return from === 0 ? text : result + text.slice(from);
}

/** @param pairEnd where the list of two before it ends */
function isAfterPair(text: string, start: number, pairEnd: number): boolean {
  return pairEnd >= 0 && start - pairEnd <= 8 && /^\],\s*$/.test(text.slice(pairEnd, start));
}

function isFirstPair(text: string, start: number, end: number): boolean {
  return text[start - 1] === '[' && /^\],\s{0,6}\[/.test(text.slice(end, end + 9));
}

const listItem = /[\w.+-]{1,64}|\[redacted\]/y;
const comma = /\s{0,3},\s{0,3}/y;

/** Strings and numbers between commas; ends at whatever else. */
function readList(
  text: string,
  start: number,
): { items: ListItem[]; places: Place[]; next: number; isCut: boolean } {
  const items: ListItem[] = [];
  const places: Place[] = [];
  let at = start;
  for (;;) {
    const string = findString(text, at);
    listItem.lastIndex = at;
    if (string !== null) {
      items.push(text.slice(string.start, string.end));
      places.push({ ...string, kind: 'string' });
      at = string.next;
    } else if (listItem.test(text)) {
      const { lastIndex: end } = listItem;
      items.push(text[at] === '[' ? null : text.slice(at, end));
      places.push({ start: at, end, kind: 'bare' });
      at = end;
    } else return { items, places, next: at, isCut: true };
    comma.lastIndex = at;
    if (!comma.test(text)) return { items, places, next: at, isCut: text[at] !== ']' };
    at = comma.lastIndex;
  }
}
