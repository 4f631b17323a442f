/**
 * A quick look at a text, whether it may hold a secret with a look of its own (secrets.cts) or under a name: paths of URLs, one
 * for each request, and arguments. The patterns take microseconds for each text; this reads it once. False is certain, true
 * is not.
 */

/** How words begin that may be secrets. Looks that hold one of `:`, `=`, `@`, `<`, a quote or a space need no sign. */
const signs = [
  ...['eyJ', 'AKIA', 'ASIA', 'AROA', 'ABIA', 'AC', 'SK', 'AIza', 'SG.', 'ya29.', 'GOCSPX-'],
  ...['gho_', 'ghp_', 'ghs_', 'ghu_', 'ghr_', 'github_pat_', 'npm_', 'hf_', 'xox', 'shp'],
  ...['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glsoat-', 'glcbt-', 'glft-'],
  ...['sk-', 'sk_', 'pk-', 'pk_', 'rk-', 'rk_', 'whsec-', 'dop_', 'doo_', 'dor_'],
];
/** Those whose secrets may hold slashes. */
const signsOfPaths = ['services/', 'whsec_'];
/** The shortest secrets, with their signs. */
const minSecretChars = 13;
const minPathChars = 26;
/** A line of a key. */
const keyLineChars = 64;

/** Kinds of characters, as bits. */
const word = 1;
const digit = 2;
/** May stand inside of a secret besides words. */
const inner = 4;
/** May stand in a line of a key. */
const key = 8;
/** Stands before a value, or in texts that are looked at more closely in any case. */
const always = 16;

const kinds = new Uint8Array(128);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', word | key);
mark('0123456789', word | digit | key);
mark('_', word);
mark('+', inner | key);
mark('-.', inner);
mark('/', key);
mark('=:@<\'" \t\n\v\f\r', always);

function mark(characters: string, kind: number): void {
  for (let at = 0; at < characters.length; at++) kinds[characters.charCodeAt(at)] = kind;
}

/** By their first character. */
const signsOf: (string[] | undefined)[] = new Array<undefined>(128).fill(undefined);
for (const sign of [...signs, ...signsOfPaths]) (signsOf[sign.charCodeAt(0)] ??= []).push(sign);

/** Rules of the user's own are not in it. @param end where the part that counts ends */
export function mayHoldSecret(text: string, end = text.length): boolean {
  let isInWord = false;
  let isKeyLine = end === keyLineChars;
  // Where a word with a sign begins; what may belong to it goes on since.
  let signAt = -1;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (kinds[code] ?? 0) : always;
    if ((kind & always) !== 0) return true;
    if ((kind & key) === 0) isKeyLine = false;
    const isWord = (kind & word) !== 0;
    if (isWord && !isInWord) {
      const sign = findSign(text, at, code);
      if (sign === pathSign && end - at >= minPathChars) return true;
      if (sign !== noSign && signAt < 0) signAt = at;
    }
    if ((kind & (word | inner)) === 0) signAt = -1;
    else if (signAt >= 0 && at - signAt >= minSecretChars - 1) return true;
    isInWord = isWord;
  }
  return isKeyLine || (end > 0 && text.charCodeAt(0) === minus);
}

/** Pieces of names of secrets (secret-names.cts): each such name has one of them in it, in any case. */
const namePieces =
  `pass pw secret token key cred auth cookie jwt bearer cvv cvc otp ssn iban dsn sig pin sess sid url string card`.split(
    ' ',
  );

/** The same for the arguments of a command, where an option may name what follows it: `--require ./agent.cjs` has none. */
export function mayHoldSecretArgument(argument: string): boolean {
  if (argument.charCodeAt(0) !== minus) return mayHoldSecret(argument);
  const equals = argument.indexOf('=');
  const name = (equals < 0 ? argument : argument.slice(0, equals)).toLowerCase();
  if (namePieces.some((piece) => name.includes(piece))) return true;
  // Of an option without a value its name is all there is, less the dashes.
  let start = equals + 1;
  if (equals < 0) while (argument.charCodeAt(start) === minus) start++;
  return mayHoldSecret(argument.slice(start));
}

const noSign = 0;
const wordSign = 1;
const pathSign = 2;

const minus = '-'.charCodeAt(0);
/** A card number is not part of a path or of a longer name. */
const beforeOther = new Set(['/', '-', '.', '#'].map((one) => one.charCodeAt(0)));

/** How the word at `at` begins. */
function findSign(text: string, at: number, code: number): number {
  if (((kinds[code] ?? 0) & digit) !== 0)
    return at > 0 && beforeOther.has(text.charCodeAt(at - 1)) ? noSign : wordSign;
  const sign = signsOf[code]?.find((one) => text.startsWith(one, at));
  if (sign === undefined) return noSign;
  return signsOfPaths.includes(sign) ? pathSign : wordSign;
}
