/** The error of a crash with its stack, properties and causes; the fault of a native one. */
import type { JSX } from 'preact';
import type { ErrorRecord, Report } from '../../report/schema.ts';
import { callsOf } from '../model/calls.ts';
import type { Call } from '../model/calls.ts';
import { faultOf } from '../model/extras.ts';
import { clean } from './text.ts';
import { ScopeView } from './value-tree.tsx';

const maxCauses = 20;
const maxCalls = 100;
const maxDepth = 6;

export function ErrorView({ report }: { readonly report: Report }): JSX.Element | null {
  const { error } = report;
  const fault = faultOf(report);
  if (error === undefined && fault === undefined) return null;
  const causes: ErrorRecord[] = [];
  for (let cause = error?.cause; cause !== undefined && causes.length < maxCauses;)
    [cause] = [cause.cause, causes.push(cause)];
  return (
    <section class="error" aria-label="error">
      {error !== undefined && <OneError error={error} cwd={report.process.cwd} depth={0} />}
      {causes.map((cause, index) => (
        <div key={index} class="cause">
          <h4>caused by</h4>
          <OneError error={cause} cwd={report.process.cwd} depth={0} />
        </div>
      ))}
      {fault !== undefined && (
        <div class="fault">
          <h3>{clean(fault.words, 800)}</h3>
          {fault.registers.length > 0 && (
            <details>
              <summary>registers</summary>
              <p class="registers">
                {fault.registers.map(([name, value]) => (
                  <span key={name}>
                    <span class="name">{clean(name, 20)}</span> {clean(value, 40)}
                  </span>
                ))}
              </p>
            </details>
          )}
        </div>
      )}
    </section>
  );
}

interface OneErrorProps {
  readonly error: ErrorRecord;
  readonly cwd: string | undefined;
  readonly depth: number;
}

function OneError({ error, cwd, depth }: OneErrorProps): JSX.Element {
  const calls = callsOf(error, cwd);
  return (
    <div class="one-error">
      <h3>
        {clean(error.name, 200)}: {clean(error.message, 4_000)}
      </h3>
      <ol class="calls">
        {calls.slice(0, maxCalls).map((call, index) => (
          <CallView key={index} call={call} />
        ))}
      </ol>
      <ScopeView label="properties" variables={error.properties} />
      {depth < maxDepth &&
        (error.errors ?? []).slice(0, 50).map((inner, index, all) => (
          <div key={index} class="cause">
            <h4>
              error {index + 1} of {all.length}
            </h4>
            <OneError error={inner} cwd={cwd} depth={depth + 1} />
          </div>
        ))}
    </div>
  );
}

function CallView({ call }: { readonly call: Call }): JSX.Element {
  const { name, place, compiled, isOwn } = call;
  return (
    <li class={isOwn ? 'app' : 'internal'}>
      at {name !== undefined && <strong>{clean(name, 200)} </strong>}
      <span class="place">{clean(place, 400)}</span>
      {compiled !== '' && <span class="compiled"> ← {clean(compiled, 400)}</span>}
    </li>
  );
}
