/**
 * What a secret looks like: by the name it is kept under, and by the look of the value itself. Pure.
 * `docs/privacy.md` lists the same for users.
 */

/** What stands in place of a secret. */
export const redactedText = '[redacted]';

/** A name with one of these words in it names a secret. */
const secretWords = new Set(
  `password passwd passwords pwd passphrase secret secrets token tokens apikey apikeys credential credentials
   authorization cookie cookies jwt bearer cvv cvc otp ssn iban privatekey accesskey secretkey`.split(
    /\s+/,
  ),
);
/** A name whose last word is one of these names a secret: `DB_PASS`, `auth`; but not `passCount`, `SSH_AUTH_SOCK`. */
const secretLastWords = new Set(['pass', 'auth', 'pin', 'pw', 'creds', 'session', 'sid']);
/** Two words in a row that name a secret only together. */
const secretPairs = new Set(
  `api key,access key,private key,secret key,signing key,encryption key,session id,session key,account key,
   connection string,credit card,card number,master key,auth key,ssh key`
    .split(',')
    .map((pair) => pair.trim()),
);

/** What shells call the working directory: not a password. */
const workingDirectories = new Set(['PWD', 'OLDPWD']);

/** The words of a name in camelCase, snake_case, kebab-case or CONSTANT_CASE, in lower case. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '');
}

/** True when something kept under this name is taken for a secret. */
export function isSecretName(name: string): boolean {
  if (workingDirectories.has(name)) return false;
  const words = wordsOf(name);
  if (words.some((word) => secretWords.has(word))) return true;
  if (secretLastWords.has(words.at(-1) ?? '')) return true;
  return words.some((word, index) => secretPairs.has(`${word} ${words[index + 1] ?? ''}`));
}

/** One look of a secret value. */
interface SecretLook {
  /** Shown in `redactions.keys` in place of a name. */
  readonly what: string;
  readonly pattern: RegExp;
  /** Replacement; `$1` is the part of the match that may be shown. */
  readonly shown: string;
}

/** Looks, most specific first. All patterns are linear: no nested repetition. */
const secretLooks: readonly SecretLook[] = [
  {
    what: 'private key',
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    shown: redactedText,
  },
  {
    what: 'JSON Web Token',
    pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
    shown: redactedText,
  },
  { what: 'AWS access key', pattern: /\b(?:AKIA|ASIA|AROA)[A-Z\d]{16}\b/g, shown: redactedText },
  {
    what: 'GitHub token',
    pattern: /\b(?:gh[opsur]_[A-Za-z\d]{20,}|github_pat_\w{20,})/g,
    shown: redactedText,
  },
  { what: 'GitLab token', pattern: /\bglpat-[\w-]{16,}/g, shown: redactedText },
  { what: 'npm token', pattern: /\bnpm_[A-Za-z\d]{30,}/g, shown: redactedText },
  { what: 'Slack token', pattern: /\bxox[abeoprs]-[\w-]{10,}/g, shown: redactedText },
  {
    what: 'API key',
    pattern: /\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)[-_][\w-]{10,}/g,
    shown: redactedText,
  },
  { what: 'Google API key', pattern: /\bAIza[\w-]{30,}/g, shown: redactedText },
  {
    what: 'Authorization header',
    pattern: /\b(Bearer|Basic|Digest) +(?=[\w.~+/-]*[\d.+/=])[\w.~+/-]{12,}=*/gi,
    shown: `$1 ${redactedText}`,
  },
  {
    what: 'password in URL',
    pattern: /\b([a-z][a-z\d+.-]{1,30}:\/\/[^\s:/?#@'"`]{0,256}):[^\s/@'"`]{1,256}@/gi,
    shown: `$1:${redactedText}@`,
  },
];

/** `name: 'value'`, `name=value`, `"name": "value"` inside a line of text; the name decides. */
const namedValue =
  /(['"]?)([A-Za-z_$][\w$-]{0,60})\1(\s{0,3}[:=]\s{0,3})((?:Bearer|Basic|Digest) +[^\s'"`]+|'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|`[^`]*`?|[\w.~+/-]{3,})/g;

/** A word in a text that cannot be a secret value although it stands behind a secret name: `token: undefined`. */
const plainWord =
  /^(?:true|false|null|undefined|string|number|boolean|function|class|await|new|this\b.*|process\b.*|req\b.*)$/;

/** Counts what was taken out, and under which names. */
export class RedactionTally {
  #count = 0;
  readonly #keys = new Set<string>();

  /** Notes one secret. @param key the name it was kept under, or what it looked like */
  add(key: string): void {
    this.#count += 1;
    if (this.#keys.size < maxKeys) this.#keys.add(key);
  }

  /** As it stands in a report: names sorted. */
  result(): { count: number; keys: string[] } {
    return { count: this.#count, keys: [...this.#keys].sort() };
  }
}

/** Names listed in a report; the count goes on. */
const maxKeys = 100;

/** Takes out of a text everything that looks like a secret by itself. */
export function redactLooks(text: string, tally: RedactionTally): string {
  let result = text;
  for (const { what, pattern, shown } of secretLooks) {
    if (!pattern.test(result)) continue;
    pattern.lastIndex = 0;
    result = result.replace(pattern, (...match: unknown[]) => {
      tally.add(what);
      return shown.replace('$1', typeof match[1] === 'string' ? match[1] : '');
    });
  }
  return result;
}

/** Takes out of a text (a preview, a line of source) what looks like a secret, and what stands behind a secret name. */
export function redactText(text: string, tally: RedactionTally): string {
  return redactLooks(text, tally).replace(
    namedValue,
    (all: string, quote: string, name: string, between: string, value: string) => {
      if (!isSecretName(name) || plainWord.test(value) || value.length <= 2) return all;
      if (value.includes(redactedText)) return all;
      tally.add(name);
      const mark = /^['"`]/.exec(value)?.[0] ?? '';
      return `${quote}${name}${quote}${between}${mark}${redactedText}${mark}`;
    },
  );
}
