/**
 * Takes secrets out of what the program tells the agent, before it is kept anywhere. The patterns are put together when first
 * needed; nothing is loaded then, as a program that dies may have no descriptor left.
 */
import * as plain from '../report/redact-plain.cts';
import * as secrets from '../report/secrets.cts';
import * as signs from '../report/secret-signs.cts';
import type { RedactOptions } from '../report/secrets.cts';

/** The rules, with what the user adds and removes. */
export interface AgentRedaction {
  text(text: string): string;
  json(json: unknown): unknown;
  named(values: Record<string, string>): Record<string, string>;
  arguments(argv: readonly string[]): string[];
  /** For SLEEPER_REDACT of the helper; empty when nothing was added or removed. */
  readonly words: string;
}

let chosen: RedactOptions = {};
let loaded: AgentRedaction | undefined;

/** Adds to what SLEEPER_REDACT says. Called once, at arming. @throws SyntaxError for a pattern that is none */
export function chooseRedaction(options: RedactOptions | undefined): void {
  if (options === undefined && (process.env['SLEEPER_REDACT'] ?? '') === '') return;
  chosen = options ?? {};
  loaded = load();
}

/** The redaction of this process. */
export function redaction(): AgentRedaction {
  loaded ??= load();
  return loaded;
}

/**
 * False for a text, such as an argument or the path of a URL, that cannot hold a secret we know the look of: most are such, and
 * the patterns themselves take milliseconds at their first use. Rules of the user's own are not foreseen here.
 * @param end where the part that counts ends
 */
export function mayHoldSecret(text: string, end = text.length): boolean {
  return redactWords() !== '' || signs.mayHoldSecret(text, end);
}

/** The same for the arguments of a command. */
export function mayHoldSecretArgument(argument: string): boolean {
  return redactWords() !== '' || signs.mayHoldSecretArgument(argument);
}

/** Empty unless something was chosen: nothing is loaded to learn that. */
export function redactWords(): string {
  return loaded?.words ?? '';
}

function load(): AgentRedaction {
  const words = process.env['SLEEPER_REDACT'] ?? '';
  const inherited = secrets.parseRedactWords(words);
  const options = {
    add: [...(inherited.add ?? []), ...(chosen.add ?? [])],
    remove: [...(inherited.remove ?? []), ...(chosen.remove ?? [])],
  };
  const tally = new secrets.RedactionTally(options);
  return {
    text: (text) => secrets.redactText(text, tally),
    json: (json) => plain.redactJson(json, tally),
    named: (values) => plain.redactNamed(values, tally),
    arguments: (argv) => plain.redactArguments(argv, tally),
    words: secrets.formatRedactWords(options),
  };
}
