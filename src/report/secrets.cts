/**
 * What a secret looks like by itself, the rules that a user adds, and the count of what was taken out. Names are judged in
 * secret-names.cts, what stands behind them in a text is found in secret-texts.cts. Pure. `docs/privacy.md` lists the same for users. CommonJS, so that the agent can use it inside of other programs.
 */

import { isSecretName, redactedText, type SecretJudge, wordsOf } from './secret-names.cts';
import { redactNamedValues } from './secret-texts.cts';

/** One look of a secret value. */
interface SecretLook {
  /** Shown in `redactions.keys` in place of a name, and the word by which it can be allowed. */
  readonly what: string;
  readonly pattern: RegExp;
  /** Replacement; `$1` is the part of the match that may be shown. */
  readonly shown: string;
  /** A second opinion on a match. */
  readonly isSecret?: (match: string) => boolean;
}

const look = (what: string, pattern: RegExp, shown: string = redactedText): SecretLook => ({
  what,
  pattern,
  shown,
});

/**
 * Looks, most specific first; secret-signs.cts knows how each begins. All patterns are linear: no nested repetition. A text may
 * have been cut anywhere, so none needs its end.
 */
const secretLooks: readonly SecretLook[] = [
  look(
    'private key',
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  ),
  // A line of a key whose first line is not in the text.
  {
    ...look('private key', /^[ \t]*[A-Za-z\d+/]{64}[ \t]*$/gm),
    isSecret: (line) => /[a-z]/.test(line) && /[A-Z]/.test(line) && /[\d+/]/.test(line),
  },
  look('JSON Web Token', /\beyJ[\w-]{10,}(?:\.[\w-]*){0,4}/g),
  look('AWS access key', /\b(?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z\d]{16}\b/g),
  look('GitHub token', /\b(?:gh[opsur]_[A-Za-z\d]{20,}|github_pat_\w{20,})/g),
  look('GitLab token', /\bgl(?:pat|dt|rt|ptt|soat|cbt|ft)-[\w-]{16,}/g),
  look('npm token', /\bnpm_[A-Za-z\d]{30,}/g),
  look('Slack token', /\bxox[abeoprs]-[\w-]{10,}/g),
  look('Slack webhook', /\b(hooks\.slack\.com\/services\/)[\w/]{20,}/g, `$1${redactedText}`),
  look('API key', /\b(?:sk|pk|rk|whsec)[-_](?:live|test|proj|ant|or|svcacct)[-_][\w-]{10,}/g),
  look(
    'API key',
    /\b(?:sk-[A-Za-z\d]{32,}|whsec_[\w+/]{20,}|hf_[A-Za-z\d]{30,}|shp(?:at|ca|pa|ss)_[a-f\d]{32})/g,
  ),
  look('SendGrid key', /\bSG\.[\w-]{16,}\.[\w-]{16,}/g),
  look('Google API key', /\bAIza[\w-]{30,}/g),
  look('Google token', /\b(?:ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})/g),
  look(
    'Azure key',
    /\b((?:AccountKey|SharedAccessKey|sig)=)[\w+/%-]{20,}={0,2}/g,
    `$1${redactedText}`,
  ),
  look('DigitalOcean token', /\bdo[opr]_v1_[a-f\d]{32,}/g),
  look('Twilio key', /\b(?:SK|AC)[a-f\d]{32}\b/g),
  look('Telegram token', /\b\d{8,10}:AA[\w-]{33}\b/g),
  look(
    'Authorization header',
    /\b(Bearer|Basic|Digest) +(?=[\w.~+/-]*[\d.+/=])[\w.~+/-]{12,}=*/gi,
    `$1 ${redactedText}`,
  ),
  look(
    'password in URL',
    /\b([a-z][a-z\d+.-]{1,30}:\/\/[^\s:/?#@'"`]{0,256}):[^\s/@'"`]{1,256}@/gi,
    `$1:${redactedText}@`,
  ),
  // What a sign-in hands back, and what signs a link; `code` elsewhere is that of an error.
  look(
    'parameter of URL',
    /([?&](?:code|sig)=)(?!\d{1,5}(?:[\s&#'"\\]|$))[^\s&#'"`<>\\[\]]{4,}/gi,
    `$1${redactedText}`,
  ),
  // A token in place of user and password.
  {
    ...look('user in URL', /\b(https?:\/\/)[^\s:/?#@'"`[\]]{12,256}@/gi, `$1${redactedText}@`),
  },
  {
    // By the issuers' number ranges (ISO/IEC 7812), whole or in groups, not part of a longer number or word.
    ...look(
      'card number',
      /(?<![\w.#/-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|3[068]\d{2}|35[2-8]\d|6011|65\d{2}|64[4-9]\d|62\d{2})(?:[ -]?\d{2,6}){2,4}(?![\w/-]|\.\d)/g,
    ),
    isSecret: isCardNumber,
  },
];

/** 13 to 19 digits with a right check digit (Luhn). One random number in ten has one: the ranges above keep most ids out. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

/** What a user adds to the rules and takes away from them. */
export interface RedactOptions {
  /** Names that keep secrets, in any case and spelling; or patterns of values. */
  readonly add?: readonly (string | RegExp)[];
  /** Names, and looks by their words such as `card number`, that are no secrets here. */
  readonly remove?: readonly string[];
}

/**
 * `--redact` and SLEEPER_REDACT: words between commas. `tenantCode` is a name to add, `-session` one to leave alone,
 * `/ACME-\\d+/` a pattern (no comma in it).
 * @throws SyntaxError for a pattern that is none
 */
export function parseRedactWords(text: string): RedactOptions {
  const add: (string | RegExp)[] = [];
  const remove: string[] = [];
  for (const word of text.split(',').map((part) => part.trim())) {
    const pattern = /^\/(.+)\/(i?)$/.exec(word);
    if (pattern?.[1] !== undefined) add.push(new RegExp(pattern[1], `g${pattern[2] ?? ''}`));
    else if (word.startsWith('-')) remove.push(word.slice(1));
    else if (word !== '') add.push(word);
  }
  return { add, remove };
}

/** The options as parseRedactWords() reads them: what the agent tells its helper. */
export function formatRedactWords({ add = [], remove = [] }: RedactOptions): string {
  const added = add.map((one) =>
    typeof one === 'string' ? one : `/${one.source}/${one.flags.includes('i') ? 'i' : ''}`,
  );
  return [...added, ...remove.map((name) => `-${name}`)].join(',');
}

function sameName(name: string): string {
  return wordsOf(name).join(' ');
}

/** The rules in force, and the count of what they took out, under which names. */
export class RedactionTally implements SecretJudge {
  #count = 0;
  readonly #keys = new Set<string>();
  readonly #added: ReadonlySet<string>;
  readonly #removed: ReadonlySet<string>;
  readonly #looks: readonly SecretLook[];
  readonly #options: RedactOptions;
  /** Long reports repeat the same texts: file names, source lines, names. What is known of those that are harmless. */
  readonly #plainLooks = new Set<string>();
  readonly #plainTexts = new Set<string>();
  readonly #names = new Map<string, boolean>();

  constructor(options: RedactOptions = {}) {
    const { add = [], remove = [] } = options;
    this.#options = options;
    this.#added = new Set(add.filter((one) => typeof one === 'string').map(sameName));
    this.#removed = new Set(remove.map(sameName));
    const patterns = add.filter((one) => one instanceof RegExp);
    this.#looks = [
      ...patterns.map((one) =>
        look('redact option', new RegExp(one.source, one.flags.includes('i') ? 'gi' : 'g')),
      ),
      ...(this.#removed.size === 0
        ? secretLooks
        : secretLooks.filter(({ what }) => !this.#removed.has(sameName(what)))),
    ];
  }

  /** True when something kept under this name is taken for a secret. */
  isSecretName(name: string): boolean {
    let isSecret = this.#names.get(name);
    if (isSecret === undefined) {
      isSecret = this.#decideName(name);
      if (this.#names.size < maxKnown) this.#names.set(name, isSecret);
    }
    return isSecret;
  }

  #decideName(name: string): boolean {
    if (this.#added.size === 0 && this.#removed.size === 0) return isSecretName(name);
    const same = sameName(name);
    return this.#added.has(same) || (isSecretName(name) && !this.#removed.has(same));
  }

  /** True when the user says that this name keeps no secret. */
  isAllowed(name: string): boolean {
    return this.#removed.has(sameName(name));
  }

  /** Notes one secret. @param key the name it was kept under, or what it looked like */
  add(key: string): void {
    this.#count += 1;
    if (this.#keys.size < maxKeys) this.#keys.add(key);
  }

  /** Takes out of a text everything that looks like a secret by itself. */
  redactLooks(text: string): string {
    if (text.length < minLookChars || this.#plainLooks.has(text)) return text;
    let result = text;
    for (const { what, pattern, shown, isSecret } of this.#looks) {
      pattern.lastIndex = 0;
      if (!pattern.test(result)) continue;
      pattern.lastIndex = 0;
      result = result.replace(pattern, (...match: unknown[]) => {
        const [whole] = match;
        if (typeof whole !== 'string' || isSecret?.(whole) === false) return String(whole);
        this.add(what);
        return shown.replace('$1', () => (typeof match[1] === 'string' ? match[1] : ''));
      });
    }
    if (result === text && this.#plainLooks.size < maxKnown) this.#plainLooks.add(text);
    return result;
  }

  /** The same, and what stands behind a secret name. */
  redactText(text: string): string {
    if (this.#plainTexts.has(text)) return text;
    const result = redactNamedValues(this.redactLooks(text), this);
    if (result === text && this.#plainTexts.size < maxKnown) this.#plainTexts.add(text);
    return result;
  }

  /** One with the same rules, to look at a text once more without counting. */
  twin(): RedactionTally {
    return new RedactionTally(this.#options);
  }

  /** How many were taken out so far. */
  get count(): number {
    return this.#count;
  }

  /** As it stands in a report: names sorted. */
  result(): { count: number; keys: string[] } {
    return { count: this.#count, keys: [...this.#keys].sort() };
  }
}

/** Names listed in a report; the count goes on. */
const maxKeys = 100;
/** Texts remembered as harmless. */
const maxKnown = 20_000;
/** The shortest secret with a look of its own: a card number. A user's pattern may be shorter. */
const minLookChars = 4;

/** Takes out of a text (a preview, a line of source) what looks like a secret, and what stands behind a secret name. */
export function redactText(text: string, tally: RedactionTally): string {
  return tally.redactText(text);
}
