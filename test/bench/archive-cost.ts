/** What keeping reports costs: writing one beside what others do, listing and rotating many, opening a large one. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { defaultPolicy } from '#dist/archive/choose.js';
import { factsOf } from '#dist/archive/facts.js';
import { formatIndexLine } from '#dist/archive/index-file.js';
import { openArchive } from '#dist/archive/store.js';
import { decodeReport } from '#dist/encode/decode.js';
import { encodeReport, encodeSections } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { root, sleeperBin } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { hangReport } from '../view/reports.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

const manyReports = 100_000;

async function time(rounds: number, act: (round: number) => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAtMs = performance.now();
    await act(round);
    times.push(performance.now() - startedAtMs);
  }
  return times;
}

/** A hang of a real process. */
function realReport(): Report {
  return decodeReport(fs.readFileSync(path.join(root, 'test/formats/v1/hang.msgpack')), 'a hang');
}

/** As large as a report may be. */
function largeReport(): Report {
  const hang = hangReport();
  const [frame] = hang.threads[0]?.frames ?? [];
  const task = {
    function: 'placeOrder',
    file: '/var/orders/src/service.js',
    line: 118,
    arguments: [],
    awaitedBy: [],
  };
  const locals = frame?.locals ?? [];
  const tasks = Array.from({ length: 18_000 }, (_, id) => ({ id, ...task, locals }));
  return { ...hang, tasks };
}

/** Measures. @param owner deletes the directories in the end */
export async function measureArchive(owner: Owner, rounds: number): Promise<Row[]> {
  const report = realReport();
  const bytes = encodeReport(report);
  const directory = makeDirectory(owner, 'bench');
  const other = makeDirectory(owner, 'bench-others');
  const archive = openArchive(directory, { ...defaultPolicy, keepFreeShare: 0, maxReports: 50 });
  const writeSynced = (name: string, data: string | Buffer): void => {
    const fd = fs.openSync(path.join(other, name), 'wx');
    fs.writeSync(fd, data as string);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  };
  const nodeReport = JSON.stringify(process.report.getReport());
  const large = largeReport();
  const largeBytes = encodeReport(large);
  const named = (round: number): Report => ({
    ...report,
    id: `${round.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
  });
  return [
    makeRow('encode a report', 'sleeper', 'ms', await time(rounds, () => encodeReport(report))),
    makeRow(
      'encode a report',
      'JSON.stringify',
      'ms',
      await time(rounds, () => JSON.stringify(report)),
    ),
    makeRow(
      'encode a report',
      "Node's own report",
      'ms',
      await time(rounds, () => JSON.stringify(process.report.getReport())),
    ),
    makeRow(
      'seal a report, on the disk',
      'sleeper',
      'ms',
      await time(rounds, (round) => {
        const one = named(round);
        return archive.keep(() => encodeSections(one), factsOf(one));
      }),
    ),
    makeRow(
      'seal a report, on the disk',
      'JSON.stringify, write, fsync',
      'ms',
      await time(rounds, (round) => {
        writeSynced(`json-${round}`, JSON.stringify(named(round)));
      }),
    ),
    makeRow(
      'seal a report, on the disk',
      "Node's own report",
      'ms',
      await time(rounds, (round) => {
        process.report.writeReport(path.join(other, `node-${round}.json`));
      }),
    ),
    makeRow(
      'open and validate',
      `${(largeBytes.length / 2 ** 20).toFixed(1)} MiB`,
      'ms',
      await time(5, () => decodeReport(largeBytes, 'large')),
    ),
    makeRow('size of a report', 'sleeper', 'KiB', [bytes.length / 1_024]),
    makeRow('size of a report', 'sleeper, a day later', 'KiB', [gzipSync(bytes).length / 1_024]),
    makeRow('size of a report', 'the same as JSON', 'KiB', [JSON.stringify(report).length / 1_024]),
    makeRow('size of a report', "Node's own, of this process", 'KiB', [nodeReport.length / 1_024]),
    ...(await measureMany(owner, report, bytes)),
  ];
}

/** An archive of 100,000: names, links to a few files, and the index that sealing them would have left. */
async function measureMany(owner: Owner, report: Report, bytes: Buffer): Promise<Row[]> {
  const directory = makeDirectory(owner, 'bench-many');
  const facts = factsOf(report);
  const lines: string[] = [];
  let source = '';
  const startMs = Date.UTC(2026, 0, 1);
  for (let index = 0; index < manyReports; index++) {
    const time = new Date(startMs + index * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
    const stem = `${time}-web1-4242-hang-${index.toString(16).padStart(8, '0')}`;
    const name = path.join(directory, `${stem}.msgpack`);
    if (index % 10_000 === 0) {
      fs.writeFileSync(name, bytes, { mode: 0o600 });
      source = name;
    } else fs.linkSync(source, name);
    const header = { ...facts.header, signature: `js-busy spin${index % 500}@a.js #1` };
    lines.push(formatIndexLine(stem, bytes.length, 'x', { ...facts, header }));
  }
  fs.writeFileSync(path.join(directory, '.index'), `${lines.join('\n')}\n`, { mode: 0o600 });
  const list = (...options: string[]): void => {
    execFileSync(process.execPath, [sleeperBin, 'list', '--archive', directory, ...options], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
  };
  const small = makeDirectory(owner, 'bench-few');
  const rotate = async (path: string, maxReports: number): Promise<number[]> => {
    const archive = openArchive(path, {
      ...defaultPolicy,
      keepFreeShare: 0,
      maxShare: 1,
      maxAgeMs: 1e13,
      maxReports,
    });
    for (let index = 0; index < 5; index++)
      await archive.seal(bytes, { ...facts, id: `aaaaaa0${index}` });
    return time(40, (round) =>
      archive.seal(bytes, { ...facts, id: `bbbbbb${round.toString(16).padStart(2, '0')}` }),
    );
  };
  return [
    makeRow(
      'list of 100,000 reports',
      'sleeper list',
      'ms',
      await time(5, () => {
        list();
      }),
    ),
    makeRow(
      'list of 100,000 reports',
      'sleeper list --group',
      'ms',
      await time(5, () => {
        list('--group');
      }),
    ),
    makeRow(
      'list of 100,000 reports',
      'sleeper list --search spin',
      'ms',
      await time(5, () => {
        list('--search', 'applyDiscount');
      }),
    ),
    makeRow('seal and rotate', '100,000 reports', 'ms', await rotate(directory, manyReports)),
    makeRow('seal and rotate', '20 reports', 'ms', await rotate(small, 20)),
  ];
}
