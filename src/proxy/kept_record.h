// An access record that is written long after its request: a copy of what it looks at, in one small block.
#pragma once

#include "telemetry/access_record.h"

namespace fairlead::proxy {

// Of an exchange that has gone well so far. How it ended, how long that took and how many bytes moved is not kept.
class KeptRecord {
 public:
  // Texts are copied as far as a line has room for them. Those of `attempts` outlive it.
  explicit KeptRecord(const telemetry::AccessRecord& record);
  KeptRecord(const KeptRecord&) = delete;
  KeptRecord& operator=(const KeptRecord&) = delete;
  ~KeptRecord();

  // Its views are good for as long as this lives.
  telemetry::AccessRecord record() const;

 private:
  struct Block;

  Block* block_;
};

}  // namespace fairlead::proxy
