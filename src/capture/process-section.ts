/** The `process` section of a report, and why parts of it are missing. */
import type { Fact } from '../probe/fact.ts';
import type { ProcessFacts } from '../probe/process-facts.ts';
import type { ProcessReading } from '../reader/reading.ts';
import type { Missing, Report } from '../report/schema.ts';

/** @param missing gets an entry for each fact that could not be had */
export function processSection(
  pid: number,
  facts: ProcessFacts,
  reading: ProcessReading | null,
  missing: Missing[],
): Report['process'] {
  const section: Report['process'] = { pid };
  const take = <T>(what: string, fact: Fact<T>, put: (value: T) => void): void => {
    if (fact.known) put(fact.value);
    else missing.push({ what, reason: fact.reason });
  };
  take('start time', facts.startedAtMs, (atMs) => {
    section.startTime = new Date(atMs).toISOString();
  });
  take('command line', facts.argv, (argv) => {
    section.argv = argv;
  });
  take('executable', facts.execPath, (execPath) => {
    section.execPath = execPath;
  });
  take('working directory', facts.cwd, (cwd) => {
    section.cwd = cwd;
  });
  take('uptime', facts.uptimeMs, (uptimeMs) => {
    section.uptimeMs = uptimeMs;
  });
  take('control group', facts.cgroup, (cgroup) => {
    section.cgroup = cgroup;
  });
  take('limits', facts.limits, (limits) => {
    section.limits = limits;
  });
  take('environment', facts.env, (env) => {
    section.env = env;
  });
  take('stdio', facts.stdio, (stdio) => {
    section.stdio = stdio;
  });
  take('descriptors', facts.descriptors, ({ count, kinds }) => {
    section.descriptors = { count, kinds: { ...kinds } };
  });
  if (reading?.nodeVersion !== undefined) section.nodeVersion = reading.nodeVersion;
  if (reading !== null) section.v8Version = reading.v8Version;
  return section;
}
