/** `sleeper view`: a report in the terminal, or as JSON. */
import type { Command } from 'commander';
import { archiveOption } from '../arguments.ts';
import { writeJson, writeText } from '../output.ts';
import { describeTerminal } from '../terminal.ts';

interface ViewOptions {
  readonly archive?: string;
  readonly json?: true;
  readonly pretty?: true;
  readonly full?: true;
}

/** Adds `sleeper view <report>`. */
export function addViewCommand(program: Command): void {
  program
    .command('view')
    .description('show a report')
    .argument('<report>', '`last`, the beginning of an id, or a file')
    .addOption(archiveOption())
    .option('--json', 'print the report as JSON: one line, or indented on a terminal')
    .option('--pretty', 'with --json: indented')
    .option('--full', 'fold nothing: all frames, values, environment')
    .action(view);
}

async function view(selector: string, options: ViewOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { openArchive } = await import('../../archive/store.ts');
  const report = await openArchive(locateArchive(options.archive)).read(selector);
  const terminal = describeTerminal(process.stdout, process.env);
  if (options.json === true) {
    await writeJson(report, options.pretty ?? terminal.isTerminal);
    return;
  }
  const { renderReport } = await import('../../view/render.ts');
  await writeText(renderReport(report, { ...terminal, full: options.full ?? false }));
}
