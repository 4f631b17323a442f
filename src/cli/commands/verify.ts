/** `sleeper verify`: is every report of the archive whole, and its owner's alone? */
import type { Command } from 'commander';
import { archiveOption } from '../arguments.ts';
import { endWith, exitStatus } from '../exit-codes.ts';
import { writeJson, writeText } from '../output.ts';

interface VerifyOptions {
  readonly archive?: string;
  readonly json?: true;
  readonly mend?: true;
}

/** Adds the command. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'check every report of the archive: checksums, permissions, what writers that died left',
    )
    .addOption(archiveOption())
    .option('--mend', 'narrow permissions, and make the index anew')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit status: 0 all is well, or was mended · 1 something is damaged or open to others',
    )
    .action(verify);
}

async function verify(options: VerifyOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { verifyArchive } = await import('../../archive/verify.ts');
  const path = locateArchive(options.archive);
  const result = await verifyArchive(path, options.mend === true);
  const isBad = result.findings.some(({ severity, isMended }) => severity === 'error' && !isMended);
  if (options.json === true) {
    await writeJson({ path, ...result });
  } else {
    const { sanitize } = await import('../../report/sanitize.ts');
    const { formatBytes } = await import('../../view/model/units.ts');
    const lines = result.findings.map(
      ({ fileName, problem, severity, isMended }) =>
        `${isMended ? 'mended' : severity}  ${sanitize(fileName)}: ${sanitize(problem, 500)}\n`,
    );
    const errors = result.findings.filter(({ severity }) => severity === 'error').length;
    lines.push(
      `${result.reports} reports, ${formatBytes(result.bytes)}: ${errors === 0 ? 'all whole' : `${errors} problems`}\n`,
    );
    await writeText(lines.join(''));
  }
  if (isBad) endWith(exitStatus.failed);
}
