/** What an agent asks of its helper, as it comes over standard input from another process: validated before it is used. */
import * as v from 'valibot';
import { SleeperError } from '../errors.ts';
import { AsyncStore, ErrorRecord, triggerKinds } from '../report/schema.ts';

const Integer = v.pipe(v.number(), v.integer(), v.minValue(0));
/** `0x7f…` or a number: addresses of user space fit. */
const Address = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^0x[0-9a-f]{1,16}$/i), v.transform(Number))]),
  v.number(),
  v.minValue(0),
);

const Hex = v.pipe(v.string(), v.regex(/^0x[0-9a-f]{1,16}$/i));

/** One question of an agent. */
export const AgentRequest = v.looseObject({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** `report`: seal a report, print its path · `stacks`: print all stacks as text · `vanished`: report on others that are no more. */
  mode: v.picklist(['report', 'stacks', 'vanished']),
  trigger: v.looseObject({
    kind: v.picklist(triggerKinds),
    reason: v.string(),
    stalledForMs: v.exactOptional(v.number()),
    repeated: v.exactOptional(Integer),
    exitStatus: v.exactOptional(Integer),
  }),
  reportId: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f-]{8,64}$/i))),
  /** Promised already: the debugger was told so. A plain name, never a path. */
  fileName: v.exactOptional(v.pipe(v.string(), v.regex(/^[^/\0]{1,255}$/))),
  /** Settings of the program, where they are not those of whoever answers. */
  environment: v.exactOptional(v.record(v.string(), v.string())),
  /** Directory; absent: as the environment says. */
  archive: v.exactOptional(v.pipe(v.string(), v.regex(/^\//))),
  isolates: v.exactOptional(
    v.array(
      v.looseObject({
        tid: Integer,
        address: Address,
        workerId: v.exactOptional(Integer),
        framePointer: v.exactOptional(Address),
      }),
    ),
  ),
  error: v.exactOptional(ErrorRecord),
  /** Thread in which the error was thrown; absent: the main thread. */
  errorTid: v.exactOptional(Integer),
  /** Of `vanished`: flight recorders whose processes are gone. Plain names. */
  flight: v.exactOptional(
    v.looseObject({
      directory: v.pipe(v.string(), v.regex(/^\//)),
      files: v.array(v.pipe(v.string(), v.regex(/^\d+-\d+\.flight$/))),
    }),
  ),
  /** Until when the dying program waits for us: wall clock, milliseconds since 1970. */
  endsAtMs: v.exactOptional(Integer),
  /** The stack at the throw of `error`: copies of parts of the program's memory, and where in it they are kept. */
  thrown: v.exactOptional(
    v.looseObject({
      isolate: Address,
      /** How many there had been at the throw, and where in its memory (two uint32) the program counts on. */
      collections: v.looseObject({ at: Address, scavenges: Integer, others: Integer }),
      ranges: v.array(
        v.looseObject({
          address: Address,
          at: Address,
          bytes: v.pipe(Integer, v.maxValue(4 << 20)),
        }),
      ),
      /** A copy of the process with the heap as it was then. */
      copy: v.exactOptional(Integer),
    }),
  ),
  /** The handler of an uncaught error threw: `error` is the first one, the thread stands at the second throw. */
  secondFault: v.exactOptional(v.boolean()),
  /** A signal that ends the program. */
  fault: v.exactOptional(
    v.looseObject({
      signal: v.string(),
      /** si_code. */
      code: v.pipe(v.number(), v.integer()),
      address: Hex,
      /** pid that sent it; 0: nobody did. */
      sender: v.pipe(v.number(), v.integer()),
      registers: v.record(v.string(), Hex),
    }),
  ),
  /** The heap limit of V8 that was reached. */
  heapLimitBytes: v.exactOptional(Integer),
  /** Of the thread of `error`, where its Node keeps them so that only the inside can tell. */
  asyncStores: v.exactOptional(v.array(AsyncStore)),
  annotations: v.exactOptional(v.record(v.string(), v.string())),
  breadcrumbs: v.exactOptional(v.array(v.looseObject({}))),
});
export type AgentRequest = v.InferOutput<typeof AgentRequest>;

/** @throws SleeperError ERR_SLEEPER_USAGE naming the field that is wrong */
export function parseAgentRequest(text: string): AgentRequest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      'agent-capture expects one JSON object on standard input; agents use it, people use `sleeper dump`.',
      {},
      { cause },
    );
  }
  const parsed = v.safeParse(AgentRequest, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new SleeperError(
    'ERR_SLEEPER_USAGE',
    `The request of the agent is not valid at ${v.getDotPath(issue) ?? 'its top'}: ${issue.message}`,
    { path: v.getDotPath(issue) },
  );
}
