/**
 * What names of secrets look like. Pure. `docs/privacy.md` lists the same for users. CommonJS, so that the agent can use it inside of
 * other programs.
 */

/** What stands in place of a secret. */
export const redactedText = '[redacted]';

/** A name with one of these words in it names a secret. */
const secretWords = new Set(
  `password passwd passwords pwd passphrase secret secrets token tokens apikey apikeys credential credentials
   authorization cookie cookies jwt bearer cvv cvc otp ssn iban privatekey accesskey secretkey dsn signature`.split(
    /\s+/,
  ),
);
/** A name whose last word is one of these names a secret: `DB_PASS`, `auth`; but not `passCount`, `SSH_AUTH_SOCK`. */
const secretLastWords = new Set(['pass', 'auth', 'pin', 'pw', 'cred', 'creds', 'session', 'sid']);
/** Two words in a row that name a secret only together. */
const secretPairs = new Set(
  `api key,access key,private key,secret key,signing key,encryption key,session id,session key,account key,
   shared key,storage key,refresh token,client key,service key,database url,webhook url,connection string,credit card,card number,master key,auth key,ssh key`
    .split(',')
    .map((pair) => pair.trim()),
);

/** Several words written as one, as variables of the environment and fields of forms are: `PGPASSWORD`, `clientsecret`, `password2`. */
const joinedWords = new RegExp(
  [
    '(?:password|passwd|passphrase|secret|apikey|credentials?|privatekey|secretkey|sessionid|sessid)$',
    '^(?:password|passwd|secret|token|apikey)[a-z]?\\d{0,3}$',
    '^(?:access|auth|refresh|id|jwt|session|api|bearer|csrf|xsrf|user|client|bot)tokens?$',
    '^(?:db|user|smtp|mail|ftp|pg|redis|mysql|mongo|root|admin|ldap|proxy|http|login)pass$',
    '^(?:db|user|bind|root|admin|login)pw$',
  ].join('|'),
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
  if (words.some((word) => secretWords.has(word) || joinedWords.test(word))) return true;
  if (secretLastWords.has(words.at(-1) ?? '')) return true;
  return words.some((word, index) => secretPairs.has(`${word} ${words[index + 1] ?? ''}`));
}

/** The rules in force, and who counts what they take out. */
export interface SecretJudge {
  /** True when something kept under this name is taken for a secret. */
  isSecretName(name: string): boolean;
  /** Notes one secret. @param key the name it was kept under, or what it looked like */
  add(key: string): void;
}
