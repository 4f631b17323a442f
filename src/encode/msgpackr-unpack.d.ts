// msgpackr 2.1 ships this entry without types: the decoder that never generates code.
declare module 'msgpackr/unpack-no-eval' {
  export { Unpackr } from 'msgpackr';
}
