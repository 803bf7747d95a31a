// What no single key of `health` and `passive` can know: whether they fit each other and the servers.
#pragma once

#include "config/report.h"
#include "pool/options.h"

namespace fairlead::pool {

// Reports checks that contradict themselves, and judgements of live traffic that could take out all servers or none.
// `at` is the pool.
void validate_health(const PoolOptions& pool, const config::Cursor& at, config::Report& report);

}  // namespace fairlead::pool
