/** `sleeper tasks`: what every `await` of a process is waiting for. */
import type { Command } from 'commander';
import { parseDuration, parsePid, sourceMapOption } from '../arguments.ts';
import { type ExitStatus, endWith, exitStatus } from '../exit-codes.ts';
import { writeJson, writeText } from '../output.ts';
import { describeTerminal } from '../terminal.ts';

interface TasksOptions {
  readonly json?: true;
  readonly full?: true;
  /** False with --no-stop. */
  readonly stop: boolean;
  readonly deadline: number;
  readonly sourceMapDir?: string;
}

/** Adds the command. */
export function addTasksCommand(program: Command): void {
  program
    .command('tasks')
    .description('show the suspended async functions as a tree: what every await is waiting for')
    .argument('<pid>', 'process to look at', parsePid)
    .option('--json', 'print one object: pid, capturedAt, pausedMs, tasks, missing')
    .option('--full', "show everything, Node's own async functions too")
    .option('--no-stop', 'do not stop the process for the moment in which values are copied')
    .addOption(sourceMapOption())
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
  const { captureTasks } = await import('../../capture/capture-tasks.ts');
  const { stop, deadline, sourceMapDir } = options;
  const { isComplete, cwd, ...capture } = await captureTasks({
    pid,
    stop,
    deadlineMs: deadline,
    ...(sourceMapDir !== undefined && { sourceMapDirectory: sourceMapDir }),
  });
  if (options.json === true) {
    await writeJson(capture);
  } else {
    const { renderTasks } = await import('../../view/tasks.ts');
    const { color, width } = describeTerminal(process.stdout, process.env);
    const { pausedMs, tasks, missing } = capture;
    await writeText(
      renderTasks({ tasks, missing, pausedMs, cwd }, { color, width, full: options.full === true }),
    );
  }
  return isComplete ? exitStatus.done : exitStatus.partial;
}
