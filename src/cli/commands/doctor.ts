/** `sleeper doctor`: can this machine and this process be captured? If not, which command mends it? */
import type { Command } from 'commander';
import { archiveOption, parsePid } from '../arguments.ts';
import { endWith, exitStatus } from '../exit-codes.ts';

/** Adds the command. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('can this machine and this process be captured? if not, what mends it')
    .argument('[pid]', 'a process that is to be captured', parsePid)
    .option('--json', 'print one JSON object')
    .addOption(archiveOption())
    .action(async (pid: number | undefined, options: { json?: true; archive?: string }) => {
      const { locateArchive } = await import('../../archive/location.ts');
      const { checkMachine } = await import('../checks/machine.ts');
      const { checkTarget } = await import('../checks/target.ts');
      const checks = await checkMachine(locateArchive(options.archive));
      if (pid !== undefined) checks.push(...(await checkTarget(pid)));
      const ok = checks.every((check) => check.ok || check.optional === true);
      if (options.json === true) process.stdout.write(`${JSON.stringify({ ok, checks })}\n`);
      else process.stdout.write(await renderChecks(checks));
      endWith(ok ? exitStatus.done : exitStatus.failed);
    });
}

async function renderChecks(
  checks: readonly import('../checks/check.ts').Check[],
): Promise<string> {
  const { sanitize } = await import('../../report/sanitize.ts');
  const lines: string[] = [];
  for (const { ok, optional, what, found, mend } of checks) {
    const mark = ok ? 'ok' : optional === true ? '--' : '!!';
    lines.push(`${mark}  ${what}: ${sanitize(found)}`);
    if (!ok && mend !== undefined) lines.push(`      mend: ${mend}`);
  }
  return `${lines.join('\n')}\n`;
}
