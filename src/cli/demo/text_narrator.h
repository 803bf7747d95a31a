// Tells the demo to people: sentences with their time, and one line of shares that a terminal keeps up to date.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/demo/narrator.h"

namespace fairlead::cli::demo {

class TextNarrator final : public Narrator {
 public:
  struct Look {
    bool is_terminal = false;       // the line of shares is written over
    std::size_t columns = 80;       // where it is cut
    int seconds_between_lines = 5;  // how often it appears elsewhere
  };

  // `out` outlives it.
  TextNarrator(std::ostream& out, Look look) : out_(out), look_(look) {}

  void started(std::string_view address, double rate) override;
  void say(Duration at, const Sentence& sentence, const Counts& counts) override;
  // The sentences tell of states; once they are over, each change has a line.
  void on_server_event(Duration at, const pool::ServerEvent& event) override;
  void on_shares(Duration at, double rate, const std::vector<ServerShare>& servers, const Counts& counts) override;
  void ended(Duration at, const Outcome& outcome) override;

 private:
  void line(Duration at, std::string_view text);
  void erase_shares();

  std::ostream& out_;
  Look look_;
  std::string shares_;  // on the terminal's last line; empty: nothing is
  int skipped_ = 0;
  bool is_script_over_ = false;
};

}  // namespace fairlead::cli::demo
