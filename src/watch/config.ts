/**
 * The configuration as it is written: a YAML file, and the flags of the command line put into the same shape. One schema checks
 * both; `docs/watch.md` has the table.
 */
import * as v from 'valibot';

const Duration = v.string();
const Pattern = v.string();
const Words = v.union([v.string(), v.array(v.string())]);
const Strings = v.union([v.string(), v.array(v.string())]);
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const Statuses = v.union([
  v.pipe(v.number(), v.integer()),
  v.array(v.pipe(v.number(), v.integer())),
]);

const FilterConfig = v.strictObject({
  name: v.exactOptional(Pattern),
  argv: v.exactOptional(Pattern),
  user: v.exactOptional(
    v.union([v.string(), v.number(), v.array(v.union([v.string(), v.number()]))]),
  ),
  cgroup: v.exactOptional(Pattern),
});
export type FilterConfig = v.InferOutput<typeof FilterConfig>;

const WhenConfig = v.strictObject({
  stalled: v.exactOptional(Duration),
  workerStalled: v.exactOptional(Duration),
  http: v.exactOptional(v.string()),
  tcp: v.exactOptional(v.string()),
  unix: v.exactOptional(v.string()),
  exec: v.exactOptional(Words),
  cpu: v.exactOptional(v.string()),
  rss: v.exactOptional(v.string()),
  heap: v.exactOptional(v.string()),
  utilization: v.exactOptional(v.string()),
  fds: v.exactOptional(v.union([v.string(), Count])),
  tasksWaiting: v.exactOptional(Duration),
  requestsOlder: v.exactOptional(Duration),
  /** Of services, and of the last two: time between two looks. */
  every: v.exactOptional(Duration),
  timeout: v.exactOptional(Duration),
  failures: v.exactOptional(Count),
  status: v.exactOptional(Statuses),
  match: v.exactOptional(Pattern),
  headers: v.exactOptional(v.record(v.string(), v.string())),
  insecure: v.exactOptional(v.boolean()),
  /** Of thresholds: for how long without a break. */
  for: v.exactOptional(Duration),
});
export type WhenConfig = v.InferOutput<typeof WhenConfig>;

const LimitConfig = v.strictObject({
  coolDown: v.exactOptional(Duration),
  perHour: v.exactOptional(Count),
  perSignature: v.exactOptional(Count),
});
export type LimitConfig = v.InferOutput<typeof LimitConfig>;

const ActionConfig = v.union([
  v.literal('log'),
  v.literal('nothing'),
  v.strictObject({
    exec: Words,
    timeout: v.exactOptional(Duration),
    shell: v.exactOptional(v.boolean()),
  }),
  v.strictObject({
    webhook: v.string(),
    headers: v.exactOptional(v.record(v.string(), v.string())),
    timeout: v.exactOptional(Duration),
  }),
  v.strictObject({ signal: v.string(), grace: v.exactOptional(Duration) }),
]);
export type ActionConfig = v.InferOutput<typeof ActionConfig>;

const RuleConfig = v.strictObject({
  name: v.exactOptional(v.string()),
  when: WhenConfig,
  only: v.exactOptional(FilterConfig),
  limit: v.exactOptional(LimitConfig),
  then: v.exactOptional(v.union([ActionConfig, v.array(ActionConfig)])),
});
export type RuleConfig = v.InferOutput<typeof RuleConfig>;

/** The whole file. */
export const WatchConfig = v.strictObject({
  watch: v.exactOptional(
    v.strictObject({
      pids: v.exactOptional(v.array(Count)),
      all: v.exactOptional(v.boolean()),
      names: v.exactOptional(Strings),
      tree: v.exactOptional(v.boolean()),
      only: v.exactOptional(FilterConfig),
    }),
  ),
  interval: v.exactOptional(Duration),
  archive: v.exactOptional(v.string()),
  capture: v.exactOptional(
    v.strictObject({ deadline: v.exactOptional(Duration), parallel: v.exactOptional(Count) }),
  ),
  metrics: v.exactOptional(
    v.strictObject({
      host: v.exactOptional(v.string()),
      port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
    }),
  ),
  /** Defaults of every rule. */
  limit: v.exactOptional(LimitConfig),
  then: v.exactOptional(v.union([ActionConfig, v.array(ActionConfig)])),
  rules: v.exactOptional(v.array(RuleConfig)),
});
export type WatchConfig = v.InferOutput<typeof WatchConfig>;
