/** `sleeper diff`: what moved between two reports, and what stayed. */
import type { Command } from 'commander';
import type { Report } from '../../report/schema.ts';
import { archiveOption, sourceMapOption } from '../arguments.ts';
import { writeJson, writeOwnFile, writeText } from '../output.ts';
import { pageText } from '../pager.ts';
import { describeTerminal } from '../terminal.ts';

interface DiffOptions {
  readonly archive?: string;
  readonly sourceMapDir?: string;
  readonly json?: true;
  readonly html?: string;
  readonly pager: boolean;
}

/** Adds `sleeper diff <before> <after>`. */
export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .description('what moved between two reports, and what stayed')
    .argument('<before>', '`last`, the beginning of an id, or a file')
    .argument('<after>')
    .addOption(archiveOption())
    .addOption(sourceMapOption())
    .option('--json', 'print the differences as JSON')
    .option('--html <file>', 'write one page with both side by side; `-` is standard output')
    .option('--no-pager', 'never through $PAGER, though it be longer than the screen')
    .action(diff);
}

async function diff(first: string, second: string, options: DiffOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { openArchive } = await import('../../archive/store.ts');
  const archive = openArchive(locateArchive(options.archive));
  const { withOriginals } = await import('../original-places.ts');
  const read = async (selector: string): Promise<Report> =>
    withOriginals(await archive.read(selector), options.sourceMapDir);
  const before = await read(first);
  const after = await read(second);
  if (options.json === true) {
    const { diffReports } = await import('../../view/model/diff.ts');
    await writeJson(diffReports(before, after));
    return;
  }
  if (options.html !== undefined) {
    const { renderPage } = await import('../../view/page.ts');
    const page = renderPage({ kind: 'compare', before, after });
    if (options.html === '-') await writeText(page);
    else await writeOwnFile(options.html, page);
    return;
  }
  const { renderDiff } = await import('../../view/diff.ts');
  const { color, width, isTerminal } = describeTerminal(process.stdout, process.env);
  await pageText(renderDiff(before, after, { color, width }), {
    isTerminal,
    pager: options.pager,
  });
}
