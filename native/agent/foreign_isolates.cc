#include "foreign_isolates.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>

namespace sleeper {

namespace {

// v8::Isolate::New() and v8::Isolate::Allocate(), whatever their parameters.
constexpr const char* kMakers[] = {"_ZN2v87Isolate3New", "_ZN2v87Isolate8Allocate"};
constexpr size_t kMaxRelocations = 1 << 20;

// What the dynamic section of a library points to. ld.so has relocated the addresses of this section in place.
struct Dynamic {
  const Elf64_Sym* symbols = nullptr;
  const char* names = nullptr;
  const Elf64_Rela* tables[2] = {};
  size_t bytes[2] = {};
};

Dynamic ReadDynamic(const Elf64_Dyn* entry) {
  Dynamic dynamic;
  for (; entry->d_tag != DT_NULL; entry++) {
    switch (entry->d_tag) {
      case DT_SYMTAB:
        dynamic.symbols = reinterpret_cast<const Elf64_Sym*>(entry->d_un.d_ptr);
        break;
      case DT_STRTAB:
        dynamic.names = reinterpret_cast<const char*>(entry->d_un.d_ptr);
        break;
      case DT_JMPREL:
        dynamic.tables[0] = reinterpret_cast<const Elf64_Rela*>(entry->d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        dynamic.bytes[0] = entry->d_un.d_val;
        break;
      case DT_RELA:
        dynamic.tables[1] = reinterpret_cast<const Elf64_Rela*>(entry->d_un.d_ptr);
        break;
      case DT_RELASZ:
        dynamic.bytes[1] = entry->d_un.d_val;
        break;
    }
  }
  return dynamic;
}

bool MakesIsolates(const Dynamic& dynamic) {
  if (dynamic.symbols == nullptr || dynamic.names == nullptr) return false;
  for (int i = 0; i < 2; i++) {
    if (dynamic.tables[i] == nullptr) continue;
    size_t count = dynamic.bytes[i] / sizeof(Elf64_Rela);
    for (size_t at = 0; at < count && at < kMaxRelocations; at++) {
      const Elf64_Sym& symbol = dynamic.symbols[ELF64_R_SYM(dynamic.tables[i][at].r_info)];
      // Defined in the library itself: that is V8, in libnode.so.
      if (symbol.st_name == 0 || symbol.st_shndx != SHN_UNDEF) continue;
      for (const char* maker : kMakers) {
        if (strncmp(dynamic.names + symbol.st_name, maker, strlen(maker)) == 0) return true;
      }
    }
  }
  return false;
}

int Look(dl_phdr_info* info, size_t, void* found) {
  // The program itself has no name. The kernel's library has addresses that nobody has relocated.
  bool is_library = info->dlpi_name != nullptr && info->dlpi_name[0] == '/';
  for (int i = 0; is_library && i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    auto* entry = reinterpret_cast<const Elf64_Dyn*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    if (MakesIsolates(ReadDynamic(entry))) *static_cast<bool*>(found) = true;
  }
  return *static_cast<bool*>(found) ? 1 : 0;
}

}  // namespace

bool HasForeignIsolates() {
  bool found = false;
  dl_iterate_phdr(Look, &found);
  return found;
}

}  // namespace sleeper
