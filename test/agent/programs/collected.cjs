// Collects garbage between a throw and the listeners for it, as full young space would.
const how = process.argv[2];

// Not found by a minor collection: only by the frames that are gone by then.
function parse(line, options) {
  const fields = { left: line.split('='), depth: { n: options.depth + 1 } };
  const show = () => [fields, options];
  throw new SyntaxError(`no value in ${line}: ${show().length}`); // @thrown
}

function readSettings() {
  const name = ['port', String(process.argv.length)].join('-');
  parse(name, { strict: true, depth: 4 });
}

const emit = process.emit;
process.emit = function (event, ...rest) {
  if (event === 'uncaughtExceptionMonitor') {
    if (how === 'scavenge') gc({ type: 'minor' });
    if (how === 'twice') for (let i = 0; i < 2; i++) gc({ type: 'minor' });
    if (how === 'whole') gc();
  }
  return Reflect.apply(emit, this, [event, ...rest]);
};

setTimeout(() => readSettings(), 1);
