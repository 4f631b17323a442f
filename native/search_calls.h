// The arguments of findWords(), noteReferences() and findReferrers(), for addon.cc. When one is wrong nothing is done.
#pragma once

#include <napi.h>

#include "arguments.h"
#include "find_words.h"

namespace sleeper {

inline Napi::BigUint64Array TakeWanted(Arguments& arguments) {
  return arguments.Typed<Napi::BigUint64Array>("wanted", napi_biguint64_array, "a BigUint64Array");
}

inline size_t CallFindWords(Arguments& arguments) {
  Napi::Uint8Array bytes = arguments.Bytes("bytes");
  Napi::BigUint64Array wanted = TakeWanted(arguments);
  auto places = arguments.Typed<Napi::Uint32Array>("places", napi_uint32_array, "a Uint32Array");
  if (!arguments.ok()) return 0;
  return FindWords(bytes.Data(), bytes.ByteLength() / sizeof(uint64_t), wanted.Data(), wanted.ElementLength(),
                   places.Data(), places.ElementLength());
}

inline void CallNoteReferences(Arguments& arguments) {
  Napi::Uint8Array bytes = arguments.Bytes("bytes");
  Napi::Uint8Array note = arguments.Bytes("note");
  if (!arguments.ok()) return;
  if (note.ByteLength() != kReferenceNoteBytes) return arguments.Refuse("note", "4096 bytes");
  NoteReferences(bytes.Data(), bytes.ByteLength() / sizeof(uint64_t), note.Data());
}

inline void CallFindReferrers(Arguments& arguments) {
  Napi::Uint8Array notes = arguments.Bytes("notes");
  Napi::BigUint64Array wanted = TakeWanted(arguments);
  Napi::Uint8Array may_refer = arguments.Bytes("mayRefer");
  if (!arguments.ok()) return;
  size_t count = may_refer.ByteLength();
  if (notes.ByteLength() < count * kReferenceNoteBytes) return arguments.Refuse("notes", "4096 bytes for each");
  for (size_t i = 0; i < count; i++) {
    const uint8_t* note = notes.Data() + i * kReferenceNoteBytes;
    may_refer[i] = MayRefer(note, wanted.Data(), wanted.ElementLength());
  }
}

}  // namespace sleeper
