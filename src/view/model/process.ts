/** The process and the machine in words. */
import type { Package, Report } from '../../report/schema.ts';
import { shortenPath } from './origin.ts';
import { formatBytes, formatCount } from './units.ts';

/** A command line as a shell would take it. */
export function quoteCommand(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

/** The command line, node by its name alone and the program as seen from its working directory. */
export function commandWords({ argv = [], cwd, execPath }: Report['process']): string {
  const [node = '', ...rest] = argv;
  const name = (node === '' ? (execPath ?? '') : node).split('/').at(-1) ?? '';
  return name === '' ? '' : quoteCommand([name, ...rest.map((word) => shortenPath(word, cwd))]);
}

/** `node v22.23.3, V8 12.4`. */
export function versionWords(process: Report['process']): string {
  const versions = [
    process.nodeVersion === undefined ? '' : `node ${process.nodeVersion}`,
    process.v8Version === undefined ? '' : `V8 ${process.v8Version}`,
  ];
  return versions.filter((version) => version !== '').join(', ');
}

const maxKinds = 12;

/** `42 open of at most 1024: 30 socket, 8 file, 4 pipe`. */
export function descriptorWords({ descriptors, limits }: Report['process']): string | undefined {
  if (descriptors === undefined) return undefined;
  const most = limits?.['Max open files'] ?? -1;
  const kinds = Object.entries(descriptors.kinds)
    .sort(([, a], [, b]) => b - a)
    .slice(0, maxKinds)
    .map(([kind, count]) => `${count} ${kind}`);
  return `${descriptors.count} open${most === -1 ? '' : ` of at most ${most}`}: ${kinds.join(', ')}`;
}

/** `pg 8.11.3`. */
export function packageWords({ name, version, changedSinceStart }: Package): string {
  const word = version === undefined ? name : `${name} ${version}`;
  return changedSinceStart === true ? `${word} (changed on disk since the start)` : word;
}

/** Percent of the time: less is nothing to speak of. */
const worthTelling = 10;

function waitWords({ cpu, memory, io }: NonNullable<Report['host']['pressure']>): string[] {
  const waits = [
    { share: cpu, what: 'a CPU' },
    { share: memory, what: 'memory' },
    { share: io, what: 'disks' },
  ];
  return waits
    .filter(({ share }) => share >= worthTelling)
    .map(({ share, what }) => `${Math.round(share)} % for ${what}`);
}

/** `web1, Linux 6.1.0, 2 CPUs, 1.2 GiB of 4 GiB memory available`. */
export function hostWords({
  hostname,
  kernel,
  cpus,
  memory,
  pressure,
  containerId,
}: Report['host']): string {
  const facts = [hostname, `Linux ${kernel}`];
  if (cpus !== undefined) facts.push(formatCount(cpus, 'CPU'));
  if (memory !== undefined)
    facts.push(
      `${formatBytes(memory.availableBytes)} of ${formatBytes(memory.totalBytes)} memory available`,
    );
  const waits = pressure === undefined ? [] : waitWords(pressure);
  if (waits.length > 0) facts.push(`of the last 10 s tasks waited ${waits.join(', ')}`);
  if (containerId !== undefined) facts.push(`container ${containerId.slice(0, 12)}`);
  return facts.join(', ');
}
