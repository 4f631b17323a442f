/** What program.cjs holds while it waits, by its own text; the same in every version and tier. */
export interface ExpectedFrame {
  readonly function: string;
  readonly receiver: string;
  readonly parameters: readonly string[];
  /** Those that hold a local of the program. */
  readonly registers: Readonly<Record<number, string>>;
}

const forever = '1000000000';
const none = '<optimized out>';
const box = 'Box {value: 6}';

/** Outermost first; helper frames left out. */
export const expectedFrames: Readonly<Record<string, readonly ExpectedFrame[]>> = {
  plain: [
    {
      function: 'plain',
      receiver: '{hello: "world"}',
      parameters: ['7', '10.5', '"pear"', forever],
      // The fifth local is read after the call; the sixth is the call's result.
      registers: {
        0: '15',
        1: '3.5',
        2: '"pear!"',
        3: 'Order {id: 7, lines: Array(1)}',
        4: 'false',
        5: none,
      },
    },
  ],
  inlined: [
    {
      function: 'inlined',
      receiver: 'undefined',
      parameters: [box, '2', forever],
      registers: { 0: '6', 1: '{label: "L"}' },
    },
    { function: 'mid', receiver: box, parameters: ['2', forever], registers: { 0: '3', 1: none } },
    {
      function: 'leaf',
      receiver: box,
      parameters: ['3', '"T"', forever],
      registers: { 0: '18', 1: none },
    },
  ],
  captured: [
    {
      function: 'captured',
      receiver: 'undefined',
      parameters: ['3', '"why"', forever],
      // { x, y }; [point, point, 3.5] with its backing store; the same point again.
      registers: {
        0: '#0{<MAP> <FIXED_ARRAY> <FIXED_ARRAY> 3 "why"}',
        1: '#1{<MAP> <FIXED_ARRAY> #2{<MAP> 3 #0 #0 3.5} 3}',
        2: '#0',
      },
    },
  ],
  construct: [
    {
      function: 'construct',
      receiver: 'undefined',
      parameters: ['5', forever],
      registers: { 0: '10', 1: none },
    },
    { function: 'Square', receiver: '<hole>', parameters: ['5', forever], registers: {} },
    {
      function: 'Shape',
      receiver: 'Shape {width: 5}',
      parameters: ['5', forever],
      registers: { 0: '6' },
    },
  ],
  surplus: [
    {
      function: 'surplus',
      receiver: 'undefined',
      parameters: ['20', forever],
      registers: { 0: '30', 1: none },
    },
    {
      function: 'sumAll',
      receiver: 'undefined',
      parameters: ['20', forever],
      registers: { 0: '90' },
    },
  ],
  rest: [
    {
      function: 'restCaller',
      receiver: 'undefined',
      parameters: ['"one"', forever],
      registers: { 0: none },
    },
    {
      function: 'rest',
      receiver: 'undefined',
      parameters: [forever],
      registers: { 2: '#0{<MAP> <FIXED_ARRAY> #1{<MAP> 3 "one" "two" 3.5} 3}', 3: '3' },
    },
  ],
  each: [
    {
      function: 'each',
      receiver: 'undefined',
      parameters: ['(3)[4, 5, 6]', forever],
      registers: {},
    },
    { function: '', receiver: 'undefined', parameters: ['4', '0'], registers: {} },
  ],
  items: [
    {
      function: 'items',
      receiver: 'undefined',
      parameters: [forever],
      registers: { 2: '#0{<MAP> <FIXED_ARRAY> #1<rest arguments> 2}', 3: '2' },
    },
  ],
  counted: [
    {
      function: 'counted',
      receiver: 'undefined',
      parameters: ['"uno"', forever],
      registers: {
        0: '<arguments-length>',
        1: '#0{<MAP> <FIXED_ARRAY> #1<unmapped arguments> <arguments-length>}',
      },
    },
  ],
  big: [
    {
      function: 'big',
      receiver: 'undefined',
      parameters: ['<bigint>', forever],
      registers: { 0: '33n', 1: '18n' },
    },
  ],
  waiting: [
    {
      function: 'waiting',
      receiver: 'undefined',
      parameters: ['21', forever],
      registers: { 0: '<JS_ASYNC_FUNCTION_OBJECT> {}', 1: '42', 2: '42', 3: '42.5' },
    },
  ],
  abandoned: [
    {
      function: 'abandoned',
      receiver: 'undefined',
      parameters: ['9', forever],
      registers: { 0: '18', 1: '4.5' },
    },
  ],
};
