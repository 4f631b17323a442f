/** `sleeper tasks`: what every `await` of a process is waiting for. */
import type { Command } from 'commander';
import { parseDuration, parsePid } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';
import { writeJson, writeText } from '../output.ts';
import { describeTerminal } from '../terminal.ts';

interface TasksOptions {
  readonly json?: true;
  readonly full?: true;
  readonly deadline: number;
}

/** Adds the command. */
export function addTasksCommand(program: Command): void {
  program
    .command('tasks')
    .description('show the suspended async functions as a tree: what every await is waiting for')
    .argument('<pid>', 'process to look at', parsePid)
    .option('--json', 'print one object: pid, capturedAt, pausedMs, tasks, missing')
    .option('--full', "show everything, Node's own async functions too")
    .option('--deadline <time>', 'longest time it may take', parseDuration, 10_000)
    .addHelpText(
      'after',
      `
Below each task stand those it waits for. Nothing is written; \`sleeper dump\` keeps a report, tasks included.

Exit status: 0 done · 3 the process could be seen, but its memory not be read`,
    )
    .action(async (pid: number, options: TasksOptions) => {
      endWith(await showTasks(pid, options));
    });
}

async function showTasks(pid: number, options: TasksOptions): Promise<ExitStatus> {
  const { randomUUID } = await import('node:crypto');
  const { captureReport, isPartial } = await import('../capture-to-archive.ts');
  const report = await captureReport({
    pid,
    id: randomUUID(),
    trigger: { kind: 'request', reason: 'sleeper tasks' },
    deadlineMs: options.deadline,
  });
  if (options.json === true) {
    const { capturedAt, pausedMs, tasks, missing } = report;
    await writeJson({ pid, capturedAt, pausedMs, tasks, missing });
  } else {
    const { renderTasks } = await import('../../view/tasks.ts');
    const { color, width } = describeTerminal(process.stdout, process.env);
    await writeText(renderTasks(report, { color, width, full: options.full === true }));
  }
  return isPartial(report) ? exitStatus.partial : exitStatus.done;
}
