// Has the stacks of its errors written down by a hook that takes memory, as those that read source maps do.
const fs = require('node:fs');

function parse(line, options) {
  const fields = { left: line.split('='), depth: { n: options.depth + 1 } };
  const show = () => [fields, options];
  throw new SyntaxError(`no value in ${line}: ${show().length}`);
}

Error.prepareStackTrace = (error, sites) => {
  for (let i = 0; i < 2; i++) gc();
  return [`${error}`, ...sites.map((site) => `    at ${site}`)].join('\n');
};

if (process.argv[2] === 'survives')
  process.on('uncaughtException', () => {
    console.log(fs.readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8') || 'no children');
  });

setTimeout(() => parse(['port', String(process.argv.length)].join('-'), { strict: true, depth: 4 }), 1);
