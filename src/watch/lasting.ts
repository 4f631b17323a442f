/** What has lasted for long in a process: requests by their age, async functions by what was seen of them before. Pure but for its memory. */
import { lineWords } from '../report/excerpt.ts';
import type { Report } from '../report/schema.ts';

type Task = Report['tasks'][number];

/** Processes remembered, the latest ones. */
const maxProcesses = 100;

/** Requests to the server that have been open for this long. @returns a sentence; null when there are none */
export function findOldRequest(report: Report, forMs: number): string | null {
  const old = (report.httpRequests ?? []).filter(
    ({ kind, ageMs }) => kind === 'server' && ageMs >= forMs,
  );
  const [oldest] = old.sort((one, other) => other.ageMs - one.ageMs);
  if (oldest === undefined) return null;
  const path = oldest.url.split('?')[0] ?? '';
  const where = oldest.workerId === undefined ? '' : ` in worker ${oldest.workerId}`;
  const more = old.length > 1 ? `, and ${old.length - 1} more` : '';
  return `${oldest.method} ${path}${where} has been open for ${(oldest.ageMs / 1000).toFixed(1)} s${more}`;
}

/**
 * Async functions that were seen at the same place with the same values in every look for so long. Those without any value
 * cannot be told from others of their kind, and are left out.
 */
export class WaitingTasks {
  readonly #sinceMs = new Map<string, Map<string, number>>();

  /** @param process names the process for good @returns a sentence; null when there are none */
  find(process: string, report: Report, forMs: number, nowMs: number): string | null {
    const before = this.#sinceMs.get(process);
    const seen = new Map<string, number>();
    let longest: { readonly task: Task; readonly sinceMs: number } | null = null;
    for (const task of report.tasks) {
      const key = keyOf(task);
      if (key === null) continue;
      const sinceMs = before?.get(key) ?? nowMs;
      seen.set(key, sinceMs);
      if (longest === null || sinceMs < longest.sinceMs) longest = { task, sinceMs };
    }
    this.#sinceMs.delete(process);
    this.#sinceMs.set(process, seen);
    const [eldest] = this.#sinceMs.keys();
    if (this.#sinceMs.size > maxProcesses && eldest !== undefined) this.#sinceMs.delete(eldest);
    if (longest === null || nowMs - longest.sinceMs < forMs) return null;
    const { task } = longest;
    const place = task.file === undefined ? '' : ` at ${task.file}${lineWords(task)}`;
    return `${task.function}${place} has waited at the same place, with the same values, for at least ${((nowMs - longest.sinceMs) / 1000).toFixed(1)} s`;
  }
}

function keyOf(task: Task): string | null {
  const variables = [...task.arguments, ...task.locals];
  if (variables.length === 0) return null;
  const values = variables.map(({ name, value }) => `${name}=${value.preview}`);
  return [task.tid, task.function, task.file, task.line, task.column, ...values].join('\n');
}
