/** Long text goes through the reader's pager, as git's does: only on a terminal, only when it does not fit. */
import { writeText } from './output.ts';

/** Lines of the screen that are not ours: the shell's next prompt. */
const promptLines = 1;

/**
 * Writes text for people, by `$SLEEPER_PAGER`, `$PAGER` or `less -R` when it is longer than the screen. A pager that cannot be
 * started is as if there were none.
 * @param options.pager false for `--no-pager`
 */
export async function pageText(
  text: string,
  options: { readonly isTerminal: boolean; readonly pager: boolean },
): Promise<void> {
  const rows = process.stdout.rows;
  const isLong = text.split('\n').length - 1 > rows - promptLines;
  const command = pagerCommand(process.env);
  if (!options.isTerminal || !options.pager || !isLong || command === null) {
    await writeText(text);
    return;
  }
  if (!(await runPager(command, text))) await writeText(text);
}

/** Null when the reader wants none: `PAGER=` or `PAGER=cat`. */
function pagerCommand(env: NodeJS.ProcessEnv): string | null {
  const command = (env['SLEEPER_PAGER'] ?? env['PAGER'] ?? 'less -R').trim();
  return command === '' || command === 'cat' ? null : command;
}

/** @returns false when there is no such program (sh says 127) */
async function runPager(command: string, text: string): Promise<boolean> {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      // As git has it: colours pass, a short text stays on the screen, the screen is not cleared.
      env: { LESS: 'FRX', LV: '-c', ...process.env },
    });
    // Ctrl-C belongs to the pager: less takes it as "stop searching".
    const ignore = (): void => {
      // The pager answers it.
    };
    process.on('SIGINT', ignore);
    const end = (shown: boolean): void => {
      process.off('SIGINT', ignore);
      resolve(shown);
    };
    child.on('error', () => {
      end(false);
    });
    child.on('close', (status) => {
      end(status !== 127);
    });
    child.stdin.on('error', () => {
      // The reader has left before the end.
    });
    child.stdin.end(text);
  });
}
