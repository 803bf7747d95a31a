#include "cli/demo/json_narrator.h"

#include <fmt/format.h>

#include <ostream>

#include "telemetry/json_text.h"

namespace fairlead::cli::demo {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string quoted(std::string_view text) {
  std::string json;
  telemetry::append_json_string(json, text);
  return json;
}

std::string members_of(const Counts& counts) {
  return fmt::format(R"("requests":{},"retries":{},"client_errors":{})", counts.requests, counts.retries,
                     counts.errors);
}

std::string list_of(const std::vector<ServerShare>& servers) {
  std::string list;
  for (const ServerShare& server : servers) {
    if (!list.empty()) list += ',';
    list += fmt::format(R"({{"server":{},"state":"{}","requests":{},"share":{:.3f}}})", quoted(server.name),
                        word(server.state), server.requests, server.share);
  }
  return '[' + list + ']';
}

std::string object_of(const std::map<std::string, std::uint64_t>& kinds) {
  std::string object;
  for (const auto& [kind, count] : kinds) {
    if (!object.empty()) object += ',';
    object += fmt::format("{}:{}", quoted(kind), count);
  }
  return '{' + object + '}';
}

}  // namespace

void JsonNarrator::write(std::string_view kind, Duration at, std::string_view members) {
  out_ << fmt::format(R"({{"schema":"fairlead.demo/v1","kind":"{}","at":{:.3f},{}}})", kind, seconds(at), members)
       << '\n'
       << std::flush;
}

void JsonNarrator::started(std::string_view address, double rate) {
  write("started", {}, fmt::format(R"("address":{},"rate":{})", quoted(address), rate));
}

void JsonNarrator::say(Duration at, const Sentence& sentence, const Counts& counts) {
  write("sentence", at,
        fmt::format(R"("step":"{}","text":{},{})", sentence.step, quoted(sentence.text), members_of(counts)));
}

void JsonNarrator::on_server_event(Duration at, const pool::ServerEvent& event) {
  write("server", at,
        fmt::format(R"("server":{},"from":"{}","to":"{}","reason":{},"why":{})", quoted(event.server), word(event.from),
                    word(event.to), quoted(event.reason), quoted(event.why)));
}

void JsonNarrator::on_shares(Duration at, double rate, const std::vector<ServerShare>& servers, const Counts& counts) {
  write("shares", at, fmt::format(R"("rate":{},{},"servers":{})", rate, members_of(counts), list_of(servers)));
}

void JsonNarrator::ended(Duration at, const Outcome& outcome) {
  write("result", at,
        fmt::format(R"({},"answers":{},"client_error_kinds":{},"p50_ms":{:.1f},"p99_ms":{:.1f},"servers":{},)"
                    R"("ended_by":"{}")",
                    members_of(outcome.counts), outcome.answers, object_of(outcome.error_kinds),
                    1000 * seconds(outcome.median), 1000 * seconds(outcome.p99), list_of(outcome.servers),
                    outcome.ended_by));
}

}  // namespace fairlead::cli::demo
