#include "cli/demo/text_narrator.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace fairlead::cli::demo {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double milliseconds(Duration duration) { return 1000 * seconds(duration); }

constexpr std::string_view kIndent = "        ";

constexpr std::string_view kYourTurn = R"(
The same with your own servers:
  fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002
  fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002 --save fairlead.yaml
  fairlead run -c fairlead.yaml
)";

// Longer lines would wrap, and could not be written over. The glyphs have several bytes and one column.
std::string cut_to(const std::string& text, std::size_t columns) {
  std::size_t column = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const bool begins_character = (static_cast<unsigned char>(text[index]) & 0xC0U) != 0x80U;
    if (begins_character && ++column > columns) return text.substr(0, index);
  }
  return text;
}

}  // namespace

void TextNarrator::started(std::string_view address, double rate) {
  out_ << fmt::format("Fairlead listens on http://{}. A client sends it {:g} requests per second.\n\n", address, rate)
       << std::flush;
}

void TextNarrator::line(Duration at, std::string_view text) {
  if (!shares_.empty()) out_ << "\r\x1b[K";
  out_ << fmt::format("{:>5.0f}s  {}\n", std::max(0.0, seconds(at)), text) << shares_ << std::flush;
}

void TextNarrator::erase_shares() {
  if (!shares_.empty()) out_ << "\r\x1b[K";
  shares_.clear();
}

void TextNarrator::say(Duration at, const Sentence& sentence, const Counts&) {
  line(at, sentence.text);
  is_script_over_ |= sentence.step == "end";
}

void TextNarrator::on_server_event(Duration at, const pool::ServerEvent& event) {
  if (!is_script_over_) return;
  line(at, fmt::format("{} {} is {}: {}", glyph(event.to), event.server, word(event.to), event.why));
}

void TextNarrator::on_shares(Duration, double rate, const std::vector<ServerShare>& servers, const Counts& counts) {
  if (!look_.is_terminal && ++skipped_ < look_.seconds_between_lines) return;
  skipped_ = 0;
  std::string text = fmt::format("{}{:g} req/s", kIndent, rate);
  for (const ServerShare& server : servers) {
    text += fmt::format("   {} {} {:3.0f}%", glyph(server.state), server.name, 100 * server.share);
  }
  text += fmt::format("   retries {}   errors {}", counts.retries, counts.errors);
  if (!look_.is_terminal) {
    out_ << text << '\n' << std::flush;
    return;
  }
  shares_ = cut_to(text, look_.columns - 1);
  out_ << "\r\x1b[K" << shares_ << std::flush;
}

void TextNarrator::ended(Duration at, const Outcome& outcome) {
  erase_shares();
  const Counts& counts = outcome.counts;
  out_ << fmt::format("\nMeasured in {:.0f} s:\n", seconds(at));
  out_ << fmt::format("  requests                   {}   (half within {:.0f} ms, 99 % within {:.0f} ms)\n",
                      counts.requests, milliseconds(outcome.median), milliseconds(outcome.p99));
  out_ << fmt::format("  retried on another server  {}\n", counts.retries);
  out_ << fmt::format("  errors seen by clients     {}\n", counts.errors);
  for (const auto& [kind, count] : outcome.error_kinds) out_ << fmt::format("    {} {}\n", kind, count);
  out_ << kYourTurn << std::flush;
}

}  // namespace fairlead::cli::demo
