/** What is wrong with a configuration. */
import { SleeperError } from '../errors.ts';

/** Collects what is wrong, with its place, and goes on. */
export class Problems {
  readonly list: string[] = [];

  /** @returns what `read` gives; undefined when it throws, which is noted */
  at<T>(place: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.list.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}

/** An error about a configuration, problem by problem. */
export function wrong(name: string, problems: readonly string[]): SleeperError {
  const list = problems.length === 1 ? problems[0] : problems.join('; ');
  return new SleeperError(
    'ERR_SLEEPER_CONFIG',
    `The configuration ${name} cannot be used: ${String(list)}`,
    {
      file: name,
      problems,
    },
  );
}
