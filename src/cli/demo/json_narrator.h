// Tells the demo to programs: one JSON object per line, `fairlead.demo/v1`.
#pragma once

#include <iosfwd>

#include "cli/demo/narrator.h"

namespace fairlead::cli::demo {

class JsonNarrator final : public Narrator {
 public:
  // `out` outlives it.
  explicit JsonNarrator(std::ostream& out) : out_(out) {}

  void started(std::string_view address, double rate) override;
  void say(Duration at, const Sentence& sentence, const Counts& counts) override;
  void on_server_event(Duration at, const pool::ServerEvent& event) override;
  void on_shares(Duration at, double rate, const std::vector<ServerShare>& servers, const Counts& counts) override;
  void ended(Duration at, const Outcome& outcome) override;

 private:
  void write(std::string_view kind, Duration at, std::string_view members);

  std::ostream& out_;
};

}  // namespace fairlead::cli::demo
