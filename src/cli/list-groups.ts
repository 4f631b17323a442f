/** `sleeper list --group`: one line for each trouble. */
import { join } from 'node:path';
import { parseReportName } from '../archive/file-name.ts';
import type { ArchiveEntry, Selection, SignedReport } from '../archive/list.ts';
import type { SortKey } from '../archive/select.ts';
import { sanitizeJson } from '../report/sanitize.ts';
import { writeText } from './output.ts';
import { describeTable } from './terminal.ts';

interface GroupOptions {
  readonly json?: true;
  readonly last?: number;
  readonly all?: true;
  readonly sort: SortKey;
  readonly reverse?: true;
}

/** Lines of a table that nobody limited. */
const defaultRows = 100;

/** Prints groups of reports that were selected already. */
export async function showGroups(
  directory: string,
  selection: Selection,
  options: GroupOptions,
): Promise<void> {
  const { readOccurrences, signaturesName } = await import('../archive/occurrences.ts');
  const groups = groupReports(await selection.signatures());
  const isTable = options.json !== true;
  const limit = options.last ?? (isTable && options.all !== true ? defaultRows : groups.length);
  const tell = async (group: Group): Promise<CountedGroup> =>
    withHistory(group, await readOccurrences(join(directory, signaturesName), group.signature));
  let told: CountedGroup[] = [];
  // Who sorts by counts must ask for all of them.
  for (const group of options.sort === 'count' ? groups : groups.slice(0, limit)) {
    told.push(await tell(group));
  }
  if (options.sort === 'count') {
    told.sort((a, b) => b.count - a.count);
    if (options.reverse === true) told.reverse();
  }
  told = told.slice(0, limit);
  if (told.length === 0) {
    if (isTable) await writeText('No reports.\n');
    return;
  }
  if (!isTable) {
    for (const group of told) {
      const json = toJson(directory, group, await selection.entry(group.newest.number));
      await writeText(sanitizeJson(`${JSON.stringify(json)}\n`));
    }
    return;
  }
  const { renderGroups } = await import('../view/listing.ts');
  const rows = [];
  for (const { count, first, last, newest, signature } of told) {
    const entry = await selection.entry(newest.number);
    const { kind: what = 'unreadable', summary = signature } = entry?.header?.verdict ?? {};
    rows.push({ count, first, last, what, summary, shortId: entry?.shortId ?? '' });
  }
  await writeText(renderGroups(rows, describeTable(process.stdout, process.env)));
  if (told.length < groups.length && options.last === undefined) {
    process.stderr.write(`sleeper: ${told.length} of ${groups.length} troubles; --all shows all\n`);
  }
}

/** Reports of one signature. */
interface Group {
  readonly signature: string;
  /** In the order in which they were selected. */
  readonly members: SignedReport[];
  readonly newest: SignedReport;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
}

/** By signature; groups in the order of their first report. Reports that cannot be read are a group of their own. */
function groupReports(reports: readonly SignedReport[]): Group[] {
  const groups = new Map<string, SignedReport[]>();
  for (const report of reports) {
    const signature = report.signature ?? 'unreadable';
    const group = groups.get(signature);
    if (group === undefined) groups.set(signature, [report]);
    else group.push(report);
  }
  return [...groups].flatMap(([signature, members]) => {
    // Number 0 is the newest of all.
    const byAge = members.toSorted((a, b) => a.number - b.number);
    const [newest] = byAge;
    const oldest = byAge.at(-1);
    if (newest === undefined || oldest === undefined) return [];
    return [{ signature, members, newest, first: timeOf(oldest), last: timeOf(newest) }];
  });
}

function timeOf({ fileName }: SignedReport): string {
  return new Date(parseReportName(fileName)?.capturedAtMs ?? 0).toISOString();
}

/** A group with what was only counted. */
type CountedGroup = Group & { readonly count: number };

function withHistory(
  group: Group,
  history: { count: number; first: string; last: string } | null,
): CountedGroup {
  if (history === null || history.count < group.members.length) {
    return { ...group, count: group.members.length };
  }
  return {
    ...group,
    count: history.count,
    first: history.first < group.first && history.first !== '' ? history.first : group.first,
    last: history.last > group.last ? history.last : group.last,
  };
}

function toJson(
  directory: string,
  { signature, count, first, last, members, newest }: CountedGroup,
  entry: ArchiveEntry | null,
): Record<string, unknown> {
  const pathOf = ({ fileName }: SignedReport): string => join(directory, fileName);
  return {
    signature,
    count,
    first,
    last,
    verdict: entry?.header?.verdict ?? null,
    newest: pathOf(newest),
    reports: members.map(pathOf),
  };
}
