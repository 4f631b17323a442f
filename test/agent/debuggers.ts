/** Drives gdb and lldb. Each run has a deadline, and ending the debugger detaches it: the target is never left stopped. */
import { spawn, spawnSync } from 'node:child_process';
import { waitFor, defaultDeadlineMs } from '../harness/wait.ts';
import type { Owner } from '../harness/spawn-target.ts';

/** Runs gdb's commands on a process and detaches. @returns all it printed */
export function runGdb(pid: number, commands: readonly string[]): string {
  const args = [
    '-nx',
    '-batch',
    '-p',
    `${pid}`,
    ...commands.flatMap((command) => ['-ex', command]),
  ];
  const run = spawnSync('gdb', args, { encoding: 'utf8', timeout: defaultDeadlineMs });
  if (run.error !== undefined) {
    throw new Error(`gdb could not be run: \`apt-get install gdb\`, please (${run.error.message})`);
  }
  return run.stdout + run.stderr;
}

/** A conversation with lldb, attached to a process. */
export interface Lldb {
  /** Sends a command and waits until its output matches. */
  command(text: string, expected: RegExp): Promise<RegExpExecArray>;
  /** Evaluates a C expression that gives a string. */
  string(expression: string): Promise<string>;
  detach(): Promise<void>;
}

/** Attaches lldb. Detaches at the end of the test, come what may. */
export async function attachLldb(owner: Owner, pid: number): Promise<Lldb> {
  const child = spawn('lldb', ['--no-lldbinit', '-p', `${pid}`], { stdio: 'pipe' });
  let output = '';
  let failure: Error | undefined;
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.stdin.on('error', () => undefined);
  child.once('error', (cause) => {
    failure = new Error('lldb could not be run: `apt-get install lldb`, please', { cause });
  });
  const exited = new Promise<void>((resolve) => child.once('close', resolve));
  const command = async (text: string, expected: RegExp) => {
    output = '';
    child.stdin.write(`${text}\n`);
    return waitFor(
      `lldb answers ${text} with ${String(expected)}`,
      () => {
        if (failure !== undefined) throw failure;
        return expected.exec(output);
      },
      2 * defaultDeadlineMs,
    ).catch((cause: unknown) => {
      throw new Error(`lldb said:\n${output}`, { cause });
    });
  };
  const detach = async () => {
    child.stdin.end('detach\nquit\n');
    await exited;
    // A call of more than 0.25 s is halted by lldb once, with SIGSTOPs of which lldb 14 sometimes leaves one behind; then the
    // whole process is stopped after the detach, whatever was called.
    process.kill(pid, 'SIGCONT');
  };
  owner.after(async () => {
    if (child.exitCode === null && child.pid !== undefined) await detach();
  });
  await command(
    'settings set target.process.thread.step-in-avoid-nodebug false',
    /Architecture set to/,
  );
  return {
    command,
    detach,
    string: async (expression) => {
      const [, text] = await command(
        `expression -l c++ -- (const char*)${expression}`,
        /\(const char \*\) \$\d+ = 0x[0-9a-f]+ "((?:[^"\\]|\\.)*)"/,
      );
      return JSON.parse(`"${text ?? ''}"`) as string;
    },
  };
}
