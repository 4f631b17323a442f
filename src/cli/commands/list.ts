/** `sleeper list`: what the archive holds. */
import type { Command } from 'commander';
import type { ArchiveEntry, SkippedFile } from '../../archive/list.ts';
import type { ListingRow } from '../../view/listing.ts';
import { archiveOption, parseCount } from '../arguments.ts';
import { writeJson, writeText } from '../output.ts';
import { describeTerminal } from '../terminal.ts';

interface ListOptions {
  readonly archive?: string;
  readonly json?: true;
  readonly last?: number;
}

/** Adds `sleeper list`. */
export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('list the reports of the archive, newest first')
    .addOption(archiveOption())
    .option('--json', 'print one JSON object a line')
    .option('--last <count>', 'only the newest ones', parseCount)
    .action(list);
}

async function list(options: ListOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { listArchive } = await import('../../archive/list.ts');
  const directory = locateArchive(options.archive);
  const listing = await listArchive(directory);
  const entries = listing.entries.slice(0, options.last);
  if (options.json === true) {
    for (const entry of entries) {
      await writeJson(toJson(entry));
    }
    return;
  }
  if (entries.length === 0) {
    await writeText(`No reports in ${JSON.stringify(directory).slice(1, -1)}.\n`);
  } else {
    const { renderListing } = await import('../../view/listing.ts');
    await writeText(
      renderListing(entries.map(toRow), describeTerminal(process.stdout, process.env)),
    );
  }
  noteSkipped(listing.skipped);
}

function toRow(entry: ArchiveEntry): ListingRow {
  const { header, problem } = entry;
  return {
    capturedAt: header?.capturedAt ?? new Date(entry.capturedAtMs).toISOString(),
    pid: entry.pid,
    trigger: entry.triggerKind,
    verdict: header?.verdict.kind ?? 'unreadable',
    summary: header?.verdict.summary ?? problem ?? '',
    shortId: entry.shortId,
  };
}

function toJson(entry: ArchiveEntry): Record<string, unknown> {
  const { header, problem } = entry;
  return {
    id: header?.id ?? null,
    shortId: entry.shortId,
    capturedAt: header?.capturedAt ?? new Date(entry.capturedAtMs).toISOString(),
    hostname: entry.hostname,
    pid: entry.pid,
    trigger: header?.trigger ?? { kind: entry.triggerKind },
    verdict: header?.verdict ?? null,
    signature: header?.signature ?? null,
    path: entry.path,
    bytes: entry.bytes,
    ...(problem === undefined ? {} : { problem }),
  };
}

function noteSkipped(skipped: readonly SkippedFile[]): void {
  if (skipped.length === 0) {
    return;
  }
  const unfinished = skipped.filter((file) => file.reason === 'unfinished').length;
  const foreign = skipped.length - unfinished;
  const parts = [
    ...(unfinished > 0 ? [`${unfinished} unfinished (pruning removes them)`] : []),
    ...(foreign > 0 ? [`${foreign} not of sleeper`] : []),
  ];
  process.stderr.write(`sleeper: skipped files: ${parts.join(', ')}\n`);
}
