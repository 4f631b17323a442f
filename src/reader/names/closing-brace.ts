/**
 * Finds the end of a block without parsing it: strings, templates, comments and regular expressions are stepped over. After a value
 * a slash divides, after anything else it begins a regular expression. After `)` and `}` the text alone does not tell: there it divides,
 * unless it stands behind a `}` that ends a line. Whoever uses the result checks it.
 */

const newline = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const dollar = 36;
const apostrophe = 39;
const openParenthesis = 40;
const closeParenthesis = 41;
const star = 42;
const plus = 43;
const minus = 45;
const dot = 46;
const slash = 47;
const semicolon = 59;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const underscore = 95;
const backtick = 96;
const openBrace = 123;
const closeBrace = 125;

/** After these words a value begins. */
const beforeValues = new Set(
  'return typeof case in of do else void delete instanceof new throw yield await default extends'.split(
    ' ',
  ),
);
/** No longer word is one of them. */
const longestWord = 10;

/**
 * @param open offset of a `{`
 * @param ends takes where in the block a statement may end: behind each `;` and `}` that stands directly in it, from its beginning
 * @returns the offset behind its `}`; -1 when there is none
 */
export function findClosingBrace(text: string, open: number, ends: number[] | null = null): number {
  /** What the braces that are open belong to; true: to a template, which goes on behind it. */
  const braces: boolean[] = [];
  /** Parentheses and brackets that are open directly in the block. */
  let brackets = 0;
  let at = open;
  /** The last character that was not space and not in a comment. */
  let last = open;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    switch (code) {
      case openBrace:
        braces.push(false);
        break;
      case closeBrace:
        if (braces.pop() === true) {
          at = endOfTemplatePart(text, at + 1, braces);
          last = at - 1;
          continue;
        }
        if (braces.length === 0) return at + 1;
        if (braces.length === 1 && brackets === 0) ends?.push(at + 1 - open);
        break;
      case semicolon:
        if (braces.length === 1 && brackets === 0) ends?.push(at + 1 - open);
        break;
      case openParenthesis:
      case openBracket:
        if (braces.length === 1) brackets++;
        break;
      case closeParenthesis:
      case closeBracket:
        if (braces.length === 1) brackets--;
        break;
      case quote:
      case apostrophe:
        at = endOfString(text, at);
        break;
      case backtick:
        at = endOfTemplatePart(text, at + 1, braces);
        last = at - 1;
        continue;
      case slash: {
        const end = endOfSlash(text, at, last);
        // A comment leaves what was before it.
        if (end < 0) {
          at = -end;
          continue;
        }
        at = end;
        break;
      }
      default:
    }
    if (code > space) last = at;
    at++;
  }
  return -1;
}

/** @returns the offset behind space and comments */
export function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    const next = text.charCodeAt(at + 1);
    const isComment = text.charCodeAt(at) === slash && (next === slash || next === star);
    if (isComment) at = endOfComment(text, at);
    else if (text.charCodeAt(at) <= space) at++;
    else return at;
  }
}

/** @returns the offset behind it, before the end of its line */
function endOfComment(text: string, at: number): number {
  if (text.charCodeAt(at + 1) === slash) return endOfLine(text, at);
  const end = text.indexOf('*/', at + 2);
  return end < 0 ? text.length : end + 2;
}

/** @returns the offset of the last character of a division or regular expression; behind a comment, as a negative number */
function endOfSlash(text: string, at: number, last: number): number {
  const next = text.charCodeAt(at + 1);
  if (next === slash || next === star) return -endOfComment(text, at);
  return divides(text, at, last) ? at : endOfRegExp(text, at);
}

function divides(text: string, at: number, last: number): boolean {
  const code = text.charCodeAt(last);
  if (code === closeParenthesis || code === closeBracket || code === backtick) return true;
  if (code === quote || code === apostrophe) return true;
  if (code === closeBrace) return text.slice(last + 1, at).indexOf('\n') < 0;
  // `i++ / 2`
  if ((code === plus || code === minus) && text.charCodeAt(last - 1) === code) return true;
  if (!isWordCharacter(code)) return false;
  let start = last;
  while (start > 0 && last - start < longestWord && isWordCharacter(text.charCodeAt(start - 1)))
    start--;
  const isMember = text.charCodeAt(start - 1) === dot;
  return isMember || !beforeValues.has(text.slice(start, last + 1));
}

function isWordCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === dollar ||
    code === underscore ||
    code > 0x7f
  );
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** @returns the offset of its closing quote */
function endOfString(text: string, at: number): number {
  const mark = text.charCodeAt(at);
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === mark) return i;
    if (code === backslash) i++;
  }
  return text.length;
}

/** @returns the offset of its last slash, or its own when it is none: a regular expression ends on its line */
function endOfRegExp(text: string, at: number): number {
  let isInClass = false;
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === newline || code === carriageReturn) break;
    if (code === backslash) i++;
    else if (code === openBracket) isInClass = true;
    else if (code === closeBracket) isInClass = false;
    else if (code === slash && !isInClass) return i;
  }
  return at;
}

/** From within a template to behind its end, or behind the `${` of the next value. */
function endOfTemplatePart(text: string, from: number, braces: boolean[]): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i++;
    else if (code === backtick) return i + 1;
    else if (code === dollar && text.charCodeAt(i + 1) === openBrace) {
      braces.push(true);
      return i + 2;
    }
  }
  return text.length;
}
