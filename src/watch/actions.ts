/** What a rule has done when a report is sealed, one after the other. None can stop the others, and each has its time. */
import type { Captured, ProcessEvent } from './events.ts';
import type { Action, Rule } from './settings.ts';
import type { WatchedProcess } from './watched-process.ts';
import { runHook } from './actions/hook.ts';
import { sendSignal } from './actions/send-signal.ts';
import { postSummary } from './actions/webhook.ts';

/** Words for what was done. @throws Error with words for what went wrong */
export type Act = (process: WatchedProcess, rule: Rule, captured: Captured) => Promise<string>;

/**
 * Runs the actions of a rule. Never throws.
 * @param captured null: the capture failed. Then only signals are sent: a supervisor that waits for the end of a sick process
 *                 must not wait for ever because the archive is full
 */
export async function runActions(
  rule: Rule,
  process: WatchedProcess,
  captured: Captured | null,
  tell: (event: ProcessEvent) => void,
): Promise<void> {
  for (const action of rule.then) {
    if (action.kind === 'log') continue; // every event is logged
    if (captured === null && action.kind !== 'signal') continue;
    const told = { rule: rule.name, action: action.kind };
    try {
      const detail = await run(action, process, rule, captured);
      tell({ kind: 'action-done', ...told, detail });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      tell({ kind: 'action-failed', ...told, detail });
    }
  }
}

function run(
  action: Exclude<Action, { kind: 'log' }>,
  process: WatchedProcess,
  rule: Rule,
  captured: Captured | null,
): Promise<string> {
  if (action.kind === 'signal') return sendSignal(action, process);
  if (captured === null) throw new Error('there is no report');
  const happened = { pid: process.pid, argv: process.subject.argv, rule: rule.name, captured };
  return action.kind === 'exec' ? runHook(action, happened) : postSummary(action, happened);
}
