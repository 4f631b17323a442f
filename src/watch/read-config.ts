/** Text of a configuration file → the configuration, or every problem with its place. */
import * as v from 'valibot';
import { YAMLParseError, parseDocument } from 'yaml';
import { WatchConfig } from './config.ts';
import { wrong } from './problems.ts';

/** A configuration is some kilobytes; aliases could make gigabytes of it. */
const maxConfigBytes = 1 << 20;
const maxAliases = 100;

/**
 * Parses a file's text: YAML 1.2, of which JSON is a part.
 * @param name what messages call the file
 * @throws SleeperError ERR_SLEEPER_CONFIG
 */
export function parseConfig(text: string, name: string): WatchConfig {
  if (text.length > maxConfigBytes)
    throw wrong(name, [`it is longer than ${maxConfigBytes} characters`]);
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw wrong(name, document.errors.map(describeYamlError));
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    throw wrong(name, [error instanceof Error ? error.message : String(error)]);
  }
  const parsed = v.safeParse(WatchConfig, value ?? {});
  if (parsed.success) return parsed.output;
  throw wrong(
    name,
    parsed.issues.flatMap((issue) => describeIssue(issue)),
  );
}

function describeYamlError(error: YAMLParseError): string {
  return error.message.split('\n')[0] ?? error.code;
}

/** Such as `rules[0].when.stalled: expected a string (5s), got 5`. */
function describeIssue(issue: v.BaseIssue<unknown>): string[] {
  const place = placeOf(issue);
  // A union says only that nothing matched: its branches know why, and the one that got furthest is meant.
  const inner = (issue.issues ?? []).filter(({ path }) => path !== undefined);
  if (inner.length > 0) {
    return inner
      .slice(0, 1)
      .map((one) => `${[place, placeOf(one)].filter(Boolean).join('.')}: ${saying(one)}`);
  }
  return [`${place === '' ? 'the whole' : place}: ${saying(issue)}`];
}

function placeOf(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) =>
    typeof key === 'number' ? `[${key}]` : `.${String(key)}`,
  );
  return keys.join('').replace(/^\./, '');
}

function saying(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'there is no such setting';
  const expected = issue.expected === null ? issue.message : `expected ${issue.expected}`;
  return `${expected}, got ${issue.received}`;
}
