/** Names of functions for people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortName } from '#dist/reader/native-frames/short-name.js';

const names: Readonly<Record<string, string>> = {
  read: 'read',
  'epoll_wait@@GLIBC_2.3.2': 'epoll_wait',
  uv__io_poll: 'uv__io_poll',
  _ZN2v88internal7Isolate11RunCallbackEPi: 'v8::internal::Isolate::RunCallback',
  _ZN4node2fsL4ReadERKN2v820FunctionCallbackInfoINS1_5ValueEEE: 'node::fs::Read',
  _ZNK2v85Value8IsStringEv: 'v8::Value::IsString',
  '_ZN2v88internal12_GLOBAL__N_16InvokeEPNS0_7IsolateERKNS1_12InvokeParamsE.cold':
    'v8::internal::(anonymous)::Invoke',
  _ZN4node11EnvironmentC2Ev: 'node::Environment::Environment',
  _ZN4node11EnvironmentD0Ev: 'node::Environment::~Environment',
  _ZNSt6vectorIiSaIiEE9push_backEOi: 'std::vector::push_back',
  _ZNSsC1Ev: 'std::string::std::string',
  _ZN4node3FooIXadL_ZNS_3BarEvEELb1ELi3EE3bazEv: 'node::Foo::baz',
  _ZZN4node6worker6Worker11StartThreadERKN2v820FunctionCallbackInfoINS2_5ValueEEEENUlPvE_4_FUNES8_:
    'node::worker::Worker::StartThread::(lambda)::_FUN',
  _ZZN1A1fEiENKUlT_E_clIiEEDaS0_: 'A::f::(lambda)::operator()',
  _ZThn16_N4node10HandleWrap5CloseEv: 'node::HandleWrap::Close',
  _ZnwmRKSt9nothrow_t: 'operator new',
  _ZN1AcvbEv: 'A::operator (conversion)',
  _ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc: 'std::operator<<',
  _ZN3std2io5Write9write_all17h0123456789abcdefE: 'std::io::Write::write_all',
  _ZN4node8SpinLoopB5cxx11Ev: 'node::SpinLoop',
  _ZN2v88internal6maglev9Processor7ProcessITkNS1_12IsValueNodeTENS1_9ConstructEEEvPT_:
    'v8::internal::maglev::Processor::Process',
  _ZN4node4Blob14ReadArithmeticIjQsr3stdE15is_arithmetic_vITL0__EEET_v:
    'node::Blob::ReadArithmetic…',
  _ZN8truncate: '_ZN8truncate',
  _Z: '_Z',
};

test('mangled names are told shortly, others as they are', () => {
  for (const [mangled, short] of Object.entries(names)) assert.equal(shortName(mangled), short);
});

test('no text is too strange, too long or too deep', () => {
  const pieces = [
    'N',
    'E',
    'I',
    'L',
    'X',
    'S_',
    'T_',
    '3abc',
    '9',
    'Z',
    'K',
    'F',
    'Ul',
    'cv',
    'D',
    'St',
    'A',
    'M',
    '_',
    'P',
  ];
  let state = 7;
  for (let i = 0; i < 20_000; i++) {
    let text = '_Z';
    for (let j = 0; j < 12; j++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      text += pieces[Math.floor((state / 2 ** 32) * pieces.length)] ?? '';
    }
    assert.equal(typeof shortName(text), 'string');
  }
  assert.equal(shortName(`_Z${'N'.repeat(5_000)}`).length, 5_002);
  assert.equal(typeof shortName(`_Z1a${'I'.repeat(5_000)}`), 'string');
});
