/** Can this process be captured? */
import { SleeperError } from '../../errors.ts';
import { connectAgent } from '../../probe/agent.ts';
import { readFact, readLinkFact } from '../../probe/fact.ts';
import { requireNodeProcess } from '../../probe/identity.ts';
import { readStatus } from '../../probe/stat.ts';
import { openEventLoop, readProcess } from '../../reader/read.ts';
import type { Missing } from '../../report/schema.ts';
import type { Check } from './check.ts';
import { checkProgram } from './program.ts';

/** For the trial capture of the reader. */
const readerDeadlineMs = 5_000;

/** All checks of one process; the reader's is a real one: it stops the process for well under a millisecond. */
export async function checkTarget(pid: number): Promise<Check[]> {
  try {
    requireNodeProcess(pid);
  } catch (error) {
    if (!(error instanceof SleeperError)) throw error;
    const mend =
      error.code === 'ERR_SLEEPER_ATTACH_DENIED' ? `sudo sleeper doctor ${pid}` : error.help;
    return [{ what: `process ${pid}`, ok: false, found: error.message, mend }];
  }
  const executable = readLinkFact(`/proc/${pid}/exe`);
  const reader = await checkReader(pid);
  return [
    {
      what: `process ${pid}`,
      ok: true,
      found: `runs ${executable.known ? executable.value : 'node'}`,
    },
    checkUser(pid),
    checkTracer(pid),
    reader.check,
    ...checkProgram(pid, reader.missing),
    await checkLoop(pid),
    await checkAgent(pid),
  ];
}

function checkUser(pid: number): Check {
  const status = readStatus(pid);
  const own = process.geteuid?.() ?? -1;
  if (!status.known) return { what: 'user', ok: false, found: status.reason };
  const ok = status.value.userId === own || own === 0;
  return {
    what: 'user',
    ok,
    found: `the process belongs to user ${status.value.userId}, we are user ${own}`,
    ...(!ok && { mend: `sudo sleeper dump ${pid}` }),
  };
}

function checkTracer(pid: number): Check {
  const status = readStatus(pid);
  const tracerPid = status.known ? status.value.tracerPid : 0;
  if (tracerPid === 0) return { what: 'tracer', ok: true, found: 'nobody else traces it' };
  const name = readFact(`/proc/${tracerPid}/comm`, (text) => text.trim());
  return {
    what: 'tracer',
    ok: false,
    found: `process ${tracerPid} (${name.known ? name.value : 'unknown'}) traces it already`,
    mend: 'detach that debugger or tracer',
  };
}

async function checkReader(pid: number): Promise<{ check: Check; missing: readonly Missing[] }> {
  const what = 'reading from outside';
  try {
    const { nodeVersion, v8Version, pausedMs, missing } = await readProcess(pid, {
      deadlineMs: readerDeadlineMs,
    });
    const found = `Node.js ${nodeVersion ?? 'of unknown version'}, V8 ${v8Version}; it stood still for ${pausedMs.toFixed(2)} ms`;
    return { check: { what, ok: true, found }, missing };
  } catch (error) {
    if (!(error instanceof SleeperError)) throw error;
    return { check: { what, ok: false, found: error.message, mend: error.help }, missing: [] };
  }
}

async function checkLoop(pid: number): Promise<Check> {
  const what = 'event loop';
  try {
    const reading = (await openEventLoop(pid)).read();
    if (reading === null) return { what, ok: false, optional: true, found: 'cannot be found' };
    const turned = `turned last ${reading.lastTurnAgoMs.toFixed(0)} ms ago`;
    return { what, ok: true, found: `${turned}, ${reading.activeHandles} active handles` };
  } catch (error) {
    if (!(error instanceof SleeperError)) throw error;
    return { what, ok: false, optional: true, found: error.message };
  }
}

async function checkAgent(pid: number): Promise<Check> {
  const what = 'agent inside';
  try {
    const agent = connectAgent(pid);
    const answer = await agent.probe(200);
    agent.close();
    if (!answer.known) return { what, ok: false, optional: true, found: answer.reason };
    return { what, ok: true, found: `answers for ${answer.value.length} isolates` };
  } catch (error) {
    if (!(error instanceof SleeperError)) throw error;
    const mend =
      'start the program with `sleeper run -- …` or `node --require sleeper-agent/register …`';
    return { what, ok: false, optional: true, found: 'none: crashes leave no report', mend };
  }
}
