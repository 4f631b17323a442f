/**
 * Takes secrets out of plain things: environment, command line, JSON. CommonJS, so that the agent can use it before
 * anything leaves the process. Pure: makes copies.
 */
import { redactedText } from './secret-names.cts';
import {
  factsByName,
  holdsName,
  holdsValue,
  type ListFacts,
  secretsInList,
} from './secret-pairs.cts';
import { type RedactionTally, redactText } from './secrets.cts';

/** Nesting of JSON that is looked into; what lies deeper is taken out whole. */
const maxDepth = 16;

/** Variables whose values say how a program runs and are no secrets; the rest of an environment is not shown. */
const plainVariable = new RegExp(
  `^(${[
    'PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\\w+|TZ|TERM|COLORTERM|PWD|OLDPWD|SHLVL|EDITOR|PAGER|DISPLAY|_',
    'HOST|HOSTNAME|PORT|\\w+_PORT|\\w*_?LOG_LEVEL|DEBUG|CI|NO_COLOR|FORCE_COLOR|MODE|ENV|ENVIRONMENT|STAGE|REGION',
    'NODE_(ENV|PATH|OPTIONS|VERSION|DEBUG|EXTRA_CA_CERTS|NO_WARNINGS|PENDING_DEPRECATION|UNIQUE_ID|CHANNEL_FD)',
    'UV_\\w+|MALLOC_\\w+|LD_(PRELOAD|LIBRARY_PATH)|XDG_\\w+|SLEEPER_\\w+|npm_(lifecycle_event|package_(name|version))',
    'KUBERNETES_SERVICE_HOST|POD_\\w+|CONTAINER\\w*|AWS_(DEFAULT_)?REGION|GOMAXPROCS|INVOCATION_ID|JOURNAL_STREAM',
    'OTEL_SERVICE_NAME|SERVICE(_NAME|_VERSION)?|APP(_NAME|_VERSION)?|VERSION|BUILD(_ID)?|GIT_(COMMIT|BRANCH|SHA)|COMMIT(_SHA)?|TMPDIR',
  ].join('|')})$`,
);
/** Values that tell nothing but a switch or a small number. */
const plainSetting = /^(|true|false|yes|no|on|off|null|\d{1,5}|\d{1,4}(ms|s|m|h|mb|gb))$/i;

/**
 * Environment: values of variables that are not known as harmless are replaced whole, as are those of secret names; of others
 * only the parts that look secret. Names stay.
 */
export function redactEnvironment(
  env: Readonly<Record<string, string>>,
  tally: RedactionTally,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const isPlain = plainVariable.test(name) || plainSetting.test(value) || tally.isAllowed(name);
    const isSecret = value !== '' && tally.isSecretName(name);
    if (!isSecret && !isPlain) tally.add('environment');
    if (isSecret) tally.add(name);
    result[name] = isSecret || !isPlain ? redactedText : redactText(value, tally);
  }
  return result;
}

/** Annotations, headers: values of secret names are replaced whole, of others only the parts that look secret. */
export function redactNamed(
  values: Readonly<Record<string, string>>,
  tally: RedactionTally,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const isSecret = value !== '' && tally.isSecretName(name);
    if (isSecret) tally.add(name);
    // A name can be a secret's own place, too: a map from tokens to users.
    result[redactText(name, tally)] = isSecret ? redactedText : redactText(value, tally);
  }
  return result;
}

/** Command line: `--password=x`, `--password x`, `-H "Authorization: Bearer x"`, URLs with passwords. */
export function redactArguments(argv: readonly string[], tally: RedactionTally): string[] {
  let secretOption: string | null = null;
  return argv.map((argument) => {
    const before = secretOption;
    secretOption = null;
    if (before !== null && !argument.startsWith('-')) {
      tally.add(before);
      return redactedText;
    }
    const option = /^(--?[\w-]+)(=?)/.exec(argument);
    const name = option?.[1];
    if (name === undefined || !tally.isSecretName(name)) return redactText(argument, tally);
    if (option?.[2] !== '=') {
      secretOption = name;
      return argument;
    }
    tally.add(name);
    return `${name}=${redactedText}`;
  });
}

/** Plain JSON, such as breadcrumbs. */
export function redactJson(
  json: unknown,
  tally: RedactionTally,
  depth = 0,
  facts?: ListFacts,
): unknown {
  if (typeof json === 'string') return redactText(json, tally);
  if (typeof json === 'number') {
    const text = String(json);
    const shown = redactText(text, tally);
    return shown === text ? json : shown;
  }
  if (typeof json !== 'object' || json === null) return json;
  if (depth >= maxDepth) return redactedText;
  if (Array.isArray(json)) return redactJsonList(json, tally, depth, facts);
  const entries: [string, unknown][] = Object.entries(json);
  // A pair as lists of headers and of properties have it.
  const named = entries.find(([name, value]) => holdsName(name) && typeof value === 'string')?.[1];
  const besideName = typeof named === 'string' && tally.isSecretName(named) ? named : null;
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const shownName = redactText(name, tally);
      const secretName = tally.isSecretName(name) ? name : holdsValue(name) ? besideName : null;
      if (secretName === null || !tellsAnything(value))
        return [shownName, redactJson(value, tally, depth + 1, factsByName(name))];
      tally.add(secretName);
      return [shownName, redactedText];
    }),
  );
}

function redactJsonList(
  list: readonly unknown[],
  tally: RedactionTally,
  depth: number,
  facts?: ListFacts,
): unknown[] {
  const items = list.map((item) =>
    typeof item === 'string' || typeof item === 'number' ? String(item) : null,
  );
  const secrets = secretsInList(items, tally, facts);
  const isOfPairs =
    list.length > 1 && list.every((item) => Array.isArray(item) && item.length === 2);
  return list.map((item, index) => {
    const secretName = secrets?.get(index);
    if (secretName === undefined || !tellsAnything(item))
      return redactJson(item, tally, depth + 1, isOfPairs ? { isPairs: true } : undefined);
    tally.add(secretName);
    return redactedText;
  });
}

function tellsAnything(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean';
}
