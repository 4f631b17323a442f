/** `sleeper list`: what the archive holds. */
import { type Command, Option } from 'commander';
import type { ArchiveEntry, Selection } from '../../archive/list.ts';
import type { OtherFile } from '../../archive/names.ts';
import type { SortKey } from '../../archive/select.ts';
import type { ListingRow } from '../../view/listing.ts';
import { archiveOption, parseCount, parsePid, parseTime } from '../arguments.ts';
import { writeText } from '../output.ts';
import { describeTable } from '../terminal.ts';

interface ListOptions {
  readonly archive?: string;
  readonly json?: true;
  readonly last?: number;
  readonly all?: true;
  readonly group?: true;
  readonly since?: number;
  readonly until?: number;
  readonly kind?: string[];
  readonly signature?: string;
  readonly pid?: number;
  readonly host?: string;
  readonly search?: string;
  readonly pinned?: true;
  readonly sort: SortKey;
  readonly reverse?: true;
}

/** Rows of a table that nobody limited; more is for `--all`, filters and programs. */
const defaultRows = 100;

/** Adds `sleeper list`. */
export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('list the reports of the archive, newest first')
    .addOption(archiveOption())
    .option('--last <count>', 'only the first ones', parseCount)
    .option('--all', `all of them, where it would be ${defaultRows}`)
    .option('--group', 'one line for each signature: how often, since when, and its newest report')
    .option('--since <time>', 'captured after: 2h, 30d, 2026-11-23, 2026-11-23T00:48', parseTime)
    .option('--until <time>', 'captured before', parseTime)
    .option('--kind <kind>', 'trigger or verdict: hang, js-busy, … (again for more)', collect)
    .option('--signature <text>', 'a signature, or a part of one')
    .option('--pid <pid>', 'of this process', parsePid)
    .option('--host <name>', 'of this machine')
    .option('--search <text>', 'in summaries, reasons and functions, whatever the case')
    .option('--pinned', 'only pinned ones')
    .addOption(
      new Option('--sort <key>', 'time, size, kind; with --group also count')
        .choices(['time', 'size', 'kind', 'count'])
        .default('time'),
    )
    .option('--reverse', 'the other way round')
    .option('--json', 'print one JSON object a line')
    .action(list);
}

function collect(word: string, before: string[] | undefined): string[] {
  return [...(before ?? []), word];
}

async function list(options: ListOptions): Promise<void> {
  const { locateArchive } = await import('../../archive/location.ts');
  const { selectReports } = await import('../../archive/list.ts');
  const directory = locateArchive(options.archive);
  const isTable = options.json !== true && options.group !== true;
  const limit = options.last ?? (isTable && options.all !== true ? defaultRows : undefined);
  const selection = await selectReports(directory, {
    sort: options.sort,
    isReversed: options.reverse === true,
    ...(limit !== undefined && { limit }),
    ...(options.since !== undefined && { sinceMs: options.since }),
    ...(options.until !== undefined && { untilMs: options.until }),
    ...(options.kind !== undefined && { kinds: options.kind }),
    ...(options.signature !== undefined && { signature: options.signature }),
    ...(options.pid !== undefined && { pid: options.pid }),
    ...(options.host !== undefined && { host: options.host }),
    ...(options.search !== undefined && { search: options.search }),
    ...(options.pinned === true && { isPinned: true }),
  });
  try {
    if (options.group === true) {
      const { showGroups } = await import('../list-groups.ts');
      await showGroups(directory, selection, options);
    } else if (options.json === true) await printJson(selection);
    else await showTable(directory, selection, options);
    if (options.json !== true) {
      noteSkipped(selection.skipped);
      await noteElsewhere(directory);
    }
  } finally {
    await selection.close();
  }
}

/** Lines written at a time. */
const linesAtOnce = 200;

async function printJson(selection: Selection): Promise<void> {
  const { sanitizeJson } = await import('../../report/sanitize.ts');
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    if (lines.length > 0) await writeText(sanitizeJson(`${lines.join('\n')}\n`));
    lines = [];
  };
  for await (const entry of selection.entries()) {
    lines.push(JSON.stringify(toJson(entry)));
    if (lines.length === linesAtOnce) await flush();
  }
  await flush();
}

async function showTable(
  directory: string,
  selection: Selection,
  options: ListOptions,
): Promise<void> {
  const { renderListing } = await import('../../view/listing.ts');
  const rows: ListingRow[] = [];
  for await (const entry of selection.entries()) rows.push(toRow(entry));
  if (rows.length === 0) {
    const place = JSON.stringify(directory).slice(1, -1);
    await writeText(
      selection.total === 0 || selection.count > 0
        ? `No reports in ${place}.\n`
        : `None of the ${selection.total} reports in ${place} is like that.\n`,
    );
    return;
  }
  await writeText(renderListing(rows, describeTable(process.stdout, process.env)));
  if (rows.length < selection.count && options.last === undefined) {
    process.stderr.write(
      `sleeper: ${rows.length} of ${selection.count} reports; --all shows all, --group what they are\n`,
    );
  }
}

function toRow(entry: ArchiveEntry): ListingRow {
  const { header, problem } = entry;
  const marks = `${entry.isPinned ? '[pinned] ' : ''}${entry.hasNote ? '[note] ' : ''}`;
  return {
    capturedAt: header?.capturedAt ?? new Date(entry.capturedAtMs).toISOString(),
    pid: entry.pid,
    trigger: entry.triggerKind,
    verdict: header?.verdict.kind ?? 'unreadable',
    summary: `${marks}${header?.verdict.summary ?? problem ?? ''}`,
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
    signature: entry.signature ?? null,
    functions: entry.functions,
    path: entry.path,
    bytes: entry.bytes,
    pinned: entry.isPinned,
    noted: entry.hasNote,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The archive was full, or could not be written to: who looks here for a report finds it there. */
async function noteElsewhere(directory: string): Promise<void> {
  const { findElsewhere } = await import('../../archive/destination.ts');
  for (const { directory: place, count } of await findElsewhere(directory)) {
    const reports =
      count === 1
        ? '1 report that an archive did not take is'
        : `${count} reports that an archive did not take are`;
    process.stderr.write(`sleeper: ${reports} in ${place}: sleeper list --archive ${place}\n`);
  }
}

function noteSkipped(skipped: readonly OtherFile[]): void {
  if (skipped.length === 0) {
    return;
  }
  const unfinished = skipped.filter(
    ({ reason }) => reason === 'unfinished' || reason === 'twice',
  ).length;
  const foreign = skipped.length - unfinished;
  const parts = [
    ...(unfinished > 0 ? [`${unfinished} unfinished (pruning clears them)`] : []),
    ...(foreign > 0 ? [`${foreign} not of sleeper`] : []),
  ];
  process.stderr.write(`sleeper: skipped files: ${parts.join(', ')}\n`);
}
