/** Error.prepareStackTrace, which writes down the stacks of errors: newer versions of Node have one of their own. */

const { getOwnPropertyDescriptor } = Object;
const hookAtStart = hook();

/** Whether somebody has put another in its place since the agent was loaded. */
export function hasStackHook(): boolean {
  return hook() !== hookAtStart;
}

function hook(): unknown {
  const descriptor = getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only compared
  return descriptor?.get ?? (descriptor?.value as unknown);
}
