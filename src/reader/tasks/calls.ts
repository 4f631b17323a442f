/** What a suspended function asks for, and what it got before and has to give back, by its source. */
import type { Task, TaskCall } from '../../report/schema.ts';
import type { FrameDescriber } from '../describe-frame.ts';
import type { Activation } from '../frames/activation.ts';
import { type AwaitedCall, heldAt } from '../names/function-names.ts';

/** Of functions of the program alone. */
export function callsOf(
  frames: FrameDescriber,
  activation: Activation,
): Pick<Task, 'asks' | 'holds'> {
  const { script, names } = frames.sourceOf(activation) ?? {};
  if (script === undefined || names == null || script.isInternal) return {};
  const { sourceOffset } = activation;
  const placed = ({ call, at }: Pick<AwaitedCall, 'call' | 'at'>): TaskCall[] => {
    const place = script.place(at);
    return place === null ? [] : [{ call, ...place }];
  };
  const asked = names.awaitedCalls.find(({ awaitAt }) => awaitAt === sourceOffset);
  const [asks] = asked === undefined ? [] : placed(asked);
  const holds = heldAt(names, sourceOffset).flatMap(placed);
  return {
    ...(asks !== undefined && {
      asks: { ...asks, ...(asked?.isScoped === true && { scoped: true }) },
    }),
    ...(holds.length > 0 && { holds }),
  };
}
