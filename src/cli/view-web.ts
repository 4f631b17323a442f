/** What `sleeper view --web` serves: one report, or the archive with all of them. */
import { once } from 'node:events';
import type { Archive } from '../archive/store.ts';
import type { ArchiveEntry } from '../archive/list.ts';
import type { Report } from '../report/schema.ts';
import type { ListedReport, Payload } from '../view/model/payload.ts';
import { contentPolicy, renderPage } from '../view/page.ts';
import { withOriginals } from './original-places.ts';
import { serveWeb } from './web-server.ts';

/** Rows of one list: what is beyond is found by `sleeper list`. */
const maxListed = 20_000;

/** Serves until SIGINT or SIGTERM. */
export async function serveReport(report: Report, port: number): Promise<void> {
  await serve({ kind: 'report', report }, () => Promise.resolve(null), port);
}

/** Serves the list and every report of it until SIGINT or SIGTERM. */
export async function serveArchive(
  archive: Archive,
  { port, sourceMapDir }: { readonly port: number; readonly sourceMapDir?: string },
): Promise<void> {
  const json = async (path: string): Promise<unknown> => {
    const [api, reports, id, ...rest] = path.split('/');
    if (api !== 'api' || reports !== 'reports' || rest.length > 0) return null;
    if (id === undefined) return listReports(archive);
    // An id, never a path: `find` also opens files that are not of the archive.
    if (!/^[\w-]{1,100}$/.test(id)) return null;
    return withOriginals(await archive.read(id), sourceMapDir);
  };
  await serve({ kind: 'archive', directory: archive.path }, json, port);
}

async function listReports(archive: Archive): Promise<ListedReport[]> {
  const { entries } = await archive.list();
  return entries.slice(0, maxListed).map(toListed);
}

function toListed(entry: ArchiveEntry): ListedReport {
  const { header, problem } = entry;
  return {
    id: header?.id ?? entry.shortId,
    capturedAt: header?.capturedAt ?? new Date(entry.capturedAtMs).toISOString(),
    hostname: entry.hostname,
    pid: entry.pid,
    trigger: entry.triggerKind,
    verdict: header?.verdict.kind ?? 'unreadable',
    summary: header?.verdict.summary ?? '',
    signature: header?.signature ?? '',
    bytes: entry.bytes,
    ...(problem !== undefined && { problem }),
  };
}

async function serve(
  payload: Payload,
  json: (path: string) => Promise<unknown>,
  port: number,
): Promise<void> {
  const page = renderPage(payload);
  const policy = contentPolicy({ canFetch: payload.kind === 'archive' });
  const server = await serveWeb({ page: () => page, policy, json }, port);
  const { port: chosen } = new URL(server.url);
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(
    `sleeper: serving until Ctrl-C, to this machine only; from another one first: ssh -L ${chosen}:127.0.0.1:${chosen} HOST\n`,
  );
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.close();
}
