/**
 * Functions without a name that are handed over in a call. V8 has none for them either, but when an object literal follows among the arguments
 * (`app.get('/x', () => {}, { timeout: 5 })`) it infers one of what stands around: `app.get.timeout`. Nobody calls it that.
 */

/** How far before a function the call may begin. */
const searchChars = 2_000;
const prefix = /(?:\/\*[^*]*\*\/|\basync|\bfunction\s*\*?)\s*$/;
const closing = ')]}';
const opening = '([{';
const quotes = '\'"`';

/** @param start of the function, as V8 has it: at its parameters, or at `function` or `async` before them */
export function isHandedOver(text: string, start: number): boolean {
  let before = text.slice(Math.max(0, start - searchChars), start).trimEnd();
  while (prefix.test(before)) before = before.replace(prefix, '').trimEnd();
  return /[(,[]$/.test(before) && isInCall(before);
}

/** True when the innermost bracket that is open at the end of the text is that of a call, or of an array among the arguments of one. */
function isInCall(before: string): boolean {
  let depth = 0;
  for (let i = before.length - 1; i >= 0; i--) {
    const char = before[i] ?? '';
    if (quotes.includes(char)) i = before.lastIndexOf(char, i - 1);
    else if (closing.includes(char)) depth++;
    else if (opening.includes(char) && depth > 0) depth--;
    else if (depth > 0) continue;
    else if (char === '(') return /[\w$)\]`.]\s*$/.test(before.slice(0, i));
    else if (char === '{' || char === ';' || isAssignment(before, i)) return false;
    if (i < 0) return false;
  }
  return false;
}

function isAssignment(text: string, at: number): boolean {
  return text[at] === '=' && !/[=!<>]/.test(`${text[at - 1] ?? ''}${text[at + 1] ?? ''}`);
}
